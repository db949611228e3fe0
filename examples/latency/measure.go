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

// do measures what the table lacks together with the architectures to check,
// and compares.
func (c *config) do(ctx context.Context, out io.Writer, t timer) (*summary, error) {
	space, err := c.space.Open()
	if err != nil {
		return nil, err
	}
	large := func(a searchspace.Arch) bool {
		cost, err := space.Cost(a)
		return err == nil && cost.Params > int64(c.params)*1e6 // errors come up again where networks are lowered
	}
	checked, err := random(space, c.check, c.seed, large)
	if err != nil {
		return nil, err
	}
	table, err := c.load(t)
	if err != nil {
		return nil, err
	}
	set, err := explore(ctx, space, c.samples, c.seed, func(a searchspace.Arch) bool { return slices.Contains(checked, a) || large(a) })
	if err != nil {
		return nil, err
	}
	if len(set.candidates) == 0 {
		return nil, fmt.Errorf("no architecture of %s has at most %d million parameters, see -params", space.Name(), c.params)
	}
	book := newBook(table)
	chosen, left := set.cover(func(l searchspace.LatencyLayer) bool { return !book.known[l] }, c.views, c.most)
	fmt.Fprintf(out, "%s: %d layers in %d architectures, %d of them in %s; measuring %d networks, batch %d\n",
		space.Name(), len(set.layers), len(set.candidates), count(set.layers, book.known), c.table, len(chosen), c.batch)
	if len(left) > 0 {
		fmt.Fprintf(out, "%d layers stay unmeasured, -networks raises the number of networks\n", len(left))
	}
	s := &session{config: c, space: space, table: table, timer: t, book: book}
	rows, err := s.predictable(checked, chosen)
	if err != nil {
		return nil, err
	}
	if len(rows) < len(checked) {
		fmt.Fprintf(out, "%d of %d architectures have layers that the table lacks and are left out\n", len(checked)-len(rows), len(checked))
	}
	if c.check > 0 && len(rows) < 2 {
		return nil, fmt.Errorf("the table predicts %d of %d architectures, expected at least 2: -samples and -networks widen it", len(rows), len(checked))
	}
	if err := s.measure(ctx, chosen, rows); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%s: %s, %s, %d workers, batch %d: %d layers, fixed part %.3f ms, median spread of a layer %.1f %%\n",
		c.table, table.CPU, table.Kernels, table.Workers, table.Batch, len(table.Entries), 1e3*table.Fixed, 100*spread(table))
	found := &summary{Space: space.Name(), Layers: len(table.Entries), Fixed: table.Fixed, Spread: spread(table)}
	if c.check > 0 {
		found.Check, err = s.compare(out, rows)
	}
	return found, err
}

// summary is what -json writes.
type summary struct {
	Space  string     `json:"space"`
	Layers int        `json:"layers"` // in the table
	Fixed  float64    `json:"fixed"`  // seconds beside the layers
	Spread float64    `json:"spread"` // median over the layers, of their time
	Check  *agreement `json:"check,omitempty"`
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
