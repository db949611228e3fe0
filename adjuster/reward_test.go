package adjuster

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

func TestRewardByHand(t *testing.T) {
	for _, tc := range []struct {
		name                string
		r                   Reward
		v, pv, c, pc, d, is float64
	}{
		{"dearer", Reward{}, 0.75, 0.70, 252, 232, 0.5, 0.05 - 2.5e-4/0.5*20},
		{"cheaper", Reward{}, 0.69, 0.70, 200, 232, 0.5, -0.01 + 2.5e-4/0.5*32},
		{"floored distance", Reward{}, 0.69, 0.70, 200, 232, 0, -0.01 + 2.5e-4/0.05*32},
		{"own floor", Reward{Floor: 0.1}, 0.69, 0.70, 200, 232, 0.01, -0.01 + 2.5e-4/0.1*32},
		{"no floor", Reward{Floor: -1}, 0.69, 0.70, 200, 232, 0.01, -0.01 + 2.5e-4/0.01*32},
		{"no cost", Reward{Lambda: -1}, 0.75, 0.70, 252, 232, 0.5, 0.05},
		{"own lambda", Reward{Lambda: 1e-3}, 0.75, 0.70, 252, 232, 2, 0.05 - 1e-3/2*20},
		{"from scratch", Reward{}, 0.75, 0, 252, 0, 1, 0.75 - 2.5e-4*252},
		{"published, dearer", Reward{Form: Published}, 0.75, 0.70, 252, 232, 0.5, 0.05 - 2.5e-4/0.5*20},
		{"published, cheaper", Reward{Form: Published}, 0.69, 0.70, 200, 232, 0.5, -0.01},
		{"published, no distance", Reward{Form: Published}, 0.75, 0.70, 252, 232, 0, 0.05},
		{"per doubling, twice the cost", Reward{Form: PerDoubling}, 0.75, 0.70, 464, 232, 0.5, 0.05 - 0.01/0.5},
		{"per doubling, half the cost", Reward{Form: PerDoubling}, 0.69, 0.70, 116, 232, 0.5, -0.01 + 0.01},
		{"per doubling, floored distance", Reward{Form: PerDoubling}, 0.75, 0.70, 4, 1, 0.01, 0.05 - 0.01/0.25*2},
		{"per doubling, shrinking at no distance", Reward{Form: PerDoubling}, 0.70, 0.70, 1, 8, 0, 0.03},
		{"per doubling, own numbers", Reward{Lambda: 0.02, Floor: 0.1, Form: PerDoubling}, 0.70, 0.70, 8, 1, 0.05, -0.6},
		{"per doubling, from scratch", Reward{Form: PerDoubling}, 0.75, 0, 16, 0, 1, 0.75 - 0.04},
		{"per doubling, from scratch below a million", Reward{Form: PerDoubling}, 0.75, 0, 0.25, 0, 0.5, 0.75 + 0.04},
		{"per doubling, no cost", Reward{Lambda: -1, Form: PerDoubling}, 0.75, 0.70, 464, 232, 0.5, 0.05},
		{"per doubling, equal cost without a floor", Reward{Floor: -1, Form: PerDoubling}, 0.75, 0.70, 232, 232, 0, 0.05},
		{"equal cost without a floor", Reward{Floor: -1}, 0.75, 0.70, 232, 232, 0, 0.05},
		{"published, tiny distance", Reward{Form: Published}, 0.75, 0.70, 252, 232, 0.01, 0.05 - 2.5e-4/0.01*20},
	} {
		if got := tc.r.Value(tc.v, tc.pv, tc.c, tc.pc, tc.d); math.Abs(got-tc.is) > 1e-15 {
			t.Errorf("%s: %v, expected %v", tc.name, got, tc.is)
		}
	}
}

// What eq. (5) says in words: the previous architecture is worth 0, accuracy is worth its face
// value, and the further the data moved, the less added cost weighs.
func TestRewardProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		r := Reward{Lambda: f("lambda", 1e-6, 1e-2), Form: RewardForm(rapid.IntRange(0, int(PerDoubling)).Draw(t, "form"))}
		v, pv, c, pc, d := f("v", 0, 1), f("pv", 0, 1), f("c", 1, 1000), f("pc", 1, 1000), f("d", 0, 10)
		if got := r.Value(pv, pv, pc, pc, d); got != 0 {
			t.Fatalf("previous architecture is worth %v", got)
		}
		base := r.Value(v, pv, c, pc, d)
		if got := r.Value(v+0.125, pv, c, pc, d) - base; math.Abs(got-0.125) > 1e-9*(1+math.Abs(base)) {
			t.Fatalf("0.125 more accuracy is worth %v", got)
		}
		far := r.Value(v, pv, c, pc, 2*d+0.1)
		if c > pc && d > 0 && far < base || c < pc && far > base {
			t.Fatalf("cost %v → %v is worth %v at %v and %v farther off", pc, c, base, d, far)
		}
		if r.Value(v, pv, c+1, pc, d) > base {
			t.Fatalf("more cost is worth more")
		}
	})
}

// Per doubling the unit of the cost does not matter, doublings add up, and halving earns the same
// at any distance.
func TestRewardPerDoubling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		r := Reward{Lambda: f("lambda", 1e-3, 0.1), Form: PerDoubling}
		c, pc, d, k := f("c", 0.1, 1000), f("pc", 0.1, 1000), f("d", 0, 10), f("k", 0.01, 100)
		if x, y := r.Value(0.5, 0.4, c, pc, d), r.Value(0.5, 0.4, k*c, k*pc, d); math.Abs(x-y) > 1e-12 {
			t.Fatalf("%v, with costs in another unit %v", x, y)
		}
		once, twice := r.Value(0, 0, 2*pc, pc, d), r.Value(0, 0, 4*pc, pc, d)
		if math.Abs(twice-2*once) > 1e-12 || once > -r.Lambda/max(d, 0.25)+1e-12 {
			t.Fatalf("twice the cost is worth %v, four times %v", once, twice)
		}
		if half := r.Value(0, 0, pc/2, pc, d); math.Abs(half-r.Lambda) > 1e-12 {
			t.Fatalf("half the cost is worth %v, expected %v", half, r.Lambda)
		}
	})
}

func TestScaledLambda(t *testing.T) {
	paper := must(t)(searchspace.MobileNetV3(searchspace.MobileNetV3Options{}))
	if l, err := ScaledLambda(paper); err != nil || math.Abs(l-2.5e-4) > 1e-9 {
		t.Errorf("the paper's space has λ %v, %v", l, err)
	}
	s := small(t)
	l, err := ScaledLambda(s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Cost(s.Largest())
	if err != nil {
		t.Fatal(err)
	}
	if got := l * float64(c.MAdds) / 1e6; math.Abs(got-2.5e-4*566.17) > 1e-12 {
		t.Errorf("going from nothing to the largest architecture costs %v", got)
	}
}

func TestGridCell(t *testing.T) {
	for _, tc := range []struct {
		d      float64
		cell   int
		beyond bool
	}{{0, 0, false}, {0.024, 0, false}, {0.026, 1, false}, {0.05, 1, false}, {1, 20, false}, {4.95, 99, false}, {4.97, 99, false}, {4.98, 99, true}, {1e300, 99, true}} {
		if cell, beyond := gridCell(tc.d, 0.05, 100); cell != tc.cell || beyond != tc.beyond {
			t.Errorf("%v: cell %d, beyond %v", tc.d, cell, beyond)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Float64Range(0, 20).Draw(t, "d")
		step := rapid.Float64Range(0.01, 2).Draw(t, "step")
		size := rapid.IntRange(1, 200).Draw(t, "size")
		cell, _ := gridCell(d, step, size)
		for i := range size {
			if math.Abs(float64(i)*step-d) < math.Abs(float64(cell)*step-d)-1e-9 {
				t.Fatalf("cell %d, but %d is nearer", cell, i)
			}
		}
	})
}
