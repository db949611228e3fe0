package main

import (
	"context"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

type cell = cells.Cell[result]

// growthCell is one run of examples/adaxpert.
func growthCell(name, data string, args []string) cell {
	return cell{Name: name, Data: data, Args: args, Command: "go run ./examples/adaxpert",
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (r result, err error) {
			r.Report, err = growth.Program().Call(ctx, j, withData(args, place))
			return r, err
		}}
}

// study is an experiment that fills one of the fields of a result.
type study func(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) error

// studyCell is an experiment beside the main loop, with the settings of examples/adaxpert.
func studyCell(name, data string, args []string, s study) cell {
	return cell{Name: name, Data: data, Args: args,
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (r result, err error) {
			cfg, err := growth.Program().Prepare(j, withData(args, place))
			if err == nil {
				err = s(ctx, j, &cfg, &r)
			}
			return r, err
		}}
}

func withData(args []string, place string) []string {
	if place == "" {
		return args
	}
	return append(args[:len(args):len(args)], "-data", place)
}

func headroomStudy(last bool) study {
	return func(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) (err error) {
		r.Alone, err = growth.HeadroomStudy(ctx, j, cfg, last)
		return err
	}
}

func independentStudy(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) (err error) {
	r.Alone, err = growth.IndependentStudy(ctx, j, cfg)
	return err
}

func rankStudy(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) (err error) {
	r.Ranked, err = growth.RankStudy(ctx, j, cfg, 12)
	return err
}

func policyStudy(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) (err error) {
	r.Learnt, err = growth.PolicyStudy(ctx, j, cfg, 5)
	return err
}
