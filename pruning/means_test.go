package pruning

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

// Batches are equally long and lose nothing but what is in the last one.
func TestMeans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "steps")
		var m means
		for i := range n {
			m.add(searchspace.Relaxed{{float64(i)}, {1}})
		}
		full := len(m.full()) * m.Size
		if full > n || n-full >= m.Size || len(m.Sums) > maxBatches || n >= maxBatches &&
			len(m.full()) < maxBatches/2-1 {
			t.Fatalf("%d steps in %d batches of %d", n, len(m.full()), m.Size)
		}
		if want := float64(full-1) / 2; m.mean(0) != want || m.mean(1) != 1 {
			t.Fatalf("mean %v, expected %v", m.mean(0), want)
		}
		if !m.sound() {
			t.Fatal("not sound")
		}
		if course := m.course(searchspace.Relaxed{{0}, {0}}); len(course) != len(m.Sums) ||
			course[0][1][0] != 1 {
			t.Fatalf("course %v", course)
		}
	})
}

// The standard error of a difference is that of its batch means.
func TestDifference(t *testing.T) {
	var m means
	for _, v := range []float64{1, 2, 4, 3} {
		m.add(searchspace.Relaxed{{v, 1}})
	}
	mean, standard := m.difference(0, 1)
	// 0, 1, 3, 2: mean 1.5, variance 5/3.
	if mean != 1.5 || math.Abs(standard-math.Sqrt(5.0/3/4)) > 1e-15 {
		t.Errorf("%v ± %v, expected 1.5 ± %v", mean, standard, math.Sqrt(5.0/3/4))
	}
	if _, standard = (&means{}).difference(0, 0); !math.IsInf(standard, 1) {
		t.Errorf("standard error %v of nothing, expected +Inf", standard)
	}
}

// With Significance candidates of equal worth stay, and one that is worse goes.
func TestSignificance(t *testing.T) {
	space := toySpace(t, 2)
	r := rand.New(rand.NewPCG(5, 5))
	net := newToy(space)
	net.answer = func(rows searchspace.Relaxed) (float64, searchspace.Relaxed) {
		grad := space.Zeros()
		for i := range grad {
			for c := range grad[i] {
				grad[i][c] = r.NormFloat64()
			}
		}
		grad[0][1] += 3
		return 2, grad
	}
	phases := toyPhases(t, 20)[:2]
	o := &Options{Phases: phases, Form: NoCost, Significance: 4, Every: 1}
	res, err := Search(context.Background(), space, net, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Left[0]) >= 6 || len(res.Left[1]) < 5 {
		t.Errorf("left %v, expected fewer of the first and at least 5 of the second", res.Left)
	}
	for _, x := range res.Phases[1].Removed {
		if x.Choice == "g16" && x.Decision == space.Decisions()[0].Name && x.Kept != "" {
			t.Errorf("%+v, expected it removed", x)
		}
		if x.Kept == NotSignificant && x.Next-x.Probability > 4*x.Error {
			t.Errorf("%+v is significant", x)
		}
	}
}

// Where nothing tells candidates apart, Significance lets go as many of them as its comment says.
func TestSignificanceOfNoise(t *testing.T) {
	space := toySpace(t, 40)
	for significance, want := range map[float64]float64{2: 0.7, 4: 0.5, 8: 1.0 / 6} {
		net, r := newToy(space), rand.New(rand.NewPCG(6, 6))
		net.perEpoch = 60
		net.answer = func(searchspace.Relaxed) (float64, searchspace.Relaxed) {
			grad := space.Zeros()
			for _, row := range grad {
				for c := range row {
					row[c] = r.NormFloat64()
				}
			}
			return 2, grad
		}
		o := &Options{Phases: []Phase{{Name: "noise", Classes: []int{0, 1}, Epochs: 1, Learn: true, Prune: true}},
			Form: NoCost, LR: 0.02, Temperature: 3, Every: 1, Significance: significance}
		res, err := Search(context.Background(), space, net, o)
		if err != nil {
			t.Fatal(err)
		}
		gone, all := 0.0, 0.0
		for _, x := range res.Phases[0].Removed {
			if all++; x.Kept == "" {
				gone++
			}
		}
		if math.Abs(gone/all-want) > 0.15 {
			t.Errorf("at %g %g of %g go, expected %.2f of them", significance, gone, all, want)
		}
	}
}
