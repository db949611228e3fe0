package pruning

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sure is probabilities of which class c has so much, the others alike.
func sure(classes, c int, p float64) []float32 {
	out := make([]float32, classes)
	for i := range out {
		out[i] = float32((1 - p) / float64(classes-1))
	}
	out[c] = float32(p)
	return out
}

// made is answers about images whose class c gets its label with probability p[c] on average, drawn
// from r.
func made(t testing.TB, name string, p []float64, images int, r *rand.Rand) *Answers {
	t.Helper()
	a := NewAnswers(name, len(p))
	for c := range p {
		for range images {
			q := min(max(p[c]+0.05*r.NormFloat64(), 0.01), 0.99)
			if err := a.Add(c, sure(len(p), c, q)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a
}

func TestAnswers(t *testing.T) {
	a := NewAnswers("m", 3)
	for _, p := range [][]float32{{0.5, 0.25, 0.25}, {1, 0, 0}, {1. / 3, 1. / 3, 1. / 3}} {
		if err := a.Add(1, p); err != nil {
			t.Fatal(err)
		}
	}
	want := []float64{1.5 * math.Ln2, 0, math.Log(3)}
	for k := range want {
		if math.Abs(a.Entropy[k]-want[k]) > 1e-7 || a.Predicted[k] != 0 {
			t.Errorf("image %d: entropy %v of class %d, expected %v of 0", k, a.Entropy[k], a.Predicted[k],
				want[k])
		}
	}
	if acc := a.Accuracies(); acc[1] != 0 || !math.IsNaN(acc[0]) {
		t.Errorf("accuracies %v", acc)
	}
	for _, own := range []*Answers{NewAnswers("m", -1), {Classes: 2, Label: []int{5, 1}},
		{Classes: 2, Label: []int{5, -1, 1}, Predicted: []int{0, 0, 1}}} { // made by hand
		for c, v := range own.Accuracies() {
			if c == 1 && len(own.Predicted) > 0 != (v == 1) || c == 0 && !math.IsNaN(v) {
				t.Errorf("%+v: accuracy %v of class %d", own, v, c)
			}
		}
	}
	nan := float32(math.NaN())
	for _, p := range [][]float32{{1, 0}, {0.5, 0.1, 0.1}, {nan, 0, 1}, {-1, 1, 1}, nil} {
		if err := a.Add(0, p); err == nil {
			t.Errorf("probabilities %v are accepted", p)
		}
	}
	if err := a.Add(3, []float32{1, 0, 0}); err == nil {
		t.Error("class 3 of 3 is accepted")
	}
	if a.Len() != 3 {
		t.Errorf("%d images, expected 3", a.Len())
	}
}

// The ranking is that of the models, histograms are shares.
func TestEasiness(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := []float64{0.3, 0.9, 0.6, 0.8, 0.45}
	e, err := MeasureEasiness(nil, made(t, "a", p, 50, r), made(t, "b", p, 50, r))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Ranking(), []int{1, 3, 2, 4, 0}; !slices.Equal(got, want) {
		t.Errorf("ranking %v, expected %v", got, want)
	}
	for c, x := range e.Classes {
		var sum, mean float64
		for b, share := range x.Histogram {
			sum, mean = sum+share, mean+share*(float64(b)+0.5)*e.Width
		}
		if math.Abs(sum-1) > 1e-12 || math.Abs(mean-x.Mean) > e.Width {
			t.Errorf("class %d: histogram sums to %v with mean %v, expected 1 and %v", c, sum, mean, x.Mean)
		}
		if got := (x.ByModel[0] + x.ByModel[1]) / 2; math.Abs(got-x.Mean) > 1e-12 {
			t.Errorf("class %d: models %v, mean %v", c, x.ByModel, x.Mean)
		}
		if !(x.Error > 0 && x.Error < 0.1) {
			t.Errorf("class %d: standard error %v", c, x.Error)
		}
	}
}

// A class of one lucky image is not the easiest, and one without images is last.
func TestFewImages(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	a := NewAnswers("m", 12)
	for c := range 10 {
		for range 30 {
			if err := a.Add(c, sure(12, c, 0.9-0.02*float64(c)+0.09*(2*r.Float64()-1))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Add(10, sure(12, 10, 0.93)); err != nil { // might be of class 0
		t.Fatal(err)
	}
	e, err := MeasureEasiness(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := MeasureEasiness(&EasinessOptions{NoShrinkage: true}, a)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Ranking()[0] != 10 || e.Ranking()[0] == 10 || e.Ranking()[11] != 11 {
		t.Errorf("rankings %v, plain %v", e.Ranking(), plain.Ranking())
	}
}

// Easiness survives any answers: shares sum to 1, entropies lie between 0 and ln K, and shrinkage
// keeps the order of classes with equally many images.
func TestEasinessProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.IntRange(1, 6).Draw(t, "classes")
		a := NewAnswers("m", classes)
		for range rapid.IntRange(1, 20).Draw(t, "images") {
			p, sum := make([]float32, classes), float32(0)
			for i := range p {
				p[i] = float32(rapid.IntRange(0, 5).Draw(t, "p"))
				sum += p[i]
			}
			if sum == 0 {
				p[0], sum = 1, 1
			}
			for i := range p {
				p[i] /= sum
			}
			if err := a.Add(rapid.IntRange(0, classes-1).Draw(t, "label"), p); err != nil {
				t.Fatal(err)
			}
		}
		reports, err := ReportClasses(nil, a, a)
		if err != nil {
			t.Fatal(err)
		}
		e, err := MeasureEasiness(nil, a, a)
		if err != nil {
			t.Fatal(err)
		}
		if len(reports) != classes || len(e.Ranking()) != classes {
			t.Fatalf("%d reports of %d classes", len(reports), classes)
		}
		for _, x := range e.Classes {
			if !(x.Entropy >= 0 && x.Entropy <= math.Log(float64(max(classes, 2)))+1e-9) {
				t.Fatalf("entropy %v of %d classes", x.Entropy, classes)
			}
			for _, y := range e.Classes {
				if x.Images == y.Images && x.Mean < y.Mean && x.Entropy > y.Entropy {
					t.Fatalf("means %v < %v, entropies %v > %v", x.Mean, y.Mean, x.Entropy, y.Entropy)
				}
			}
		}
	})
}

// Models agree as they were made to; orders by chance do not.
func TestAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	p, q := make([]float64, 30), make([]float64, 30)
	for c := range p {
		p[c], q[c] = 0.1+0.8*r.Float64(), 0.1+0.8*r.Float64()
	}
	a, b, other := made(t, "a", p, 20, r), made(t, "b", p, 20, r), made(t, "c", q, 20, r)
	yes, err := Agree(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if yes.Spearman < 0.95 || yes.P > 0.002 || yes.SpearmanRange[0] < 0.9 || yes.SpearmanRange[1] > 1 ||
		yes.Kendall < 0.8 || yes.Classes != 30 || yes.A != "a" {
		t.Errorf("%+v, expected high agreement", yes)
	}
	no, err := Agree(a, other, &AgreementOptions{OverClasses: true})
	if err != nil {
		t.Fatal(err)
	}
	if no.P < 0.01 || no.SpearmanRange[0] > 0 || no.SpearmanRange[1] < 0 {
		t.Errorf("%+v, expected no agreement", no)
	}
	again, err := Agree(a, b, nil)
	if err != nil || *again != *yes {
		t.Errorf("%+v the second time, expected %+v", again, yes)
	}
	if _, err := Agree(a, made(t, "short", p, 19, r), nil); err == nil {
		t.Error("answers about other images are accepted")
	}
	for _, x := range [][2][]float64{{{1, 2}, {1, 2}}, {{1, 1, 1}, {1, 2, 3}}, {{1, 2, 3}, {1, 2}},
		{{1, math.NaN(), 3}, {1, 2, 3}}} {
		if got, err := Correlate(x[0], x[1], nil); err == nil {
			t.Errorf("%v gives %+v, expected an error", x, got)
		}
	}
}

// Wrong labels and odd images are found, and nothing else.
func TestSuspects(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	p := []float64{0.7, 0.9, 0.8, 0.6}
	var models []*Answers
	for _, name := range []string{"a", "b", "c"} {
		a := made(t, name, p, 40, r)
		for _, q := range [][]float32{sure(4, 3, 0.95), sure(4, 1, 0.26)} {
			if err := a.Add(1, q); err != nil { // a 3 with the label 1, and one that nobody knows
				t.Fatal(err)
			}
		}
		models = append(models, a)
	}
	reports, err := ReportClasses(nil, models...)
	if err != nil {
		t.Fatal(err)
	}
	if reports[0].Class != 3 || reports[len(reports)-1].Class != 1 {
		t.Errorf("hardest class %d, easiest %d, expected 3 and 1", reports[0].Class,
			reports[len(reports)-1].Class)
	}
	for _, x := range reports {
		if x.Class != 1 {
			if len(x.Suspects) != 0 {
				t.Errorf("class %d: suspects %+v", x.Class, x.Suspects)
			}
			continue
		}
		if len(x.Suspects) != 2 {
			t.Fatalf("suspects %+v, expected images 160 and 161", x.Suspects)
		}
		wrong, odd := x.Suspects[0], x.Suspects[1]
		if wrong.Image != 160 || wrong.Why != Mislabelled || wrong.Taken != 3 || wrong.Models != 3 {
			t.Errorf("%+v, expected image 160 to be mislabelled, of class 3", wrong)
		}
		if odd.Image != 161 || odd.Why != Odd {
			t.Errorf("%+v, expected image 161 to be odd", odd)
		}
		if len(x.Taken) != 1 || x.Taken[0].Class != 3 || math.Abs(x.Taken[0].Share-1.0/42) > 1e-12 {
			t.Errorf("taken for %+v, expected one image of 42 for class 3", x.Taken)
		}
	}
}

func TestTwins(t *testing.T) {
	got, err := FindTwins([][]float64{{0.8, 0.2, 0}, {0.4, 0.6, 0}, {0.1, 0, 0.9}}, 0.2)
	if err != nil || len(got) != 1 || got[0].A != 0 || got[0].B != 1 || math.Abs(got[0].Share-0.3) > 1e-12 {
		t.Errorf("%+v, %v, expected 0 and 1 with 0.3", got, err)
	}
	if _, err := FindTwins([][]float64{{1, 0}, {1}}, 0.1); err == nil {
		t.Error("a confusion with a short row is accepted")
	}
}

func TestLearning(t *testing.T) {
	curves := [][]float64{{0.8, 0.8, 0.8, 0.8}, {0, 0.2, 0.6, 0.8}, {0, 0, 0, 0}, {0.5, 0.1, 0.3, 0.4}}
	acc := make([][]float64, 4)
	for epoch := range acc {
		for _, c := range curves {
			acc[epoch] = append(acc[epoch], c[epoch])
		}
	}
	got, err := MeasureLearning(acc)
	if err != nil {
		t.Fatal(err)
	}
	// The second passes 0.4 between 2 and 3 epochs, the last 0.2 for good between 2 and 3.
	for c, want := range []float64{0.5, 2.5, math.NaN(), 2.5} {
		if x := got[c].Epoch; math.Abs(x-want) > 1e-12 || math.IsNaN(x) != math.IsNaN(want) {
			t.Errorf("class %d: learnt at %v, expected %v", c, x, want)
		}
	}
	if got[0].Variance > 1e-20 || math.Abs(got[1].Mean-0.4) > 1e-12 || math.Abs(got[1].Variance-0.1) > 1e-12 {
		t.Errorf("%+v", got)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var back []Learning
	if err := json.Unmarshal(text, &back); err != nil || !math.IsNaN(back[2].Epoch) || back[1] != got[1] {
		t.Errorf("%s comes back as %+v: %v", text, back, err)
	}
	for _, bad := range [][][]float64{nil, {{1}, {1, 1}}, {{2}}} {
		if _, err := MeasureLearning(bad); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}
