package nasoa

import (
	"slices"

	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/zoo"
)

// Report is what a run found. Accuracies are fractions, times seconds.
type Report struct {
	Points []Point `json:"points,omitempty"` // architectures that the search measured
	// Candidates are those of them that were pretrained, with the accuracy on held-out images after
	// that and the step as it was measured for the zoo.
	Candidates []Point   `json:"candidates,omitempty"`
	Zoo        []Model   `json:"zoo,omitempty"`
	Outcomes   []Outcome `json:"outcomes,omitempty"`
	// Learners are how well a learner foretold the outcomes in their order.
	Learners []Learner `json:"learners,omitempty"`
	// InTime is about the tasks with a time limit.
	InTime *InTime  `json:"in_time,omitempty"`
	Answer *Outcome `json:"answer,omitempty"` // of -task
	Files  []string `json:"files,omitempty"`
	traces map[string]*Trace
}

// Model is one of the zoo.
type Model struct {
	Name      string    `json:"name"`
	Arch      string    `json:"arch"`
	Accuracy  float64   `json:"accuracy"` // after pretraining, on test images
	Samples   int       `json:"samples"`
	MAdds     int64     `json:"madds"`
	Params    int64     `json:"params"`
	Steps     []float64 `json:"steps"`     // of the largest batch, by number of frozen stages
	Inference float64   `json:"inference"` // of an image
	Memory    int64     `json:"memory"`    // bytes of a step of the largest batch, counted
	// Beside are the steps of the models of the zoo, by name, as they took right after Steps were
	// measured: of a network that the zoo is compared with.
	Beside map[string]float64 `json:"beside,omitempty"`
}

// Learner is how well one foretold.
type Learner struct {
	Name    string  `json:"name"`
	MAE     float64 `json:"mae"`
	MSE     float64 `json:"mse"`
	LastMAE float64 `json:"last_mae"` // of the last fifth
	Covered float64 `json:"covered"`  // part of the outcomes inside their intervals
}

// InTime counts the tasks with a time limit.
type InTime struct {
	Tasks   int `json:"tasks"`
	Refused int `json:"refused"` // no regime fitted
	Late    int `json:"late"`
	// Worst overrun, seconds, 0 where there is none.
	Worst   float64 `json:"worst"`
	Covered float64 `json:"covered"` // part of the accuracies inside their intervals
}

// describe fills in the zoo.
func (r *Report) describe(e *engine) {
	for _, entry := range e.zoo.Entries() {
		r.Zoo = append(r.Zoo, e.describe(&entry))
	}
}

func (e *engine) describe(entry *zoo.Entry) Model {
	m := Model{Name: entry.Name, Arch: entry.Arch, Accuracy: entry.Accuracy, Samples: entry.Samples,
		MAdds:  entry.MAdds,
		Params: entry.Params}
	m.Inference, _ = inference(entry)
	for _, t := range entry.Steps {
		if t.Batch == e.library.Tune.Batch && t.InputSize == e.library.Size {
			m.Memory = max(m.Memory, t.Memory)
		}
	}
	for _, k := range e.cfg.Tune.Frozen {
		s, _ := entry.StepTime("", e.library.Tune.Batch, e.library.Size, k)
		m.Steps = append(m.Steps, s)
	}
	return m
}

// judge fills in what the outcomes say.
func (r *Report) judge(e *engine, _ *predictor.Generator) error {
	r.traces = map[string]*Trace{}
	r.InTime = Punctual(r.Outcomes)
	if !slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return !o.Refused() }) {
		return nil // nothing to foretell
	}
	for _, rival := range Rivals(len(r.Outcomes)) {
		t, err := rival.Replay(e.models(), r.Outcomes, nil)
		if err != nil {
			return err
		}
		last, _ := t.Last()
		r.traces[rival.Name] = t
		r.Learners = append(r.Learners, Learner{rival.Name, t.MAE, t.MSE, last, t.Covered})
	}
	return nil
}

// Punctual counts the outcomes with a time limit; nil without any.
func Punctual(log []Outcome) *InTime {
	var c InTime
	inside := 0
	for _, o := range log {
		if o.Kind != kindChosen {
			continue
		}
		c.Tasks++
		if o.Refused() {
			c.Refused++
			continue
		}
		if over := o.Seconds - o.Limit; over > 0 {
			c.Late++
			c.Worst = max(c.Worst, over)
		}
		if o.Accuracy >= o.Low && o.Accuracy <= o.High {
			inside++
		}
	}
	if c.Tasks == 0 {
		return nil
	}
	c.Covered = float64(inside) / float64(max(c.Tasks-c.Refused, 1))
	return &c
}
