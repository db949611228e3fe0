package main

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// session is one run of the program over a space and a table.
type session struct {
	*config
	space *searchspace.Space
	table *searchspace.LatencyTable
	timer timer
	book  *book
}

// job is a network to be measured: in parts for the table, or to be checked.
type job struct {
	arch    searchspace.Arch
	parts   bool
	checked *checkedNetwork

	network network
	record  *record
	whole   []float64
}

// measure extends the table by the layers that it lacks of the networks
// chosen for that, writes it after every group, and measures the networks to
// check. Every group has its share of both kinds, so that what slows the
// machine down for a while meets both.
func (s *session) measure(ctx context.Context, chosen []searchspace.Arch, rows []*checkedNetwork) error {
	jobs := shuffled(chosen, rows)
	for from := 0; from < len(jobs); from += s.group {
		group := jobs[from:min(from+s.group, len(jobs))]
		if err := s.open(ctx, group); err != nil {
			return err
		}
		if err := s.inRounds(ctx, group); err != nil {
			return err
		}
		learnt := false
		for _, j := range group {
			if j.parts {
				s.book.add(j.record, j.whole)
				learnt = true
			} else {
				j.checked.measured, j.checked.spread = middle(j.whole), halfRange(j.whole)
			}
			j.network = nil
		}
		if !learnt {
			continue
		}
		s.book.fill(s.table)
		if err := s.save(s.table); err != nil {
			return err
		}
	}
	return nil
}

// shuffled mixes the two kinds evenly.
func shuffled(chosen []searchspace.Arch, rows []*checkedNetwork) []*job {
	var out []*job
	n, m := len(chosen), len(rows)
	for i, k := 0, 0; i < n || k < m; {
		if k == m || i < n && i*m <= k*n {
			out = append(out, &job{arch: chosen[i], parts: true})
			i++
		} else {
			out = append(out, &job{arch: rows[k].arch, checked: rows[k]})
			k++
		}
	}
	return out
}

// open makes the networks of a group and sees that they compute as the table
// says.
func (s *session) open(ctx context.Context, group []*job) error {
	for _, j := range group {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := s.timer.open(s.space, j.arch, s.config)
		if err != nil {
			return fmt.Errorf("%s: %w", s.space.Format(j.arch), err)
		}
		if s.table.Kernels == "" && len(s.table.Entries) == 0 {
			s.table.Kernels = n.kernels()
		}
		if n.kernels() != s.table.Kernels {
			return fmt.Errorf("%s is of %s, expected %s: times of different kernels do not mix", s.config.table, s.table.Kernels, n.kernels())
		}
		j.network, j.record = n, newRecord(n.graph())
	}
	return nil
}

// inRounds goes over the networks of a group again and again. Each runs once
// unmeasured, to find its weights and memory in the caches, before it is
// measured.
func (s *session) inRounds(ctx context.Context, group []*job) error {
	for range s.rounds {
		for _, j := range group {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := j.network.whole(); err != nil {
				return err
			}
			for range s.passes {
				if err := j.run(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// run measures the whole network, and for the table its parts.
func (j *job) run() error {
	seconds, err := j.network.whole()
	if err != nil {
		return err
	}
	j.whole = append(j.whole, seconds)
	if !j.parts {
		return nil
	}
	p, err := j.network.parts()
	if err != nil {
		return err
	}
	j.record.add(p)
	return nil
}
