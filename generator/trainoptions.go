package generator

import (
	"fmt"
	"math"
	"reflect"
)

// TrainOptions sets up a training. The zero value of a field is its default.
type TrainOptions struct {
	// Steps is the number of updates, of one superclass and one budget each; 0 = 1500 (ours; the
	// published number of epochs is not legible in our copy, nor are the other defaults here).
	Steps int
	// BatchSize is the number of validation images of a step; 0 = 128, and never more than a
	// learner has.
	BatchSize int
	// LR is the learning rate of Adam; 0 = 1e-3.
	LR float64
	// Temperature is τ of eq. (9); 0 = 1.
	Temperature float64
	// Lambda is λ of eq. (4), nats per square of the relative distance from the budget; 0 = 1,
	// negative = none.
	Lambda float64
	// Aim is the part of the budget that the cost is drawn to: L_C = (C/(Aim·B) − 1)². With 1,
	// which is nearest to the paper, about half of what is drawn would be over the budget; 0 =
	// 0.97.
	Aim float64
	// Seed of superclasses, budgets, images and gates.
	Seed uint64

	// Checkpoint is the path of a file, as of Save, that lets an interrupted training go on. When
	// it exists, training starts from it and ends with the same bits as one that was never
	// interrupted; a finished one returns at once. It is written atomically before the first step,
	// every CheckpointEvery steps, at the end, and when training stops early. "" keeps none.
	Checkpoint string
	// CheckpointEvery counts steps; 0 = 100.
	CheckpointEvery int
	// Recorder is told of every step. Its error ends training. It may call Generate.
	Recorder Recorder
}

// trainPlan is what decides the result of a training.
type trainPlan struct {
	Steps       int     `json:"steps"`
	BatchSize   int     `json:"batch_size"`
	LR          float64 `json:"lr"`
	Temperature float64 `json:"temperature"`
	Lambda      float64 `json:"lambda"`
	Aim         float64 `json:"aim"`
	Seed        uint64  `json:"seed"`
	Images      []int   `json:"images"` // of each learner
}

const (
	maxSteps  = 1 << 30
	beta1     = 0.9
	beta2     = 0.999
	adamEps   = 1e-8
	saveEvery = 100
)

// plan is the plan for learners.
func (o *TrainOptions) plan(learners []Learner, superclasses int) (*trainPlan, error) {
	if len(learners) != superclasses {
		return nil, fmt.Errorf("generator: %d learners, expected one for each of the %d superclasses",
			len(learners),
			superclasses)
	}
	p := &trainPlan{Steps: or(o.Steps, 1500), BatchSize: or(o.BatchSize, 128), LR: or(o.LR, 1e-3),
		Temperature: or(o.Temperature, 1), Lambda: max(or(o.Lambda, 1), 0), Aim: or(o.Aim, 0.97),
		Seed: o.Seed}
	for i, l := range learners {
		if v := reflect.ValueOf(l); l == nil || v.Kind() == reflect.Pointer && v.IsNil() {
			return nil, fmt.Errorf("generator: no learner for superclass %d", i)
		}
		n := l.Len()
		if n < 1 {
			return nil, fmt.Errorf("generator: learner %d has %d images, expected at least 1", i, n)
		}
		p.Images = append(p.Images, n)
	}
	return p, p.check()
}

// check finds numbers that make no training.
func (p *trainPlan) check() error {
	if p.Steps < 1 || p.Steps > maxSteps || p.BatchSize < 1 {
		return fmt.Errorf("generator: %d steps of %d images, expected 1 to %d of at least 1", p.Steps,
			p.BatchSize,
			maxSteps)
	}
	for _, v := range []struct {
		name      string
		got, most float64
		zero      bool
	}{{"LR", p.LR, 1, false}, {"temperature", p.Temperature, 1e6, false}, {"lambda", p.Lambda, 1e12, true},
		{"aim", p.Aim, 1, false}} {
		if !(v.got >= 0 && v.got <= v.most) || v.got == 0 && !v.zero || math.IsInf(1/v.got, 0) && !v.zero {
			return fmt.Errorf("generator: %s %v, expected more than 0, up to %g", v.name, v.got, v.most)
		}
	}
	return nil
}
