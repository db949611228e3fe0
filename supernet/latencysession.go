package supernet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// latencySession is one measurement.
type latencySession struct {
	LatencyOptions // with all defaults
	space          *searchspace.Space
	timer          latencyTimer
	set            *layerSet
	book           *latencyBook
	chosen         []searchspace.Arch // to measure layers in
	result         LatencyResult
}

// latencyJob is a network to be measured: in parts for the table, or to be checked.
type latencyJob struct {
	arch  searchspace.Arch
	check *LatencyCheck // nil for the table

	network timedNetwork
	record  *layerRecord
	whole   []float64
}

func (s *latencySession) run(ctx context.Context, o *LatencyOptions) (err error) {
	if o == nil {
		o = &LatencyOptions{}
	}
	if s.space == nil {
		return errors.New("no space")
	}
	if s.LatencyOptions, err = o.filled(); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if err := s.measure(ctx); err != nil {
		return err
	}
	return s.conclude()
}

// prepare finds out what to measure.
func (s *latencySession) prepare(ctx context.Context) (err error) {
	if s.result.Table, err = s.begin(s.timer.cpu()); err != nil {
		return err
	}
	s.book = newLatencyBook(s.result.Table)
	checked := func(a searchspace.Arch) bool { return slices.Contains(s.Check, a) }
	if s.Archs != nil {
		s.set, err = layersOf(s.space, s.Archs, checked)
	} else {
		skip := func(a searchspace.Arch) bool { return checked(a) || s.large(a) }
		s.set, err = exploreLayers(ctx, s.space, s.Samples, s.Seed, skip)
	}
	if err != nil {
		return err
	}
	if len(s.set.candidates) == 0 {
		return fmt.Errorf("no architecture of %s to measure layers in: "+
			"each has over %d parameters or is to be checked", s.space.Name(), s.MaxParams)
	}
	s.chosen = s.set.cover(s.book.known, s.Views, s.Networks)
	return s.predictable()
}

// large reports whether a network is over the limit. Errors come up again where it is lowered.
func (s *latencySession) large(a searchspace.Arch) bool {
	cost, err := s.space.Cost(a)
	return err == nil && cost.Params > s.MaxParams
}

// predictable finds those of the architectures to check whose layers are in the table or in the
// networks chosen to extend it.
func (s *latencySession) predictable() error {
	will, err := layersOf(s.space, s.chosen, func(searchspace.Arch) bool { return false })
	if err != nil {
		return err
	}
	for _, a := range s.Check {
		g, err := s.space.Lower(a)
		if err != nil {
			return fmt.Errorf("%s: %w", s.space.Format(a), err)
		}
		unknown := func(l searchspace.LatencyLayer) bool { return !will.has(l) }
		if !slices.ContainsFunc(s.result.Table.Missing(g), unknown) {
			s.result.Checked = append(s.result.Checked, LatencyCheck{Arch: a})
		}
	}
	return nil
}

// measure extends the table by what it lacks of the chosen networks, and measures the networks to
// check. Every group has its share of both kinds, so that what slows the machine down for a while
// meets both.
func (s *latencySession) measure(ctx context.Context) error {
	jobs := mixJobs(s.chosen, s.result.Checked)
	done := 0
	if err := s.tell(done, len(jobs)); err != nil {
		return err
	}
	for group := range slices.Chunk(jobs, s.Group) {
		if err := s.open(ctx, group); err != nil {
			return err
		}
		if err := s.inRounds(ctx, group); err != nil {
			return err
		}
		for _, j := range group {
			if j.check == nil {
				s.book.add(j.record, j.whole)
			} else {
				j.check.Measured, j.check.Spread = middle(j.whole), halfRange(j.whole)
			}
			j.network = nil
		}
		s.book.fill(s.result.Table)
		done += len(group)
		if err := s.tell(done, len(jobs)); err != nil {
			return err
		}
	}
	return nil
}

// mixJobs mixes the two kinds evenly.
func mixJobs(chosen []searchspace.Arch, checks []LatencyCheck) []*latencyJob {
	var out []*latencyJob
	n, m := len(chosen), len(checks)
	for i, k := 0, 0; i < n || k < m; {
		if k == m || i < n && i*m <= k*n {
			out = append(out, &latencyJob{arch: chosen[i]})
			i++
		} else {
			out = append(out, &latencyJob{arch: checks[k].Arch, check: &checks[k]})
			k++
		}
	}
	return out
}

// open makes the networks of a group and sees that they compute as the table says.
func (s *latencySession) open(ctx context.Context, group []*latencyJob) error {
	for _, j := range group {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := s.timer.open(s.space, j.arch, &s.LatencyOptions)
		if err != nil {
			return fmt.Errorf("%s: %w", s.space.Format(j.arch), err)
		}
		t := s.result.Table
		if t.Kernels == "" && len(t.Entries) == 0 {
			t.Kernels = n.kernels()
		}
		if n.kernels() != t.Kernels {
			return fmt.Errorf("the table is of %s, expected %s: times of different kernels do not mix",
				t.Kernels, n.kernels())
		}
		j.network, j.record = n, newLayerRecord(n.graph())
	}
	return nil
}

// inRounds goes over the networks of a group again and again. Each runs once unmeasured, to find
// its weights and memory in the caches, before it is measured.
func (s *latencySession) inRounds(ctx context.Context, group []*latencyJob) error {
	for range s.Rounds {
		for _, j := range group {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := j.network.whole(); err != nil {
				return err
			}
			for range s.Passes {
				if err := j.run(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// run measures the whole network, and for the table its parts.
func (j *latencyJob) run() error {
	seconds, err := j.network.whole()
	if err != nil {
		return err
	}
	j.whole = append(j.whole, seconds)
	if j.check != nil {
		return nil
	}
	p, err := j.network.parts()
	if err != nil {
		return err
	}
	j.record.add(p)
	return nil
}

// tell reports how far the measurement is.
func (s *latencySession) tell(done, all int) error {
	if s.Progress == nil {
		return nil
	}
	p := LatencyProgress{Networks: done, OfNetworks: all, OfLayers: len(s.set.layers)}
	p.Table = copyTable(s.result.Table)
	for _, l := range s.set.layers {
		if s.book.has(l) {
			p.Layers++
		}
	}
	return s.Progress(p)
}

// resolvedArchs bounds the architectures that the resolution of a table is found on.
const resolvedArchs = 50

// conclude says what the table can do.
func (s *latencySession) conclude() error {
	t := s.result.Table
	for _, l := range s.set.layers {
		if !s.book.has(l) {
			s.result.Missing = append(s.result.Missing, l)
		}
	}
	for i := range s.result.Checked {
		c := &s.result.Checked[i]
		var err error
		if c.Predicted, err = t.Cost(s.space, c.Arch); err != nil {
			return err
		}
	}
	var archs []searchspace.Arch
	for _, c := range s.set.candidates {
		unknown := func(n int) bool { return !s.book.has(s.set.layers[n]) }
		if len(archs) < resolvedArchs && !slices.ContainsFunc(c.layers, unknown) {
			archs = append(archs, c.arch)
		}
	}
	if len(archs) < 2 {
		return nil
	}
	var err error
	if s.result.Resolution, err = t.Resolution(s.space, archs); err != nil {
		return err
	}
	if r := s.result.Resolution; r.Drowned() {
		s.Logger.Warn("the spread of a latency table drowns the differences between architectures; "+
			"measure in more rounds, or when nothing else runs", "space", s.space.Name(),
			"difference_s", r.Difference, "spread_s", r.Spread, "within", r.Within)
	}
	return nil
}
