package wasserstein

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// relabelled passes x, vectors of length q, through relabellings in batches of the given sizes, the
// last of which takes the rest.
func relabelled(t interface{ Fatal(...any) }, x []float64, q, chosen int, o *RelabelOptions,
	batches ...int) *Relabellings {
	r, err := newRelabellings(q, "v1", len(x)/q, chosen, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range batches {
		if err := r.add(flatRows(x[:n*q], q)); err != nil {
			t.Fatal(err)
		}
		x = x[n*q:]
	}
	if err := r.add(flatRows(x, q)); err != nil {
		t.Fatal(err)
	}
	return r
}

// The mean squared distance between the mean of k vectors drawn from n without replacement and that
// of all is σ²/k·(n−k)/(n−1).
func TestRelabellingsClosedForm(t *testing.T) {
	const q, n = 3, 40
	x := normal(rand.New(rand.NewPCG(3, 3)), n, q, 5)
	variance := momentsOf(t, q, x).trace()
	for _, k := range []int{1, 9, 20, 33, 39} {
		d, err := relabelled(t, x, q, k, &RelabelOptions{Times: 1000}).Distances(
			func(now, reference *Moments) (float64, error) {
				var s float64
				for j, v := range now.Mean() {
					s += (v - reference.Mean()[j]) * (v - reference.Mean()[j])
				}
				return s, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		mean, se := meanAndError(d)
		want := variance / float64(k) * float64(n-k) / (n - 1)
		if math.Abs(mean-want) > 4*se {
			t.Errorf("%d of %d: mean %g ± %g, expected %g", k, n, mean, se, want)
		}
	}
}

// meanAndError is the mean of x and its standard error.
func meanAndError(x []float64) (mean, se float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		se += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(se/float64(len(x)-1)) / math.Sqrt(float64(len(x)))
}

// What is measured are the moments of the images chosen and of the others, by their definition.
func TestRelabellingsHoldBothSides(t *testing.T) {
	const q, n = 4, 30
	x := normal(rand.New(rand.NewPCG(4, 4)), n, q, 1)
	for _, chosen := range []int{7, 15, 22} {
		sets := members(t, n, chosen, &RelabelOptions{Seed: 5})
		r := relabelled(t, x, q, chosen, &RelabelOptions{Seed: 5})
		for i, set := range sets {
			var in, out []float64
			for k := range n {
				if slices.Contains(set, k) {
					in = append(in, x[k*q:(k+1)*q]...)
				} else {
					out = append(out, x[k*q:(k+1)*q]...)
				}
			}
			for side, want := range map[bool][]float64{true: in, false: out} {
				got := r.side(i, side)
				d, err := Squared(got, momentsOf(t, q, want))
				if err != nil || got.Count() != len(want)/q || d > 1e-13 {
					t.Errorf("relabelling %d, chosen %v: %d images at distance %g, %v", i, side, got.Count(), d, err)
				}
			}
		}
	}
}

// The same bits for any batches and any GOMAXPROCS.
func TestRelabellingsAndBatches(t *testing.T) {
	const q, n = 5, 700 // more than two blocks
	x := normal(rand.New(rand.NewPCG(6, 6)), n, q, 2)
	for _, chosen := range []int{200, 600} {
		want, err := relabelled(t, x, q, chosen, nil).Distances(nil)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(rapid.IntRange(1, 4).Draw(t, "processors")))
			var batches []int
			for left := n; len(batches) < 5; {
				k := rapid.IntRange(0, left).Draw(t, "batch")
				batches = append(batches, k)
				left -= k
			}
			got, err := relabelled(t, x, q, chosen, nil, batches...).Distances(Squared)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("distances %v, %v, expected %v", got, err, want)
			}
		})
	}
}

// The work shared among processors does not show either.
func TestRelabellingsAndProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const q = 150
	x := normal(rand.New(rand.NewPCG(5, 5)), 400, q, 0)
	var want []float64
	for _, procs := range []int{1, 3} {
		runtime.GOMAXPROCS(procs)
		got, err := relabelled(t, x, q, 250, &RelabelOptions{Times: 2}).Distances(Relative)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("GOMAXPROCS=%d: %v, expected %v", procs, got, want)
		}
	}
}

func TestRelabellingsRefuse(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	reference := momentsOf(t, 2, x[:4])
	make := func(m *Moments, n int, o *RelabelOptions) error { return second(NewRelabellings(m, n, o)) }
	r, err := NewRelabellings(reference, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	early := second(r.Distances(nil))
	if err := r.Add(dense(x[:2], 2)); err != nil {
		t.Fatal(err)
	}
	before := state(t, r)
	for name, c := range map[string]struct{ err, want error }{
		"no reference":   {make(nil, 3, nil), ErrEmpty},
		"empty":          {make(newMoments(2), 3, nil), ErrEmpty},
		"fewer images":   {make(reference, 1, nil), ErrCount},
		"negative times": {make(reference, 3, &RelabelOptions{Times: -1}), ErrValue},
		"many times":     {make(reference, 3, &RelabelOptions{Times: math.MaxInt}), ErrValue},
		"too early":      {early, ErrCount},
		"too many":       {r.Add(dense(x, 2)), ErrCount},
		"width":          {r.Add(dense(x, 3)), ErrDim},
		"no tensor":      {r.Add(nil), ErrDim},
		"vector":         {r.Add(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}))), ErrDim},
		"zero value":     {new(Relabellings).Add(dense(x, 2)), ErrDim},
		"not finite":     {r.Add(dense([]float64{1, 2, 3, math.NaN()}, 2)), ErrValue},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, expected %v", name, c.err, c.want)
		}
	}
	if !bytes.Equal(before, state(t, r)) {
		t.Error("refused calls changed the relabellings")
	}
	broken := errors.New("broken")
	if err := r.Add(dense(x[2:], 2)); err != nil {
		t.Fatal(err)
	}
	_, err = r.Distances(func(now, reference *Moments) (float64, error) { return 0, broken })
	if !errors.Is(err, broken) {
		t.Errorf("a measure that fails: %v", err)
	}
}

// state is everything that relabellings have gathered.
func state(t *testing.T, r *Relabellings) []byte {
	t.Helper()
	all := []byte{byte(r.seen)}
	for _, g := range append(slices.Clone(r.picks), r.whole) {
		data, err := g.moments.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, data...), byte(len(g.rows)))
	}
	return all
}

// Nothing new: everything is chosen, and nothing is apart.
func TestRelabellingsOfEverything(t *testing.T) {
	x := normal(rand.New(rand.NewPCG(8, 8)), 20, 3, 0)
	d, err := relabelled(t, x, 3, 20, &RelabelOptions{Times: 2}).Distances(Relative)
	if err != nil || !slices.Equal(d, []float64{0, 0}) {
		t.Errorf("distances %v, %v, expected zeros", d, err)
	}
}
