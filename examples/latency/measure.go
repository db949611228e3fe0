package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// measureFunc measures a table; supernet.MeasureLatency is one.
type measureFunc func(context.Context, *searchspace.Space, *supernet.LatencyOptions) (*supernet.LatencyResult,
	error)

// do measures what the table lacks together with the architectures to check, and compares.
func (c *config) do(ctx context.Context, out *progress.Printer, measure measureFunc) (*summary, error) {
	space, err := c.space.Open()
	if err != nil {
		return nil, err
	}
	checked, err := random(space, c.check, int64(c.params)*1e6, c.seed)
	if err != nil {
		return nil, err
	}
	before, err := c.load()
	if err != nil {
		return nil, err
	}
	var shown *progress.Phase
	res, err := measure(ctx, space, &supernet.LatencyOptions{
		Table: before, Check: checked, Batch: c.batch, Workers: c.workers, Rounds: c.rounds, Passes: c.passes,
		Group: c.group,
		Views: c.views, Networks: c.most, Samples: c.samples, MaxParams: int64(c.params) * 1e6,
		Seed: uint64(c.seed),
		Progress: func(p supernet.LatencyProgress) error {
			if p.Networks > 0 {
				shown.Set(p.Networks, "")
				return checkpoint.WriteFileAtomic(c.table, p.Table.Write)
			}
			fmt.Fprintf(out, "%s: %d layers, %d of them in %s; measuring %d networks, batch %d\n",
				space.Name(), p.OfLayers, p.Layers, c.table, p.OfNetworks, c.batch)
			shown = out.Phase("measuring", p.OfNetworks)
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.table, err)
	}
	found := c.describe(out, space, res)
	if c.check == 0 {
		return found, nil
	}
	if n := len(res.Checked); n < len(checked) {
		fmt.Fprintf(out, "%d of %d architectures have layers that the table lacks and are left out\n",
			len(checked)-n, len(checked))
		if n < 2 {
			return nil, fmt.Errorf("the table predicts %d of %d architectures, expected at least 2: "+
				"-samples and -networks widen it", n, len(checked))
		}
	}
	found.Check, err = c.compare(out, space, res.Checked)
	return found, err
}

// summary is what -json writes.
type summary struct {
	Space   string     `json:"space"`
	CPU     string     `json:"cpu"`
	Kernels string     `json:"kernels"`
	Workers int        `json:"workers"`
	Batch   int        `json:"batch"`
	Layers  int        `json:"layers"` // in the table
	Missing int        `json:"missing"`
	Fixed   float64    `json:"fixed"`  // seconds beside the layers
	Spread  float64    `json:"spread"` // median over the layers, of their time
	Check   *agreement `json:"check,omitempty"`
}

// describe prints what the table is and what it can tell apart.
func (c *config) describe(out io.Writer, space *searchspace.Space, res *supernet.LatencyResult) *summary {
	t := res.Table
	var spreads []float64
	for _, e := range t.Entries {
		if e.Seconds > 0 {
			spreads = append(spreads, e.Spread/e.Seconds)
		}
	}
	fmt.Fprintf(out,
		"%s: %s, %s, %d workers, batch %d: %d layers, fixed part %.3f ms, median spread of a layer %.1f %%\n",
		c.table, t.CPU, t.Kernels, t.Workers, t.Batch, len(t.Entries), 1e3*t.Fixed, 100*median(spreads))
	if len(res.Missing) > 0 {
		fmt.Fprintf(out, "%d layers stay unmeasured, -networks and -samples raise the number of networks\n",
			len(res.Missing))
	}
	if res.Resolution.Pairs > 0 {
		fmt.Fprintln(out, res.Resolution)
	}
	if res.Resolution.Drowned() {
		fmt.Fprintln(out,
			"the spread drowns the differences: measure with more -rounds, or when nothing else runs")
	}
	return &summary{Space: space.Name(), CPU: t.CPU, Kernels: t.Kernels, Workers: t.Workers, Batch: t.Batch,
		Layers: len(t.Entries), Missing: len(res.Missing), Fixed: t.Fixed, Spread: median(spreads)}
}

// random draws different architectures with at most so many parameters.
func random(space *searchspace.Space, count int, params int64, seed run.Seed) ([]searchspace.Arch, error) {
	r := seed.Stream("latency.check")
	seen := map[searchspace.Arch]bool{}
	var out []searchspace.Arch
	for tries := 0; len(out) < count; tries++ {
		if tries == 50*count {
			return nil, fmt.Errorf("%d different architectures within the limit of parameters in %d "+
				"samples, expected %d", len(out), tries, count)
		}
		a, err := space.Sample(r)
		if err != nil {
			return nil, err
		}
		if seen[a] {
			continue
		}
		seen[a] = true
		cost, err := space.Cost(a)
		if err != nil {
			return nil, err
		}
		if cost.Params <= params {
			out = append(out, a)
		}
	}
	return out, nil
}

// load reads the table, if there is one.
func (c *config) load() (*searchspace.LatencyTable, error) {
	f, err := os.Open(c.table)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := searchspace.ReadLatencyTable(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.table, err)
	}
	return table, nil
}
