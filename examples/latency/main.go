package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/tendril-nas/tendril/examples/internal/spaces"
	"github.com/tendril-nas/tendril/supernet"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, supernet.MeasureLatency))
}

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
	seed    uint64
	csv     string
	plot    string
}

// run is main with everything it touches as arguments; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, measure measureFunc) int {
	c, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "latency:", err)
		return 2
	}
	if err := c.do(ctx, stdout, measure); err != nil {
		fmt.Fprintln(stderr, "latency:", err)
		if ctx.Err() != nil {
			fmt.Fprintf(stderr, "latency: stopped; the same command goes on with what %s has\n", c.table)
		}
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*config, error) {
	c := &config{}
	fs := flag.NewFlagSet("latency", flag.ContinueOnError)
	fs.SetOutput(stderr)
	c.space.Register(fs)
	fs.StringVar(&c.table, "table", "latency.json", "`file` of the table; extended when it exists")
	fs.IntVar(&c.batch, "batch", 1, "`images` that run at once")
	fs.IntVar(&c.workers, "workers", 0, "`processors` to use, 0 = all")
	fs.IntVar(&c.rounds, "rounds", 20, "`rounds` over the networks of a group")
	fs.IntVar(&c.passes, "passes", 1, "measured `runs` of a network in a round, after one that is not")
	fs.IntVar(&c.group, "group", 16, "`networks` in memory at once; rounds go over a group")
	fs.IntVar(&c.views, "views", 2, "`networks` that every layer is measured in, where the samples have as many")
	fs.IntVar(&c.most, "networks", 64, "the most `networks` to measure layers in")
	fs.IntVar(&c.samples, "samples", 3000, "the most `architectures` to look for layers in")
	fs.IntVar(&c.check, "check", 0, "`architectures` to predict and to measure whole")
	fs.IntVar(&c.params, "params", 200, "leave out networks of more than so many `million` parameters")
	fs.Uint64Var(&c.seed, "seed", 1, "`seed` of the architectures")
	fs.StringVar(&c.csv, "csv", "", "write the checked architectures into this `file`")
	fs.StringVar(&c.plot, "plot", "", "draw the checked architectures into this `file`, .svg or .png")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("argument %q, expected only flags", fs.Arg(0))
	}
	for _, n := range []struct {
		name     string
		value    int
		smallest int
	}{{"batch", c.batch, 1}, {"workers", c.workers, 0}, {"rounds", c.rounds, 1}, {"passes", c.passes, 1}, {"group", c.group, 1},
		{"views", c.views, 1}, {"networks", c.most, 1}, {"samples", c.samples, 1}, {"check", c.check, 0}, {"params", c.params, 1}} {
		if n.value < n.smallest {
			return nil, fmt.Errorf("-%s %d, expected at least %d", n.name, n.value, n.smallest)
		}
	}
	if c.check == 1 {
		return nil, fmt.Errorf("-check 1, expected 0 or at least 2: one network has no rank")
	}
	if c.table == "" {
		return nil, fmt.Errorf("-table is empty, expected the name of a file")
	}
	if (c.csv != "" || c.plot != "") && c.check == 0 {
		return nil, fmt.Errorf("-csv and -plot need -check")
	}
	return c, c.space.Check(fs)
}
