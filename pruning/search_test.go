package pruning

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// A search prunes 6, 4, 3, 2, never computes what it removed, and ends around the target.
func TestSearch(t *testing.T) {
	space := toySpace(t, 4)
	for two, gamma := range map[bool]float64{false: 0.1, true: 0.3} {
		net, target := newToy(space), toyTarget(t, space)
		var counts []int
		o := &Options{Phases: toyPhases(t, 60), Target: target, TwoPaths: two, LR: 0.03, Gamma: gamma,
			Recorder: RecorderFunc(func(p Progress) error {
				if p.End != nil {
					counts = append(counts, p.End.Candidates[0])
				}
				return nil
			})}
		net.touched = func(rows searchspace.Relaxed) {
			nonzero := 0
			for _, v := range rows[0] {
				if v != 0 {
					nonzero++
				}
			}
			want := []int{6, 6, 4, 3}[net.phase]
			if two {
				want = 2
			}
			if nonzero != want {
				t.Fatalf("phase %d computes %d candidates, expected %d", net.phase, nonzero, want)
			}
		}
		r, err := Search(context.Background(), space, net, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(counts) != 4 || counts[1] != 6 || counts[2] != 4 || counts[3] != 3 || len(r.Left[0]) != 2 {
			t.Errorf("candidates %v and %v at the end, expected 6, 6, 4, 3 and 2", counts, r.Left)
		}
		if r.Steps != 3*60*10/5 || net.gradients != r.Steps {
			t.Errorf("%d steps and %d gradients, expected %d", r.Steps, net.gradients, 360)
		}
		if c := r.Final.Cost; math.Abs(c/target-1) > 0.05 {
			t.Errorf("final cost %v, expected %v ± 5 %%", c, target)
		}
		end := r.Phases[3]
		if math.Abs(end.Cost/target-1) > 0.2 {
			t.Errorf("two paths %v: expected cost %v at the end, expected around %v", two, end.Cost, target)
		}
		// The last layer gains most from dear candidates, the first least.
		first, last := r.Final.Arch.At(0), r.Final.Arch.At(3)
		if first >= last {
			t.Errorf("two paths %v: choices %v, expected dear ones in late layers", two,
				r.Final.Arch.Choices())
		}
		if r.Status != searchspace.StatusFinished {
			t.Errorf("status %v", r.Status)
		}
	}
}

// Without cost the best candidates stay.
func TestSearchNoCost(t *testing.T) {
	space := toySpace(t, 3)
	r, err := Search(context.Background(), space, newToy(space),
		&Options{Phases: toyPhases(t, 20), Form: NoCost, LR: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 3; i++ {
		if r.Final.Arch.At(i) != 5 {
			t.Errorf("layer %d has choice %d, expected 5", i, r.Final.Arch.At(i))
		}
	}
	if r.ArgMax != r.Final {
		t.Errorf("arg max %v, expected the final architecture %v", r.ArgMax, r.Final)
	}
}

// Work falls by schedule-free arithmetic: candidates of unequal cost, 6, 4, 3.
func TestWork(t *testing.T) {
	space := toySpace(t, 2)
	run := func(prune bool) *Result {
		phases := toyPhases(t, 4)
		for i := range phases {
			phases[i].Prune = phases[i].Prune && prune
		}
		r, err := Search(context.Background(), space, newToy(space), &Options{Phases: phases, Form: NoCost})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	all, pruned := run(false), run(true)
	// A 3×3 convolution of 32 channels on 8×8 pixels in g groups: 64·9·32·32/g multiply-adds.
	want := 0.0
	for g := 1; g <= 32; g *= 2 {
		want += 2 * 64 * 9 * 32 * 32 / float64(g)
	}
	if got := all.Phases[0].MAdds; got != want {
		t.Errorf("%v multiply-adds, expected %v", got, want)
	}
	if fixed := float64(64*9*3*32 + 32*10); all.Phases[0].Fixed != fixed {
		t.Errorf("%v multiply-adds in other layers, expected %v", all.Phases[0].Fixed, fixed)
	}
	if all.Work() != want*float64(20+3*40) || !(pruned.Work() < all.Work()) {
		t.Errorf("work %v and pruned %v, expected %v and less", all.Work(), pruned.Work(), want*140)
	}
}

// A target that the space does not have is refused before anything is trained.
func TestUnreachable(t *testing.T) {
	space := toySpace(t, 2)
	for _, target := range []float64{1, 1e12} {
		net := newToy(space)
		_, err := Search(context.Background(), space, net, &Options{Phases: toyPhases(t, 1), Target: target})
		if !errors.Is(err, searchspace.ErrInfeasible) || net.space != nil {
			t.Errorf("target %v: %v, expected ErrInfeasible", target, err)
		}
	}
}

// Pruning leaves what the target needs.
func TestPruningKeepsTarget(t *testing.T) {
	space := toySpace(t, 2)
	_, high, err := space.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	// The toy's cost pushes to cheap candidates only by a little γ, its loss, turned round, by a
	// lot.
	net := newToy(space)
	for _, row := range net.base {
		for c := range row {
			row[c] = float64(c)
		}
	}
	r, err := Search(context.Background(), space, net, &Options{Phases: toyPhases(t, 10), Target: high,
		Gamma: 1e-3, LR: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Final.Cost; math.Abs(c/high-1) > 0.05 {
		t.Errorf("final cost %v, expected %v ± 5 %%", c, high)
	}
	kept := false
	for _, p := range r.Phases {
		for _, x := range p.Removed {
			kept = kept || x.Kept == NoSpace
		}
	}
	if !kept {
		t.Error("every candidate was removed that the target needs")
	}
}

// A supernet that diverges ends the search as what it is.
func TestSupernetDiverges(t *testing.T) {
	space := toySpace(t, 2)
	net := newToy(space)
	net.fails = fmt.Errorf("supernet: loss NaN: %w", searchspace.ErrNotFinite)
	r, err := Search(context.Background(), space, net, &Options{Phases: toyPhases(t, 1), Form: NoCost})
	if !errors.Is(err, ErrNotFinite) || r.Status != searchspace.StatusDiverged {
		t.Errorf("status %v, error %v", r.Status, err)
	}
}
