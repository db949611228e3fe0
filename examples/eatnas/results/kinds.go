package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// flagOf is the flag of examples/eatnas for a data set.
func flagOf(data string) string {
	if data == tiny {
		return "large"
	}
	return "data"
}

func withData(args []string, data, place string) []string {
	return append(args[:len(args):len(args)], "-"+flagOf(data), place)
}

// searchCell is one run of examples/eatnas with one of its tasks.
func searchCell(name, data string, args []string, more func(*cells.Results[result]) ([]string, error)) cell {
	return cell{Name: name, Data: data, Flag: flagOf(data), Args: args, More: more,
		Command: "go run ./examples/eatnas",
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				rep, err := eatnas.Program().Call(ctx, j, withData(args, data, place))
				if err != nil {
					return r, err
				}
				r = result{Begin: rep.Begin, Basic: rep.Basic, Task: rep.Small}
				if rep.Large != nil {
					r.Task = rep.Large
				}
				r.Task.Images.Path = ""
				return r, nil
			})
		}}
}

// headroomCell trains random architectures alike.
func headroomCell(name, data string, args []string) cell {
	return cell{Name: name, Data: data, Args: args,
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				cfg, err := eatnas.Program().Prepare(j, withData(args, data, place))
				if err != nil {
					return r, err
				}
				r.Alike, err = eatnas.Headroom(ctx, j, &cfg, headroomArchs)
				return r, err
			})
		}}
}

// onClock adds the time of processors to what do finds.
func onClock(j *run.Job, do func() (result, error)) (result, error) {
	return cells.OnClock(j, func(r *result) *float64 { return &r.CPU }, do)
}

// compare is the benchmark that prints the table beside pymoo.
func compare() []string {
	return strings.Fields("test -run ^$ -bench Comparison -benchtime 1x ./evolution -peer")
}

// pymooCell runs it.
func pymooCell(name string, python *string) cell {
	return cell{Name: name, Command: "go " + strings.Join(compare(), " ") + " PYTHON",
		More: func(*cells.Results[result]) ([]string, error) {
			if *python == "" {
				return nil, fmt.Errorf("%w -python", cells.ErrWaits)
			}
			return nil, nil
		},
		Run: func(ctx context.Context, j *run.Job, _ []string, _ string) (result, error) {
			return onClock(j, func() (r result, err error) {
				path, err := exec.LookPath(*python)
				if err == nil {
					path, err = filepath.Abs(path)
				}
				if err != nil {
					return r, err
				}
				out, err := exec.CommandContext(ctx, "go", append(compare(), path)...).Output()
				if e, ok := err.(*exec.ExitError); ok {
					err = fmt.Errorf("%w: %s%s", err, out, e.Stderr)
				}
				r.Text = tablesOf(string(out))
				return r, err
			})
		}}
}

// tablesOf are the lines that are about problems and sorting, without those of the test itself.
func tablesOf(out string) string {
	var b strings.Builder
	in := false
	for line := range strings.Lines(out) {
		switch {
		case strings.HasPrefix(line, "problem") || strings.HasPrefix(line, "points sorted"):
			in = true
		case strings.HasPrefix(line, "Benchmark"), strings.HasPrefix(line, "PASS"):
			in = false
		}
		if in {
			b.WriteString(line)
		}
	}
	return strings.TrimSpace(b.String()) + "\n"
}
