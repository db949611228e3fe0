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
		if !zoo {
			return nil, nil
		}
		one, err := r.Need(zooCell)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(p.zoo); err != nil {
			return nil, fmt.Errorf("%w the zoo, in -zoo %s", cells.ErrWaits, p.zoo)
		}
		there, err := p.identity(p.zoo)
		if err != nil {
			return nil, fmt.Errorf("-zoo: %w", err)
		}
		if there != one.Result.Identity {
			return nil, fmt.Errorf("-zoo %s holds another zoo (%s) than the one that the cell %s has built (%s)", p.zoo,
				there, zooCell, one.Result.Identity)
		}
		return nil, nil
	}
}

// zooCell builds the zoo, in the folder that it stays in; one that is on record is built again.
func (p *places) zooCell(args []string) cell {
	var record *cells.Record[result]
	ready := p.ready(false)
	return cell{Name: zooCell, Data: tiny, Flag: "data", Args: args, Command: command,
		More: func(r *cells.Results[result]) ([]string, error) {
			record = r.Get(zooCell)
			return ready(r)
		},
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (r result, err error) {
			there, build := run.NewJob(p.zoo, j.Out, j.Log), nasoa.Program()
			if record != nil {
				build.Work = func(ctx context.Context, j *run.Job, c *nasoa.Config) (*nasoa.Report, error) {
					return nasoa.Rebuild(ctx, j, c, &nasoa.Recorded{Points: record.Result.Points,
						Candidates: record.Result.Candidates, Models: record.Result.Models})
				}
			}
			r.CPU, err = run.CPUSeconds(p.zoo, func() error {
				rep, err := build.Call(ctx, there, p.full(args, place, false))
				if err == nil {
					r.Zoo, r.Points, r.Candidates = rep.Zoo, rep.Points, rep.Candidates
				}
				return err
			})
			if err == nil {
				r.Identity, err = p.identity(p.zoo)
			}
			if err == nil {
				r.Models, err = nasoa.Models(p.zoo)
			}
			if err == nil && record != nil && r.Identity != record.Result.Identity {
				err = fmt.Errorf("the zoo on record (%s) cannot be built again: the one in %s (%s) is another, as the "+
					"processor, the images or the program are not what they were; to begin anew remove %s and the records of "+
					"all cells", record.Result.Identity, p.zoo, r.Identity, p.zoo)
			}
			return r, err
		}}
}

// streamCell is a run with the zoo. One that is taught learns first what came of random regimes.
func (p *places) streamCell(name string, args []string, isTaught bool) cell {
	var log outcomes
	more, config, with := p.ready(true), random, command+" -from ZOO"
	if isTaught {
		config, with = taught, with+" -pretaught docs/results/nasoa/"+logName
	}
	var made string
	return cell{Name: name, Data: tiny, Flag: "data", Args: args, Command: with,
		More: func(r *cells.Results[result]) (_ []string, err error) {
			if isTaught {
				if err := needAll(r, random, logs); err != nil {
					return nil, err
				}
				log = tables{r}.randomLog()
			}
			if made, err = (tables{r}).madeWith(config); err != nil {
				return nil, err
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
					r.Log, r.Made = rep.Outcomes, made
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
	var made string
	more := p.ready(true)
	return cell{Name: name, Data: tiny, Args: args,
		More: func(r *cells.Results[result]) (_ []string, err error) {
			if made, err = (tables{r}).madeWith(grid); err != nil {
				return nil, err
			}
			return more(r)
		},
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				cfg, err := nasoa.Program().Prepare(j, p.full(args, place, true))
				if err != nil {
					return r, err
				}
				r, err = do(ctx, j, &cfg)
				r.Made = made
				return r, err
			})
		}}
}

// arithmetic is a cell that is computed from others.
func arithmetic(name string, needs func(r *cells.Results[result]) error,
	do func(ctx context.Context, t tables) (result, error)) cell {
	var from tables
	var made string
	return cell{Name: name,
		More: func(r *cells.Results[result]) (_ []string, err error) {
			from = tables{r}
			if err := needs(r); err != nil {
				return nil, err
			}
			made, err = from.madeWith(name)
			return nil, err
		},
		Run: func(ctx context.Context, j *run.Job, _ []string, _ string) (result, error) {
			return onClock(j, func() (result, error) {
				r, err := do(ctx, from)
				r.Made = made
				return r, err
			})
		}}
}

// onClock adds the time of processors to what do finds.
func onClock(j *run.Job, do func() (result, error)) (result, error) {
	return cells.OnClock(j, func(r *result) *float64 { return &r.CPU }, do)
}
