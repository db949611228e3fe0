package eatnas

import (
	"math"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/searchspace"
)

func TestCurve(t *testing.T) {
	r := &SearchReport{Curve: []Point{{Accuracy: 0.1}, {Accuracy: 0.4}, {Accuracy: 0.3}, {Accuracy: 0.6}}}
	if a := r.Area(); math.Abs(a-0.35) > 1e-12 {
		t.Errorf("area %v, want 0.35", a)
	}
	for accuracy, want := range map[float64]int{0.1: 1, 0.2: 2, 0.4: 2, 0.5: 4, 0.7: 0} {
		if got := r.Reaches(accuracy); got != want {
			t.Errorf("reaches %v after %d, want %d", accuracy, got, want)
		}
	}
}

// The population of random search is the best of what was told; a failure is no member, and the
// quality waits for a full population.
func TestWatchedRandomSearch(t *testing.T) {
	space, err := searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, StemChannels: 8})
	if err != nil {
		t.Fatal(err)
	}
	s, err := evolution.NewRandom(evolution.Architectures{Space: space},
		&evolution.RandomOptions[searchspace.Arch]{Population: 2})
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{Strategy: s, size: 2, cost: evolution.CostOf("7", func(searchspace.Arch) (float64,
		error) {
		return 7, nil
	})}
	archs, err := s.Ask(2)
	if err != nil {
		t.Fatal(err)
	}
	more, err := s.Ask(2)
	if err != nil {
		t.Fatal(err)
	}
	told := []evolution.Outcome[searchspace.Arch]{
		{Genome: archs[0], Point: evolution.Point{Objectives: []float64{-0.2, 0.8}}},
		{Genome: archs[1], Failed: true},
		{Genome: more[0], Point: evolution.Point{Objectives: []float64{-0.5, 0.4}}},
		{Genome: more[1], Point: evolution.Point{Objectives: []float64{-0.3, 0.9}}},
	}
	for _, o := range told {
		if err := w.Tell(o); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []Point{{0.2, 0.2, 0, 7}, {0.2, 0.2, 0, 7}, {0.4, 0.6, 0.4, 7}, {0.35, 0.6, 0.35, 7}} {
		got := w.curve[i]
		known := (got.Quality > 0) == (want.Quality > 0)
		if math.Abs(got.Accuracy-want.Accuracy) > 1e-12 || math.Abs(got.Best-want.Best) > 1e-12 ||
			got.MAdds != 7 || !known {
			t.Errorf("after %d: %+v, want about %+v", i+1, got, want)
		}
	}
	best, q := w.best()
	if len(best) != 2 || best[0].Genome != more[0] || best[1].Genome != more[1] || q != w.curve[3].Quality {
		t.Errorf("best population %v with quality %v", best, q)
	}
}

func TestText(t *testing.T) {
	task := &TaskReport{Search: SearchReport{Curve: []Point{{Accuracy: 0.5}}, Tried: make([]Candidate, 1),
		Seconds: 9},
		Trained: []Trained{{Arch: "a", Held: 0.5}, {Arch: "b", Held: 0.6, Accuracy: 0.61, MAdds: 5e6,
			Seconds: 1}}, Chosen: 1}
	for begin, want := range map[string]string{
		Transferred: "began with architectures near the small task's best, x\n",
		Given:       "began with architectures near x\n",
		RandomBasic: "began with architectures near x\n",
		Scratch:     "was searched without the small one: scratch\n",
	} {
		text := (&Report{Begin: begin, Basic: "x", Large: task}).Text()
		if !strings.Contains(text, want) || !strings.Contains(text, "61.00 ± 0.00") || strings.Contains(text,
			"small   ") {
			t.Errorf("%s:\n%s", begin, text)
		}
	}
	text := (&Report{Small: task}).Text()
	if strings.Contains(text, "large") || !strings.Contains(text, "5.0") {
		t.Errorf("the small task alone:\n%s", text)
	}
}
