package eatnas

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// Report is what the program found. Accuracies are fractions.
type Report struct {
	// Begin says what the large task's search began from: one of the baselines, or Transferred or
	// Given; "" = there was no large task.
	Begin string `json:"begin,omitempty"`
	// Basic is the architecture that its first population was made from; "" = none.
	Basic string      `json:"basic,omitempty"`
	Small *TaskReport `json:"small,omitempty"`
	Large *TaskReport `json:"large,omitempty"`
	Files []string    `json:"files,omitempty"`
}

// What a large task's search begins from, beside the baselines.
const (
	Transferred = "transfer"
	Given       = "given" // by -basic
)

// TaskReport is what was found on a task.
type TaskReport struct {
	Images  ImagesReport `json:"images"`
	Search  SearchReport `json:"search"`
	Trained []Trained    `json:"trained"` // the best architectures, from initial weights
	Chosen  int          `json:"chosen"`  // of Trained, by the held-out images
}

// namedTask is one of the tasks, with what was found on it.
type namedTask struct {
	name string
	of   *TaskReport
}

// tasks are those that were searched, the small one first.
func (r *Report) tasks() (out []namedTask) {
	if r.Small != nil {
		out = append(out, namedTask{SmallTask, r.Small})
	}
	if r.Large != nil {
		out = append(out, namedTask{LargeTask, r.Large})
	}
	return out
}

// SearchReport is what a search found.
type SearchReport struct {
	Target float64     `json:"target"` // multiply-adds of the score, millions
	Tried  []Candidate `json:"tried"`  // in their order
	// Curve describes the population after each of them.
	Curve     []Point `json:"curve"`
	Converged bool    `json:"converged,omitempty"` // before its cycles were over
	// Quality of the best population, and the best architectures of that.
	Quality float64  `json:"quality"`
	Best    []string `json:"best"`
	Seconds float64  `json:"seconds"`
	CPU     float64  `json:"cpu_seconds,omitempty"` // the same of processors, where one start did it all
}

// Candidate is an architecture that a search measured.
type Candidate struct {
	Arch     string  `json:"arch"`
	MAdds    float64 `json:"madds"` // millions
	Accuracy float64 `json:"accuracy"`
	Score    float64 `json:"score"`
	Failed   bool    `json:"failed,omitempty"`
}

// Point describes a population.
type Point struct {
	Accuracy float64 `json:"accuracy"` // mean
	Best     float64 `json:"best"`
	Quality  float64 `json:"quality"` // 0 until the population is full
	MAdds    float64 `json:"madds"`   // mean, millions
}

// Trained is a network that was trained from initial weights.
type Trained struct {
	Arch          string  `json:"arch"`
	MAdds         int64   `json:"madds"`
	Params        int64   `json:"params"`
	Held          float64 `json:"held"`     // accuracy of the held-out images, which choose
	Accuracy      float64 `json:"accuracy"` // of the test images
	StandardError float64 `json:"standard_error"`
	Seconds       float64 `json:"seconds"`
}

// Network is the one that was chosen.
func (r *TaskReport) Network() *Trained { return &r.Trained[r.Chosen] }

// Area is the mean of the population's mean accuracy over all evaluations: the area under the
// curve, by its length.
func (r *SearchReport) Area() float64 {
	var sum float64
	for _, p := range r.Curve {
		sum += p.Accuracy
	}
	return sum / float64(len(r.Curve))
}

// Reaches is after how many evaluations the population's mean accuracy is first as high as that; 0
// = never.
func (r *SearchReport) Reaches(accuracy float64) int {
	return 1 + slices.IndexFunc(r.Curve, func(p Point) bool { return p.Accuracy >= accuracy })
}

// report describes a search that is over.
func (w *watched) report(t *task, top int) (*SearchReport, error) {
	r := &SearchReport{Target: t.Target, Curve: w.curve, Converged: w.converged}
	for _, o := range w.told {
		c := Candidate{Arch: t.space.Format(o.Genome), Failed: o.Failed}
		var err error
		if c.MAdds, _, err = t.cost.Of(searchspace.Measurement{Arch: o.Genome}); err != nil {
			return nil, err
		}
		if !o.Failed {
			c.Accuracy, c.Score = accuracyOf(&o), -o.Objectives[atScore]
		}
		r.Tried = append(r.Tried, c)
	}
	best, q := w.best()
	r.Quality = q
	for _, o := range best[:min(len(best), top)] {
		r.Best = append(r.Best, t.space.Format(o.Genome))
	}
	return r, nil
}

// proportionError is the standard error of a share of right answers. One more right and one more
// wrong answer are counted in, for where all are right a few images do not make it certain.
func proportionError(right, all int) float64 {
	n := float64(all)
	p := (float64(right) + 1) / (n + 2)
	return math.Sqrt(p * (1 - p) / n)
}

// WithoutSeconds is the report without what differs from one run to the next.
func (r Report) WithoutSeconds() Report {
	r.Files = nil
	for _, t := range []**TaskReport{&r.Small, &r.Large} {
		if *t == nil {
			continue
		}
		one := **t
		one.Search.Seconds, one.Search.CPU = 0, 0
		one.Trained = slices.Clone(one.Trained)
		for i := range one.Trained {
			one.Trained[i].Seconds = 0
		}
		*t = &one
	}
	return r
}
