package supernet

import (
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// held is the step memory that a network has taken so far, in bytes.
func held(n *network) int64 {
	return 4 * int64(n.runner.tape.Stream().(interface{ Held() int }).Held())
}

// pairs is rows with two choices a decision, at random.
func pairs(s *searchspace.Space, r *rand.Rand) searchspace.Relaxed {
	rows := s.Zeros()
	for d, dec := range s.Decisions() {
		r.Shuffle(len(dec.Allowed), func(i, j int) { dec.Allowed[i], dec.Allowed[j] = dec.Allowed[j], dec.Allowed[i] })
		p := 0.2 + 0.6*r.Float64()
		rows[d][dec.Allowed[0]] = p
		if len(dec.Allowed) > 1 {
			rows[d][dec.Allowed[1]] = 1 - p
		}
	}
	return rows
}

// TestStepBytes compares the estimate with what steps take: all choices, pairs, one.
func TestStepBytes(t *testing.T) {
	const images = 32
	space := tinySpace(t)
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n, err := New(space, &Options{Sharing: sharing, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		relax, err := n.Relax(nil)
		if err != nil {
			t.Fatal(err)
		}
		one, err := space.Relax(sample(t, space, 3))
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		b := firstBatch(t, stripes(t, images, space.InputSize(), 1), images)
		last := int64(1) << 62
		for _, rows := range []searchspace.Relaxed{randomRows(space, r), pairs(space, r), one} {
			n.forgetSteps()
			run := &training{network: n.network, plan: &plan{BatchSize: images}, job: job{shared: true}}
			passes := bound(t, run, []Pass{{Relaxation: relax, Rows: rows}})
			if _, _, err := run.step(b, passes, 1e-3, 0); err != nil {
				t.Fatal(err)
			}
			want := held(n.network)
			got, err := relax.StepBytes(rows, images)
			if ratio := float64(got) / float64(want); err != nil || ratio < 0.75 || ratio > 1.35 {
				t.Errorf("%v: %d bytes estimated, %d taken, error %v", sharing, got, want, err)
			}
			if sharing == SinglePath && want >= last {
				t.Errorf("%d bytes with fewer choices, %d with more", want, last)
			}
			last = want
		}
		if _, err := relax.StepBytes(one, 0); err == nil {
			t.Error("no images: no error")
		}
		if _, err := relax.StepBytes(nil, 1); err == nil {
			t.Error("no rows: no error")
		}
	}
}
