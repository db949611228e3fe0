package transfer

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
)

// Report is what the program found. Accuracies and probabilities are fractions.
type Report struct {
	Images  ImagesReport `json:"images"`
	Lengths Lengths      `json:"lengths"`
	Steps   []StepReport `json:"steps"`
	// Model is the name of the step whose network was written.
	Model string `json:"model"`
	// Confusions are the most frequent, Worst the test images with the least probability of the
	// true class, both of that network.
	Confusions []Confusion `json:"confusions"`
	Worst      []Worst     `json:"worst"`
	// Matrix counts test images by true class and answer.
	Matrix  [][]int  `json:"matrix"`
	Seconds float64  `json:"seconds"` // of all training and searching
	Files   []string `json:"files,omitempty"`
}

// Names of steps.
const (
	StepHead    = "linear head"
	StepTuned   = "fine-tuned"
	StepAdapted = "adapted"
	StepKept    = "kept" // the fine-tuned network, trained on as the adapted one was
	StepScratch = "from nothing"
)

// ancestors are the steps that others begin with.
var ancestors = map[string]string{StepTuned: StepHead, StepKept: StepTuned, StepAdapted: StepKept}

// StepReport is one network.
type StepReport struct {
	Name          string  `json:"name"`
	Arch          string  `json:"arch"`
	Accuracy      float64 `json:"accuracy"` // of the test images
	StandardError float64 `json:"standard_error"`
	Held          float64 `json:"held"` // accuracy of the held-out images, which choose
	MAdds         int64   `json:"madds"`
	Params        int64   `json:"params"`
	Seconds       float64 `json:"seconds"`               // that the step took
	CPU           float64 `json:"cpu_seconds,omitempty"` // the same of processors, where one start did it all
	Millis        float64 `json:"milliseconds"`          // an image takes, one at a time
	// Gain is the accuracy less that of the network that it was made from, and GainError the
	// standard error of this difference on the same images; 0 for the first.
	Gain      float64 `json:"gain"`
	GainError float64 `json:"gain_error"`
}

// Confusion is how often images of one class were taken for another.
type Confusion struct {
	True   string `json:"true"`
	Answer string `json:"answer"`
	Images int    `json:"images"`
	Of     int    `json:"of"` // images of the true class
}

// Worst is an image that the network is wrong about, or right with little confidence.
type Worst struct {
	Image       string  `json:"image"`
	Index       int     `json:"index"` // among test images
	True        string  `json:"true"`
	Answer      string  `json:"answer"`
	Probability float64 `json:"probability"` // of the true class
	Confidence  float64 `json:"confidence"`  // in the answer
}

// How many confusions and images a report has.
const (
	shownConfusions = 5
	shownWorst      = 24
)

// tested is what is kept of a network's test.
type tested struct {
	Answers contest.Answers `json:"answers"`
	Held    float64         `json:"held"`
	Millis  float64         `json:"milliseconds"`
}

// step judges a network, on the test images for people and on those held out for the choice.
func (e *engine) step(ctx context.Context, name string, m *supernet.Model, phases ...string) (
	s StepReport, err error) {
	t, err := run.Once(e.job, phaseTest+"-"+phases[0], func() (t tested, err error) {
		if t.Answers, err = contest.Of(ctx, m, e.images.test); err != nil {
			return t, err
		}
		held, err := contest.Of(ctx, m, e.images.held)
		if err != nil {
			return t, err
		}
		t.Held = held.Accuracy()
		timing, err := m.TimeInference(ctx, &supernet.TimeOptions{BatchSize: 1})
		if err != nil {
			return t, err
		}
		t.Millis = 1000 * timing.Median
		return t, nil
	})
	if err != nil {
		return s, err
	}
	c := m.Graph().Cost()
	s = StepReport{Name: name, Arch: e.space.Format(m.Arch()), Accuracy: t.Answers.Accuracy(),
		StandardError: standardError(t.Answers.Tally().Correct, t.Answers.Images), Held: t.Held,
		MAdds: c.MAdds, Params: c.Params, Millis: t.Millis}
	e.answers[name] = t.Answers
	if from, ok := e.answers[ancestors[name]]; ok {
		s.Gain, s.GainError = t.Answers.Difference(from)
	}
	for _, phase := range phases {
		s.Seconds += e.job.Clock.Seconds(phase)
		s.CPU += e.job.Clock.CPU(phase)
	}
	return s, nil
}

// standardError of a share of right answers. One more right and one more wrong answer are counted
// in, for where all are right a few images do not make it certain.
func standardError(right, all int) float64 {
	n := float64(all)
	p := (float64(right) + 1) / (n + 2)
	return math.Sqrt(p * (1 - p) / n)
}

// cheaperMayLose is how much less accurate than another a network with fewer multiply-adds may be
// and take its place.
const cheaperMayLose = 0.005

// choose is the step whose network to use, by the held-out images: each of them has to be as good
// as those before.
func (r *Report) choose() string {
	best := r.Steps[0]
	for _, s := range r.Steps[1:] {
		needed := best.Held
		if s.MAdds < best.MAdds {
			needed -= cheaperMayLose
		}
		if s.Held >= needed {
			best = s
		}
	}
	return best.Name
}

// look fills in what the network that is written gets wrong.
func (e *engine) look(ctx context.Context, m *supernet.Model, r *Report) error {
	verdicts, err := run.Once(e.job, "verdicts", func() (v []contest.Verdict, err error) {
		err = contest.Verdicts(ctx, m, e.images.test, func(one contest.Verdict) { v = append(v, one) })
		return v, err
	})
	if err != nil {
		return err
	}
	classes := m.ClassNames()
	r.Matrix = matrix(verdicts, len(classes))
	r.Confusions = confusions(r.Matrix, classes)
	for _, i := range worst(verdicts) {
		v := verdicts[i]
		r.Worst = append(r.Worst, Worst{Image: e.imageName(i), Index: i, True: classes[v.True],
			Answer: classes[v.Answer], Probability: float64(v.Probability), Confidence: float64(v.Confidence)})
	}
	return nil
}

// matrix counts images by true class and answer.
func matrix(verdicts []contest.Verdict, classes int) [][]int {
	m := make([][]int, classes)
	for c := range m {
		m[c] = make([]int, classes)
	}
	for _, v := range verdicts {
		m[v.True][v.Answer]++
	}
	return m
}

// confusions are the most frequent ones.
func confusions(matrix [][]int, classes []string) []Confusion {
	list := []Confusion{}
	for t, row := range matrix {
		of := 0
		for _, n := range row {
			of += n
		}
		for a, n := range row {
			if a != t && n > 0 {
				list = append(list, Confusion{classes[t], classes[a], n, of})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Confusion) int { return cmp.Compare(b.Images, a.Images) })
	return list[:min(len(list), shownConfusions)]
}

// worst are the images with the least probability of the true class, wrong answers first.
func worst(verdicts []contest.Verdict) []int {
	index := make([]int, len(verdicts))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int {
		x, y := verdicts[a], verdicts[b]
		if x.Right() != y.Right() {
			if y.Right() {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.Probability, y.Probability)
	})
	return index[:min(len(index), shownWorst)]
}

// WithoutSeconds is the report without what differs from one run to the next.
func (r Report) WithoutSeconds() Report {
	r.Seconds, r.Files = 0, nil
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		r.Steps[i].Seconds, r.Steps[i].CPU, r.Steps[i].Millis = 0, 0, 0
	}
	return r
}
