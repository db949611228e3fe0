package eas

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/generator"
)

// Report is what the program found. Accuracies are fractions, costs multiply-adds or seconds.
type Report struct {
	Images       ImagesReport           `json:"images,omitzero"`
	Superclasses []generator.Superclass `json:"superclasses"`
	Unit         unit                   `json:"unit"` // in which people have costs
	Low          float64                `json:"low"`  // cost of the cheapest network
	High         float64                `json:"high"` // of the dearest
	Budgets      []float64              `json:"budgets,omitempty"`
	Drop         float64                `json:"drop"`
	Trained      Took                   `json:"trained,omitzero"`   // the supernet
	Ends         Ends                   `json:"ends,omitzero"`      // of the range of networks
	Headroom     []Headroom             `json:"headroom,omitempty"` // by budget
	Methods      []MethodReport         `json:"methods,omitempty"`
	// Fifty is the time of processors, seconds, of the generator's most probable answers to fifty
	// scenarios; 0 = not known.
	Fifty   float64       `json:"fifty_cpu_seconds,omitempty"`
	Queries []QueryAnswer `json:"queries,omitempty"`
	Files   []string      `json:"files,omitempty"`
}

// Took is how long something took.
type Took struct {
	Seconds float64 `json:"seconds"` // wall time, interruptions left out
	// CPU is the time of processors, seconds; 0 where one start did not do all of a phase.
	CPU float64 `json:"cpu_seconds,omitempty"`
}

// MethodReport is what a method found.
type MethodReport struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Once is what comes before the first scenario: training the generator, measuring architectures
	// and training predictors. Scenarios is all scenarios, choice by accuracy included.
	Once      Took `json:"once"`
	Scenarios Took `json:"scenarios"`
	// Similarity is the mean cosine of one-hot encodings over pairs of superclasses, for each
	// budget.
	Similarity []float64 `json:"similarity"`
	Answers    []Answer  `json:"answers"` // superclass by superclass, and within it by budget
}

// Answer is the architecture that was found for a scenario.
type Answer struct {
	Superclass string  `json:"superclass"`
	Budget     float64 `json:"budget"`
	Arch       string  `json:"arch"`
	Cost       float64 `json:"cost"`
	Held       float64 `json:"held"` // accuracy on the images that choose; 0 = nothing was to choose
	Correct    int     `json:"correct"`
	Images     int     `json:"images,omitzero"` // of the test
}

// Accuracy of the test images.
func (a *Answer) Accuracy() float64 { return float64(a.Correct) / float64(a.Images) }

// Method is the report of a method, nil where it was not run.
func (r *Report) Method(name string) *MethodReport {
	i := slices.IndexFunc(r.Methods, func(m MethodReport) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Methods[i]
}

// At are the answers for budget b of n, one for each superclass.
func (m *MethodReport) At(b, n int) (out []*Answer) {
	for i := b; i < len(m.Answers); i += n {
		out = append(out, &m.Answers[i])
	}
	return out
}

// Figures are means over the superclasses, each of the same weight.
type Figures struct {
	Accuracy, Error float64 // of test images, and its standard error from the number of images
	Cost, Use       float64 // and the part of the budget that it is
}

// FiguresOf are those of some answers.
func FiguresOf(list []*Answer) (f Figures) {
	n := float64(len(list))
	for _, a := range list {
		f.Accuracy += a.Accuracy() / n
		f.Cost += a.Cost / n
		f.Use += a.Cost / a.Budget / n
		e := proportionError(a.Correct, a.Images)
		f.Error += e * e / (n * n)
	}
	f.Error = math.Sqrt(f.Error)
	return f
}

// All are the figures over all scenarios of n budgets. The images are the same for all budgets, so
// that the error is not smaller than that of one.
func (m *MethodReport) All(n int) (f Figures) {
	for b := range n {
		x := FiguresOf(m.At(b, n))
		f.Accuracy += x.Accuracy / float64(n)
		f.Error += x.Error / float64(n)
		f.Cost += x.Cost / float64(n)
		f.Use += x.Use / float64(n)
	}
	return f
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
	r.Files, r.Trained, r.Fifty = nil, Took{}, 0
	r.Methods = slices.Clone(r.Methods)
	for i := range r.Methods {
		r.Methods[i].Once, r.Methods[i].Scenarios = Took{}, Took{}
	}
	return r
}

// similarities are the mean cosines of the encodings of architectures between superclasses, by
// budget.
func (e *engine) similarities(list []found) []float64 {
	var out []float64
	for b := range e.budgets {
		var codes [][]float32
		for k := range e.superclasses {
			codes = append(codes, e.space.Encode(list[k*len(e.budgets)+b].Arch))
		}
		sum, pairs := 0.0, 0
		for i := range codes {
			for j := range i {
				sum += cosine(codes[i], codes[j])
				pairs++
			}
		}
		out = append(out, sum/float64(pairs))
	}
	return out
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+float64(x*y), aa+float64(x*x), bb+float64(y*y)
	}
	return ab / math.Sqrt(aa*bb)
}
