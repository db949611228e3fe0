package wasserstein

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// On the line the squared distance is (μ₁−μ₂)² + (σ₁−σ₂)².
func TestRelativeClosedForm(t *testing.T) {
	reference := momentsOf(t, 1, []float64{-1, 3}) // mean 1, deviation 2
	now := momentsOf(t, 1, []float64{-1, 3, 3, 7}) // mean 3, deviation 2√2
	want := (4 + math.Pow(2*math.Sqrt2-2, 2)) / 4  // over the variance of the reference
	back := (4 + math.Pow(2*math.Sqrt2-2, 2)) / 8  // the other way round
	for name, c := range map[string]struct {
		now, reference *Moments
		want           float64
	}{"forth": {now, reference, want}, "back": {reference, now, back}, "same": {now, now, 0}} {
		got, err := Relative(c.now, c.reference)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, name, got, c.want, 1e-15, 1)
	}
}

func TestRelativeRefuses(t *testing.T) {
	m := momentsOf(t, 2, []float64{1, 2, 3, 4})
	point := momentsOf(t, 2, []float64{0.1, 0.3}, []float64{0.1, 0.3, 0.1, 0.3})
	other, _ := NewMoments(2, "v2")
	if err := other.AddFloat64([]float64{1, 2}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ err, want error }{
		"trace 0":   {second(Relative(m, point)), ErrZeroTrace},
		"version":   {second(Relative(other, m)), ErrVersion},
		"dimension": {second(Relative(m, momentsOf(t, 1, []float64{1, 2}))), ErrDim},
		"empty":     {second(Relative(m, newMoments(2))), ErrEmpty},
		"nil":       {second(Relative(m, nil)), ErrEmpty},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, expected %v", name, c.err, c.want)
		}
	}
	if d, err := Relative(point, m); err != nil || d == 0 {
		t.Errorf("from a point: %g, %v", d, err)
	}
}

// Scaled features: the plain distance goes with the square, the relative one stays, and so it is
// with what relabellings take off.
func TestScaleOfFeatures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.IntRange(1, 5).Draw(t, "q")
		old, added := rapid.IntRange(2, 30).Draw(t, "old"), rapid.IntRange(0, 30).Draw(t, "added")
		scale := math.Exp(rapid.Float64Range(-20, 20).Draw(t, "log scale"))
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 9))
		x := append(normal(r, old, q, 0), normal(r, added, q, rapid.Float64Range(-2, 2).Draw(t, "shift"))...)
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = scale * v
		}
		for _, relative := range []bool{false, true} {
			d, factor := Distance{Relative: relative, Unbiased: true}, scale*scale
			if relative {
				factor = 1
			}
			a, b := between(t, d, x, q, old, seed), between(t, d, y, q, old, seed)
			size := max(a.Raw, a.Bias, 1e-3) // singular covariances leave some 1e-8
			for what, v := range map[string][2]float64{
				"value": {a.Value, b.Value}, "raw": {a.Raw, b.Raw}, "bias": {a.Bias, b.Bias},
			} {
				if math.Abs(v[1]/factor-v[0]) > 1e-6*size {
					t.Fatalf("%s (relative %v): %g, expected %g·%g", what, relative, v[1], factor, v[0])
				}
			}
		}
	})
}

// between measures x, vectors of length q of which the first old are the reference.
func between(t interface{ Fatal(...any) }, d Distance, x []float64, q, old int, seed uint64) Difference {
	now, reference := newMoments(q), newMoments(q)
	if err := errors.Join(now.AddFloat64(x), reference.AddFloat64(x[:old*q])); err != nil {
		t.Fatal(err)
	}
	var r *Relabellings
	if d.Unbiased {
		r = relabelled(t, x, q, old, &RelabelOptions{Seed: seed})
	}
	out, err := d.Between(now, reference, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The parts of a difference are what the pieces say.
func TestBetween(t *testing.T) {
	const q, old = 3, 20
	x := normal(rand.New(rand.NewPCG(11, 1)), 50, q, 0)
	for i := old * q; i < len(x); i++ {
		x[i]++
	}
	now, reference := momentsOf(t, q, x), momentsOf(t, q, x[:old*q])
	r := relabelled(t, x, q, old, nil)
	for _, relative := range []bool{false, true} {
		measure := Measure(Squared)
		if relative {
			measure = Relative
		}
		raw, err := measure(now, reference)
		if err != nil {
			t.Fatal(err)
		}
		chance, err := r.Distances(measure)
		if err != nil {
			t.Fatal(err)
		}
		if len(chance) != 8 {
			t.Errorf("%d relabellings, expected 8", len(chance))
		}
		bias, _ := meanAndError(chance)
		for d, want := range map[Distance]Difference{
			{Relative: relative}:                            {raw, raw, 0},
			{Relative: relative, Unbiased: true}:            {raw - bias, raw, bias},
			{Relative: relative, Unbiased: true, Unit: 2.5}: {(raw - bias) / 2.5, raw, bias},
		} {
			got, err := d.Between(now, reference, r)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "value", got.Value, want.Value, 1e-15, raw)
			closeTo(t, "raw", got.Raw, want.Raw, 0, raw)
			closeTo(t, "bias", got.Bias, want.Bias, 1e-15, raw)
		}
	}
	// Less than chance counts as nothing.
	got, err := Distance{Unbiased: true}.Between(now, now, relabelled(t, x, q, 50, nil))
	if err != nil || got != (Difference{}) {
		t.Errorf("nothing new: %+v, %v", got, err)
	}
}

func TestBetweenRefuses(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	now, reference := momentsOf(t, 2, x), momentsOf(t, 2, x[:4])
	r := relabelled(t, x, 2, 2, nil)
	other := relabelled(t, x, 2, 2, nil)
	other.whole.moments.version = "v2"
	unfinished, err := NewRelabellings(reference, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	unbiased, both := Distance{Unbiased: true}, Distance{Relative: true, Unbiased: true}
	point, foreign := momentsOf(t, 2, x[:2]), &Moments{version: "v2", dim: 2, count: 1}
	equal := relabelled(t, []float64{1, 2, 1, 2, 1, 2}, 2, 2, nil)
	refused := func(d Distance, now, reference *Moments, r *Relabellings) error {
		return second(d.Between(now, reference, r))
	}
	for name, c := range map[string]struct{ err, want error }{
		"unit":               {refused(Distance{Unit: -1}, now, reference, nil), ErrValue},
		"unit not a number":  {refused(Distance{Unit: math.NaN()}, now, reference, nil), ErrValue},
		"infinite unit":      {refused(Distance{Unit: math.Inf(1)}, now, reference, nil), ErrValue},
		"tiny unit":          {refused(Distance{Unit: 1e-320}, now, reference, nil), ErrValue},
		"no relabellings":    {refused(unbiased, now, reference, nil), ErrEmpty},
		"zero value":         {refused(unbiased, now, reference, new(Relabellings)), ErrDim},
		"unfinished":         {refused(unbiased, now, reference, unfinished), ErrCount},
		"version":            {refused(unbiased, now, reference, other), ErrVersion},
		"dimension":          {refused(unbiased, now, reference, relabelled(t, x, 3, 1, nil)), ErrDim},
		"another reference":  {refused(unbiased, now, point, r), ErrCount},
		"more images since":  {refused(unbiased, momentsOf(t, 2, x, x), reference, r), ErrCount},
		"moments' versions":  {refused(Distance{}, now, foreign, nil), ErrVersion},
		"no reference":       {refused(unbiased, now, nil, r), ErrEmpty},
		"relabelled point":   {refused(both, now, reference, equal), ErrZeroTrace},
		"point as reference": {refused(both, now, point, r), ErrZeroTrace},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, expected %v", name, c.err, c.want)
		}
	}
}

// Options and results are kept by programs.
func TestDistanceSurvivesSaving(t *testing.T) {
	for _, d := range []Distance{{}, {Relative: true}, {Relative: true, Unbiased: true, Unit: 0.1 + 0.2}} {
		text, err := json.Marshal(d)
		var back Distance
		if err := errors.Join(err, json.Unmarshal(text, &back)); err != nil || back != d {
			t.Errorf("%s became %+v, %v", text, back, err)
		}
	}
	text, err := json.Marshal(Difference{Value: 1, Raw: 3, Bias: 2})
	if want := `{"value":1,"raw":3,"bias":2}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, expected %s", text, err, want)
	}
}

// trials measures fresh data of the distribution that draw gives, many times over.
func trials(t *testing.T, d Distance, q, old, added int, shift float64) (raw, signed []float64) {
	t.Helper()
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 77))
		x := slices.Concat(normal(r, old, q, 0), normal(r, added, q, shift))
		got := between(t, d, x, q, old, seed)
		raw, signed = append(raw, got.Raw), append(signed, got.Raw-got.Bias)
	}
	return raw, signed
}

// What the option is for: data of one distribution seem apart by an amount that falls as they grow,
// and do not once the relabellings' mean is taken off.
func TestUnbiasedOnEqualDistributions(t *testing.T) {
	const q = 8
	for _, relative := range []bool{false, true} {
		d := Distance{Relative: relative, Unbiased: true}
		last := math.Inf(1)
		for _, n := range []int{20, 60, 200} {
			if relative && n == 200 {
				continue // fewer show it, and the more the longer
			}
			raw, signed := trials(t, d, q, n/2, n/2, 0)
			plain, _ := meanAndError(raw)
			mean, se := meanAndError(signed)
			t.Logf("relative %v, %3d images: plain %.4f, unbiased %.4f ± %.4f", relative, n, plain, mean, se)
			if plain < 15*se || plain > 0.6*last {
				t.Errorf("relative %v, %d images: plain %g after %g, error %g", relative, n, plain, last, se)
			}
			if math.Abs(mean) > 3*se {
				t.Errorf("relative %v, %d images: unbiased %g ± %g, expected 0", relative, n, mean, se)
			}
			last = plain
		}
	}
}

// Where the new data are shifted, the distance of the distributions is met at any number of images,
// and the plain one is too large; by more the fewer they are.
func TestUnbiasedOnShiftedData(t *testing.T) {
	const q, shift = 8, 0.5
	// The features of normal are (z_j + common)/(1 + j%4).
	old := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
	all := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
	for i := range q {
		all.Mean[i] = shift / 2
		for j := range q {
			v := 1 / float64((1+i%4)*(1+j%4))
			if i == j {
				v *= 2
			}
			old.Cov[i*q+j], all.Cov[i*q+j] = v, v+shift*shift/4 // a mixture of both halves
		}
	}
	want, err := SquaredGaussian(old, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{40, 200} {
		raw, signed := trials(t, Distance{Unbiased: true}, q, n/2, n/2, shift)
		plain, _ := meanAndError(raw)
		mean, se := meanAndError(signed)
		t.Logf("%3d images: plain %.3f, unbiased %.3f ± %.3f, distributions %.3f", n, plain, mean, se, want)
		if math.Abs(mean-want) > 0.05*want+3*se {
			t.Errorf("%d images: unbiased %g ± %g, expected %g", n, mean, se, want)
		}
		if plain-want < 2*math.Abs(mean-want) {
			t.Errorf("%d images: plain %g is about as near to %g as unbiased %g", n, plain, want, mean)
		}
	}
}
