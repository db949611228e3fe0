package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

type cell = cells.Cell[result]

// study is an experiment that fills one of the fields of a result.
type study func(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) error

// growthCell is one run of examples/adaxpert.
func growthCell(name, data string, args []string) cell {
	return cell{Name: name, Data: data, Args: args, Command: "go run ./examples/adaxpert",
		Run: func(ctx context.Context, j *run.Job, place string) (r result, err error) {
			r.Report, err = growth.Program().Call(ctx, j, withData(args, place))
			return r, err
		}}
}

// studyCell is an experiment beside the main loop, with the settings of examples/adaxpert.
func studyCell(name, data string, args []string, s study) cell {
	return cell{Name: name, Data: data, Args: args,
		Run: func(ctx context.Context, j *run.Job, place string) (r result, err error) {
			cfg, err := growth.Program().Prepare(j, withData(args, place))
			if err == nil {
				err = s(ctx, j, &cfg, &r)
			}
			return r, err
		}}
}

// Studies: inherited against retrained accuracy, policy against random search, a linear classifier
// on pixels.
func rankStudy(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) (err error) {
	r.Ranked, err = growth.RankStudy(ctx, j, cfg, 12)
	return err
}

func policyStudy(ctx context.Context, j *run.Job, cfg *growth.Config, r *result) (err error) {
	r.Learnt, err = growth.PolicyStudy(ctx, j, cfg, 5)
	return err
}

func linearStudy(ctx context.Context, _ *run.Job, cfg *growth.Config, r *result) (err error) {
	r.Linear, err = runLinear(ctx, cfg)
	return err
}

func withData(args []string, place string) []string {
	if place == "" {
		return args
	}
	return append(args[:len(args):len(args)], "-data", place)
}

// Settings of the cells on other data than the embedded images.
var (
	seeds     = []int{1, 2, 3}
	methods   = []string{"ours", "fixed", "largest", "scratch", "random"}
	scenarios = []string{"I", "II"}
)

// cifarArgs: 32 pixels, stem stride 1, as much training as fits into half an hour.
func cifarArgs() []string {
	return strings.Fields("-size 32 -stem 1 -width 0.5 -retrain-epochs 8 -retrain-later-epochs 5 " +
		"-retrain-crop 4 -supernet-crop 4 " +
		"-supernet-epochs 8 -supernet-later-epochs 3 -retrain-batch 128 -supernet-batch 128 -val 0.1 " +
		"-reward-images 500")
}

func tinyArgs() []string {
	return strings.Fields("-scenario II -size 32 -stem 1 -width 0.5 -retrain-epochs 12 " +
		"-retrain-later-epochs 10 -retrain-crop 4 -supernet-crop 4 " +
		"-supernet-epochs 10 -supernet-later-epochs 4 -retrain-batch 128 -supernet-batch 128 -val 0.1 " +
		"-reward-images 500")
}

// methodArgs selects a method.
func methodArgs(method string) []string {
	switch method {
	case "ours":
		return nil
	case growth.Random:
		return []string{"-baseline", method, "-madds", "2"}
	}
	return []string{"-baseline", method}
}

// allCells lists every experiment of the page, in its order.
func allCells() []cell {
	var out []cell
	for _, s := range scenarios {
		for _, m := range methods {
			for _, seed := range seeds {
				args := append([]string{"-scenario", s, "-seed", fmt.Sprint(seed)}, methodArgs(m)...)
				out = append(out, growthCell(fmt.Sprintf("fashion-%s-%s-%d", s, m, seed), "", args))
			}
		}
	}
	for _, m := range []string{"ours", "fixed"} {
		args := []string{"-scenario", "II", "-seed", "1", "-retrain-later-epochs", "24"}
		out = append(out, growthCell("long-II-"+m, "", append(args, methodArgs(m)...)))
	}
	for _, seed := range seeds {
		for _, v := range table3Variants() {
			args := append([]string{"-always", "-seed", fmt.Sprint(seed)}, v.args...)
			out = append(out, growthCell(fmt.Sprintf("table3-%s-%d", v.name, seed), "", args))
		}
	}
	out = append(out,
		studyCell("policy", "", nil, policyStudy),
		studyCell("rank", "", []string{"-volumes", "100", "-supernet-epochs", "20", "-retrain-epochs", "8"},
			rankStudy),
		growthCell("fashion-full-I-ours", "fashion",
			[]string{"-retrain-batch", "128", "-supernet-batch", "128", "-val", "0.1"}))
	for _, m := range methods {
		out = append(out, growthCell("cifar-I-"+m, "cifar", append(cifarArgs(), methodArgs(m)...)))
	}
	for _, m := range []string{"ours", "scratch"} {
		out = append(out, growthCell("tiny-II-"+m, "tiny", append(tinyArgs(), methodArgs(m)...)))
	}
	return append(out, studyCell("tiny-linear", "tiny", []string{"-size", "32"}, linearStudy))
}

type variant struct {
	name string
	args []string
}

// table3Variants: a base of 20 % of the data, then copies of it or as many unseen images, adjusted
// or not.
func table3Variants() []variant {
	return []variant{
		{"copies-adjusted", []string{"-volumes", "20", "-copies"}},
		{"copies-fixed", []string{"-volumes", "20", "-copies", "-baseline", "fixed"}},
		{"unseen-adjusted", []string{"-volumes", "20,40"}},
		{"unseen-fixed", []string{"-volumes", "20,40", "-baseline", "fixed"}},
	}
}
