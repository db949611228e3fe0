package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

// command repeats a cell by hand, but for the zoo of those that need one.
const command = "go run ./examples/nasoa -more CIFAR,embedded"

// full are the settings of a cell with the places of its data, and of the zoo where it needs one.
func (p *places) full(args []string, place string, zoo bool) []string {
	args = append(args[:len(args):len(args)], "-data", place, "-more", p.cifar+","+nasoa.Embedded)
	if zoo {
		args = append(args, "-from", p.zoo)
	}
	return args
}

// ready waits for CIFAR-10, and for the zoo where a cell needs one.
func (p *places) ready(zoo bool) func(r *cells.Results[result]) ([]string, error) {
	return func(r *cells.Results[result]) ([]string, error) {
		if p.cifar == "" {
			return nil, fmt.Errorf("%w -cifar", cells.ErrWaits)
		}
		if zoo {
			if _, err := r.Need(zooCell); err != nil {
				return nil, err
			}
			if _, err := os.Stat(p.zoo); err != nil {
				return nil, fmt.Errorf("%w the zoo, in -zoo %s", cells.ErrWaits, p.zoo)
			}
		}
		return nil, nil
	}
}

// zooCell builds the zoo, in the folder that it stays in.
func (p *places) zooCell(args []string) cell {
	return cell{Name: zooCell, Data: tiny, Flag: "data", Args: args, More: p.ready(false), Command: command,
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (r result, err error) {
			there := run.NewJob(p.zoo, j.Out, j.Log)
			cpu, err := run.CPUSeconds(p.zoo, func() error {
				rep, err := nasoa.Program().Call(ctx, there, p.full(args, place, false))
				if err == nil {
					r.Zoo, r.Points = rep.Zoo, rep.Points
				}
				return err
			})
			r.CPU = cpu
			return r, err
		}}
}

// streamCell is a run with the zoo. One that is taught learns first what came of random regimes.
func (p *places) streamCell(name string, args []string, isTaught bool) cell {
	var log outcomes
	more := p.ready(true)
	return cell{Name: name, Data: tiny, Flag: "data", Args: args, Command: command + " -from ZOO",
		More: func(r *cells.Results[result]) ([]string, error) {
			if isTaught {
				if err := needAll(r, random, logs); err != nil {
					return nil, err
				}
				log = tables{r}.randomLog()
			}
			return more(r)
		},
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				args := p.full(args, place, true)
				if isTaught {
					path := p.zoo + "-" + logName
					if err := writeLog(path, log); err != nil {
						return r, err
					}
					args = append(args, "-pretaught", path)
				}
				rep, err := nasoa.Program().Call(ctx, j, args)
				if err == nil {
					r.Log = rep.Outcomes
				}
				return r, err
			})
		}}
}

// gridCell tries all regimes of a grid on a held-out task.
func (p *places) gridCell(name string, args []string, i int, o nasoa.GridOptions) cell {
	return p.withZoo(name, args, func(ctx context.Context, j *run.Job, cfg *nasoa.Config) (r result, err error) {
		r.Grid, err = nasoa.TryGrid(ctx, j, cfg, i, o)
		return r, err
	})
}

// networkCell trains a network of another family as the zoo was trained.
func (p *places) networkCell(name string, args []string, i int) cell {
	return p.withZoo(name, args, func(ctx context.Context, j *run.Job, cfg *nasoa.Config) (r result, err error) {
		r.Network, err = nasoa.TrainNetwork(ctx, j, cfg, i)
		return r, err
	})
}

// withZoo is a cell that does something else than a run of the program.
func (p *places) withZoo(name string, args []string,
	do func(ctx context.Context, j *run.Job, cfg *nasoa.Config) (result, error)) cell {
	return cell{Name: name, Data: tiny, Args: args, More: p.ready(true),
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				cfg, err := nasoa.Program().Prepare(j, p.full(args, place, true))
				if err != nil {
					return r, err
				}
				return do(ctx, j, &cfg)
			})
		}}
}

// arithmetic is a cell that is computed from others.
func arithmetic(name string, needs func(r *cells.Results[result]) error,
	do func(ctx context.Context, t tables) (result, error)) cell {
	var from tables
	return cell{Name: name,
		More: func(r *cells.Results[result]) ([]string, error) {
			from = tables{r}
			return nil, needs(r)
		},
		Run: func(ctx context.Context, j *run.Job, _ []string, _ string) (result, error) {
			return onClock(j, func() (result, error) { return do(ctx, from) })
		}}
}

// onClock adds the time of processors to what do finds.
func onClock(j *run.Job, do func() (result, error)) (result, error) {
	return cells.OnClock(j, func(r *result) *float64 { return &r.CPU }, do)
}
