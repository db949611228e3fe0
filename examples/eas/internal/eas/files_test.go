package eas

import "testing"

// Architectures that are the same for all superclasses are left out of the picture of similarity,
// unless nothing else is there.
func TestSimilar(t *testing.T) {
	v := MethodReport{Name: OFAV, Title: "all", Similarity: []float64{1, 1}}
	each := MethodReport{Name: EAS, Title: "each", Similarity: []float64{0.3, 0.5}}
	r := &Report{Unit: mega, Budgets: []float64{3e6, 4e6}, Methods: []MethodReport{v}}
	if s := r.similar().Series; len(s) != 1 || s[0].Name != "all" {
		t.Errorf("%+v", s)
	}
	r.Methods = []MethodReport{each, v}
	if s := r.similar().Series; len(s) != 1 || s[0].Name != "each" || s[0].X[1] != 4 {
		t.Errorf("%+v", s)
	}
}

// Figures are means over superclasses of equal weight, whatever their numbers of images.
func TestFigures(t *testing.T) {
	m := &MethodReport{Answers: []Answer{
		{Budget: 10, Cost: 9, Correct: 50, Images: 100}, {Budget: 20, Cost: 20, Correct: 60, Images: 100},
		{Budget: 10, Cost: 10, Correct: 400, Images: 400}, {Budget: 20, Cost: 18, Correct: 400, Images: 400},
	}}
	if f := FiguresOf(m.At(0, 2)); f.Accuracy != 0.75 || f.Cost != 9.5 || f.Use != 0.95 || f.Error < 0.024 ||
		f.Error > 0.026 {
		t.Errorf("%+v", f)
	}
	if f := m.All(2); f.Accuracy != 0.775 || f.Use != 0.95 || f.Error < 0.02 {
		t.Errorf("all: %+v", f)
	}
}
