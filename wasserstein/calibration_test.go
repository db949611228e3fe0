package wasserstein

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// labelled makes vectors of the given numbers of images a class, class l around l in every feature,
// in a random order.
func labelled(r *rand.Rand, q int, counts []int, spread float64) (x []float64, labels []int) {
	for l, n := range counts {
		for range n {
			labels = append(labels, l)
		}
	}
	r.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	for _, l := range labels {
		for range q {
			x = append(x, spread*float64(l)+r.NormFloat64())
		}
	}
	return x, labels
}

// calibrate passes all images in batches of the given sizes, the last of which takes the rest.
func calibrate(t interface{ Fatal(...any) }, d Distance, x []float64, labels, counts []int,
	o *RelabelOptions, batches ...int) *Calibration {
	q := len(x) / len(labels)
	c, err := d.Calibrate(q, "v1", counts, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range append(batches, len(labels)) {
		n = min(n, len(labels))
		if err := c.add(flatRows(x[:n*q], q), labels[:n]); err != nil {
			t.Fatal(err)
		}
		x, labels = x[n*q:], labels[n:]
	}
	return c
}

// The unit is the distance between the two halves of the classes; some halves for each seed, the
// reference being the smaller one.
func TestUnitIsTheDistanceOfHalves(t *testing.T) {
	const q = 2
	counts := []int{9, 0, 12, 7, 0, 15, 10, 0} // five classes with images
	x, labels := labelled(rand.New(rand.NewPCG(1, 2)), q, counts, 1)
	half := func(reference []int) (in, out *Moments) {
		in, out = newMoments(q), newMoments(q)
		for i, l := range labels {
			m := out
			if slices.Contains(reference, l) {
				m = in
			}
			if err := m.AddFloat64(x[i*q : (i+1)*q]); err != nil {
				t.Fatal(err)
			}
		}
		return in, out
	}
	classes := []int{0, 2, 3, 5, 6}
	for d, measure := range map[Distance]Measure{{}: Squared, {Relative: true}: Relative} {
		want, drawn := map[float64]int{}, map[int]int{}
		for i, a := range classes {
			for _, b := range classes[:i] {
				in, out := half([]int{a, b})
				w, err := measure(out, in)
				if err != nil {
					t.Fatal(err)
				}
				want[w] = a*10 + b
			}
		}
		for seed := range uint64(400) {
			unit, err := calibrate(t, d, x, labels, counts, &RelabelOptions{Seed: seed}).Unit()
			if err != nil {
				t.Fatal(err)
			}
			pairs := 0
			for w, pair := range want {
				if math.Abs(unit-w) < 1e-12*w {
					drawn[pair]++
					pairs++
				}
			}
			if pairs != 1 {
				t.Fatalf("seed %d: unit %g is that of %d halves", seed, unit, pairs)
			}
		}
		var times []int
		for _, n := range drawn {
			times = append(times, n)
		}
		if len(times) != 10 {
			t.Errorf("%d halves drawn, expected each of 10", len(times))
		}
		chiSquare(t, "halves", times)
	}
}

// On the line, classes without spread and as many images each: the squared distance of the halves
// is (μ₁−μ₂)² + (σ₁−σ₂)².
func TestUnitClosedForm(t *testing.T) {
	x, labels := []float64{0, 0, 10, 10, 0, 10, 0, 10}, []int{0, 1, 2, 3, 0, 2, 1, 3}
	halves := map[float64]bool{
		100: true, // {0, 0} and {10, 10}
		0:   true, // {0, 10} and {0, 10}
	}
	for seed := range uint64(20) {
		unit, err := calibrate(t, Distance{}, x, labels, []int{2, 2, 2, 2}, &RelabelOptions{Seed: seed}).Unit()
		if !halves[unit] || (unit == 0) != errors.Is(err, ErrNoUnit) {
			t.Errorf("seed %d: unit %g, %v", seed, unit, err)
		}
	}
}

// Halves of classes that do not differ are at distance 0 on average, less the mean of random
// halves.
func TestUnbiasedUnit(t *testing.T) {
	const q = 4
	counts := []int{6, 6, 6, 6}
	var units, plain []float64
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		x, labels := labelled(r, q, counts, 0) // one distribution for all classes
		c := calibrate(t, Distance{Unbiased: true}, x, labels, counts, &RelabelOptions{Seed: seed})
		chance, err := c.relabelled.apart(Squared)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := Squared(c.other.moments, c.reference.moments)
		if err != nil {
			t.Fatal(err)
		}
		d := less(raw, chance)
		units, plain = append(units, d.Raw-d.Bias), append(plain, d.Raw)
		unit, err := c.Unit()
		if unit != d.Value || (err != nil) != (unit == 0) {
			t.Fatalf("unit %g, %v, expected %g", unit, err, d.Value)
		}
	}
	mean, se := meanAndError(units)
	if p, _ := meanAndError(plain); math.Abs(mean) > 3*se || p < 10*se {
		t.Errorf("unbiased unit %g ± %g, expected 0; plain %g", mean, se, p)
	}
}

// The same bits for any batches.
func TestCalibrationAndBatches(t *testing.T) {
	counts := []int{150, 120, 90, 200, 60}
	x, labels := labelled(rand.New(rand.NewPCG(4, 1)), 3, counts, 3)
	d := Distance{Relative: true, Unbiased: true}
	want, err := calibrate(t, d, x, labels, counts, nil).Unit()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		batches := rapid.SliceOfN(rapid.IntRange(0, 300), 0, 6).Draw(t, "batches")
		got, err := calibrate(t, d, x, labels, counts, nil, batches...).Unit()
		if err != nil || got != want {
			t.Fatalf("unit %v, %v, expected %v", got, err, want)
		}
	})
}

func TestCalibrationRefuses(t *testing.T) {
	begin := func(dim int, counts []int, o *RelabelOptions) error {
		return second(Distance{Unbiased: true}.Calibrate(dim, "v1", counts, o))
	}
	counts := []int{1, 1, 1, 1}
	c, err := Distance{Relative: true, Unbiased: true}.Calibrate(1, "v1", counts, nil)
	if err != nil {
		t.Fatal(err)
	}
	early := second(c.Unit())
	if err := c.Add(dense([]float64{5}, 1), []int{2}); err != nil {
		t.Fatal(err)
	}
	points, err := Distance{Relative: true}.Calibrate(1, "v1", counts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := points.Add(dense([]float64{1, 1, 1, 1}, 1), []int{0, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]struct{ err, want error }{
		"three classes":      {begin(1, []int{5, 0, 5, 5, 0}, nil), ErrNoUnit},
		"no classes":         {begin(1, nil, nil), ErrNoUnit},
		"negative":           {begin(1, []int{1, 1, 1, 1, -1}, nil), ErrValue},
		"overflow":           {begin(1, []int{1, 1, 1, math.MaxInt}, nil), ErrValue},
		"dimension":          {begin(0, counts, nil), ErrDim},
		"times":              {begin(1, counts, &RelabelOptions{Times: -1}), ErrValue},
		"too early":          {early, ErrCount},
		"too many":           {c.Add(dense([]float64{1}, 1), []int{2}), ErrCount},
		"too many in one":    {c.Add(dense([]float64{1, 1}, 1), []int{1, 1}), ErrCount},
		"label":              {c.Add(dense([]float64{1}, 1), []int{4}), ErrCount},
		"negative label":     {c.Add(dense([]float64{1}, 1), []int{-1}), ErrCount},
		"labels":             {c.Add(dense([]float64{1, 2}, 1), []int{0}), ErrDim},
		"width":              {c.Add(dense([]float64{1, 2}, 2), []int{0}), ErrDim},
		"not finite":         {c.Add(dense([]float64{math.NaN()}, 1), []int{0}), ErrValue},
		"zero value":         {new(Calibration).Add(dense([]float64{1}, 1), []int{0}), ErrDim},
		"zero value's unit":  {second(new(Calibration).Unit()), ErrDim},
		"no tensor":          {c.Add((*tensor.Dense)(nil), nil), ErrDim},
		"trace of reference": {second(points.Unit()), ErrZeroTrace},
	} {
		if !errors.Is(k.err, k.want) {
			t.Errorf("%s: %v, expected %v", name, k.err, k.want)
		}
	}
	// After all refusals the pass goes on.
	if err := c.Add(dense([]float64{1, 2, 9}, 1), []int{0, 1, 3}); err != nil {
		t.Error(err)
	}
	if c.reference.moments.Count() != 2 || c.other.moments.Count() != 2 {
		t.Error("images of four classes are not in two halves")
	}
}
