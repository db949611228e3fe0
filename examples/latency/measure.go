package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// do measures what the table lacks, then checks it.
func (c *config) do(ctx context.Context, out io.Writer, t timer) error {
	space, err := c.space.Open()
	if err != nil {
		return err
	}
	checked, err := random(space, c.check, c.seed)
	if err != nil {
		return err
	}
	table, err := c.load(t)
	if err != nil {
		return err
	}
	set, err := explore(space, c.samples, c.seed, func(a searchspace.Arch) bool { return slices.Contains(checked, a) })
	if err != nil {
		return err
	}
	known := map[searchspace.LatencyLayer]bool{}
	for _, e := range table.Entries {
		known[e.Layer] = true
	}
	chosen, left := set.cover(func(l searchspace.LatencyLayer) bool { return !known[l] }, c.views, c.most)
	fmt.Fprintf(out, "%s: %d layers in %d architectures, %d of them in %s; measuring %d networks, batch %d\n",
		space.Name(), len(set.layers), len(set.candidates), count(set.layers, known), c.table, len(chosen), c.batch)
	if len(left) > 0 {
		fmt.Fprintf(out, "%d layers stay unmeasured, -networks raises the number of networks\n", len(left))
	}
	if err := c.measure(ctx, space, chosen, table, t); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %s, %s, %d workers, batch %d: %d layers, fixed part %.3f ms, median spread of a layer %.1f %%\n",
		c.table, table.CPU, table.Kernels, table.Workers, table.Batch, len(table.Entries), 1e3*table.Fixed, 100*spread(table))
	if c.check == 0 {
		return nil
	}
	return c.compare(ctx, out, space, checked, table, t)
}

func count(layers []searchspace.LatencyLayer, known map[searchspace.LatencyLayer]bool) (n int) {
	for _, l := range layers {
		if known[l] {
			n++
		}
	}
	return n
}

// spread is the median over the layers of their spread relative to their time.
func spread(t *searchspace.LatencyTable) float64 {
	var all []float64
	for _, e := range t.Entries {
		if e.Seconds > 0 {
			all = append(all, e.Spread/e.Seconds)
		}
	}
	return quantile(all, 0.5)
}

// load reads the table, or begins one.
func (c *config) load(t timer) (*searchspace.LatencyTable, error) {
	workers := c.workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	f, err := os.Open(c.table)
	if errors.Is(err, fs.ErrNotExist) {
		return &searchspace.LatencyTable{CPU: t.cpu(), Workers: workers, Batch: c.batch}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := searchspace.ReadLatencyTable(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.table, err)
	}
	if table.CPU != t.cpu() || table.Workers != workers || table.Batch != c.batch {
		return nil, fmt.Errorf("%s is of %s with %d workers and batch %d, expected %s with %d and %d: times of different machines do not mix",
			c.table, table.CPU, table.Workers, table.Batch, t.cpu(), workers, c.batch)
	}
	return table, nil
}

func (c *config) save(t *searchspace.LatencyTable) error {
	return checkpoint.WriteFileAtomic(c.table, t.Write)
}

// measure extends the table by the layers of the networks that it lacks and
// writes it after every group.
func (c *config) measure(ctx context.Context, space *searchspace.Space, archs []searchspace.Arch, table *searchspace.LatencyTable, t timer) error {
	old := slices.Clone(table.Entries)
	known := map[searchspace.LatencyLayer]bool{}
	for _, e := range old {
		known[e.Layer] = true
	}
	b := &book{known: known, of: map[searchspace.LatencyLayer]*views{}}
	for group := range slices.Chunk(archs, c.group) {
		networks, err := c.openAll(ctx, space, group, table, t)
		if err != nil {
			return err
		}
		records := make([]*record, len(networks))
		for i, n := range networks {
			records[i] = &record{graph: n.graph(), layers: make([][]float64, len(n.graph().Latencies()))}
		}
		err = c.inRounds(ctx, networks, func(i int) error {
			p, err := networks[i].parts()
			if err == nil {
				records[i].add(p)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range records {
			b.add(r)
		}
		table.Entries = append(slices.Clone(old), b.entries()...)
		if len(old) == 0 {
			table.Fixed = max(quantile(b.rest, 0.5), 0)
		}
		if err := c.save(table); err != nil {
			return err
		}
	}
	return nil
}

// openAll makes the networks of a group and sees that they compute as the
// table says.
func (c *config) openAll(ctx context.Context, space *searchspace.Space, archs []searchspace.Arch, table *searchspace.LatencyTable, t timer) ([]network, error) {
	var out []network
	for _, a := range archs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := t.open(space, a, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", space.Format(a), err)
		}
		if table.Kernels == "" && len(table.Entries) == 0 {
			table.Kernels = n.kernels()
		}
		if n.kernels() != table.Kernels {
			return nil, fmt.Errorf("%s is of %s, expected %s: times of different kernels do not mix", c.table, table.Kernels, n.kernels())
		}
		out = append(out, n)
	}
	return out, nil
}

// inRounds runs every network once unmeasured and then measures it, in rounds
// over all of them, so that what slows the machine down for a while meets all.
func (c *config) inRounds(ctx context.Context, networks []network, measure func(i int) error) error {
	for range c.rounds {
		for i, n := range networks {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := n.whole(); err != nil {
				return err
			}
			for range c.passes {
				if err := measure(i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
