package wasserstein

import (
	"testing"

	"gorgonia.org/tensor"
)

// Nothing where something is needed is an error, no panic.
func TestNothing(t *testing.T) {
	ctx, none := t.Context(), (*Moments)(nil)
	m, err := NewMoments(2, "v")
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRelabellings(filled(t, 3), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Distance{}.Calibrate(2, "v", []int{1, 1, 1, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{1, 2}))
	empty := &tensor.Dense{}
	for name, call := range map[string]func() error{
		"Moments.Add":       func() error { return m.Add(nil) },
		"empty tensor":      func() error { return m.Add(empty) },
		"Merge":             func() error { return m.Merge(none) },
		"Gaussian":          func() error { _, err := m.Gaussian(); return err },
		"Squared":           func() error { _, err := Squared(none, none); return err },
		"Relative":          func() error { _, err := Relative(filled(t, 3), none); return err },
		"Between":           func() error { _, err := Distance{}.Between(none, none, nil); return err },
		"unbiased":          func() error { _, err := Distance{Unbiased: true}.Between(filled(t, 4), filled(t, 3), nil); return err },
		"relative":          func() error { _, err := Distance{Relative: true}.Between(none, filled(t, 3), nil); return err },
		"NewRelabellings":   func() error { _, err := NewRelabellings(none, 3, nil); return err },
		"Relabellings.Add":  func() error { return r.Add(nil) },
		"Distances of none": func() error { _, err := r.Distances(nil); return err },
		"Calibrate":         func() error { _, err := Distance{}.Calibrate(2, "v", nil, nil); return err },
		"Calibration.Add":   func() error { return c.Add(nil, nil) },
		"no labels":         func() error { return c.Add(x, nil) },
		"Unit":              func() error { _, err := c.Unit(); return err },
		"SquaredGaussian":   func() error { _, err := SquaredGaussian(Gaussian{}, Gaussian{}); return err },
		"KL":                func() error { _, err := KL(Gaussian{}, Gaussian{}); return err },
		"JensenShannon":     func() error { _, err := JensenShannon(Gaussian{}, Gaussian{}); return err },
		"SquaredSamples":    func() error { _, err := SquaredSamples(x, nil); return err },
		"Distances":         func() error { _, err := Distances(nil, x, Euclidean); return err },
		"Transport":         func() error { _, err := Transport(ctx, nil, nil, nil); return err },
		"Sinkhorn":          func() error { _, err := Sinkhorn(ctx, nil, nil, nil, nil); return err },
		"EMD":               func() error { _, err := EMD(ctx, x, empty, nil, nil); return err },
		"DomainSimilarity":  func() error { _, err := DomainSimilarity(ctx, nil, nil, nil, nil, 0); return err },
		"OneDim":            func() error { _, err := OneDim(nil, nil, nil, nil, 1); return err },
		"UnmarshalBinary":   func() error { return m.UnmarshalBinary(nil) },
	} {
		if call() == nil {
			t.Errorf("%s: nothing was accepted", name)
		}
	}
}

// filled is moments of n vectors.
func filled(t *testing.T, n int) *Moments {
	t.Helper()
	m, err := NewMoments(2, "v")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := m.AddFloat64([]float64{float64(i), float64(i * i)}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}
