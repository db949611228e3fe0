package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/spaces"
	"github.com/tendril-nas/tendril/supernet"
)

func main() { program(supernet.MeasureLatency).Main() }

// config is the command line.
type config struct {
	space   spaces.Flags
	table   string
	batch   int
	workers int
	rounds  int
	passes  int
	group   int
	views   int
	most    int
	samples int
	check   int
	params  int
	seed    run.Seed
	csv     string
	plot    string
}

// program measures by the given function.
func program(measure measureFunc) *run.Program[config, *summary] {
	return &run.Program[config, *summary]{
		Path:     "examples/latency",
		Defaults: func() config { return config{seed: 1} },
		Flags:    flags,
		Check:    check,
		GoOn:     func(c *config) string { return "the same command goes on with what " + c.table + " has" },
		Work: func(ctx context.Context, j *run.Job, c *config) (*summary, error) {
			return c.do(ctx, j.Out, measure)
		},
	}
}

func flags(fs *flag.FlagSet, c *config) {
	c.space.Register(fs)
	fs.StringVar(&c.table, "table", "latency.json", "`file` of the table; extended when it exists")
	fs.IntVar(&c.batch, "batch", 1, "`images` that run at once")
	fs.IntVar(&c.workers, "workers", 0, "`processors` to use, 0 = all")
	fs.IntVar(&c.rounds, "rounds", 20, "`rounds` over the networks of a group")
	fs.IntVar(&c.passes, "passes", 1, "measured `runs` of a network in a round, after one that is not")
	fs.IntVar(&c.group, "group", 16, "`networks` in memory at once; rounds go over a group")
	fs.IntVar(&c.views, "views", 2,
		"`networks` that every layer is measured in, where the samples have as many")
	fs.IntVar(&c.most, "networks", 64, "the most `networks` to measure layers in")
	fs.IntVar(&c.samples, "samples", 3000, "the most `architectures` to look for layers in")
	fs.IntVar(&c.check, "check", 0, "`architectures` to predict and to measure whole")
	fs.IntVar(&c.params, "params", 200, "leave out networks of more than so many `million` parameters")
	c.seed.Bind(fs)
	fs.StringVar(&c.csv, "csv", "", "write the checked architectures into this `file`")
	fs.StringVar(&c.plot, "plot", "", "draw the checked architectures into this `file`, .svg or .png")
}

// mostOfAny bounds every count, since what is drawn or timed is held in memory.
const mostOfAny = 1_000_000

func check(fs *flag.FlagSet, c *config) error {
	for _, n := range []struct {
		name     string
		value    int
		smallest int
	}{{"batch", c.batch, 1}, {"workers", c.workers, 0}, {"rounds", c.rounds, 1}, {"passes", c.passes, 1},
		{"group", c.group, 1},
		{"views", c.views, 1}, {"networks", c.most, 1}, {"samples", c.samples, 1}, {"check", c.check, 0},
		{"params", c.params, 1}} {
		if n.value < n.smallest {
			return fmt.Errorf("-%s %d, expected at least %d", n.name, n.value, n.smallest)
		}
		if n.value > mostOfAny {
			return fmt.Errorf("-%s %d, expected at most %d", n.name, n.value, mostOfAny)
		}
	}
	if c.batch > 65536 {
		return fmt.Errorf("-batch %d, expected at most 65536", c.batch)
	}
	if c.check == 1 {
		return fmt.Errorf("-check 1, expected 0 or at least 2: one network has no rank")
	}
	if c.table == "" {
		return fmt.Errorf("-table is empty, expected the name of a file")
	}
	if (c.csv != "" || c.plot != "") && c.check == 0 {
		return fmt.Errorf("-csv and -plot need -check")
	}
	return c.space.Check(fs)
}
