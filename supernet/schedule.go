package supernet

import (
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// plan is TrainOptions with every default filled in, as far as it decides about the result; two
// runs with equal plans on equal data end in equal bits. It is what a training checkpoint is
// compared with.
type plan struct {
	Epochs, StepsPerEpoch, BatchSize int
	LR, Momentum, WeightDecay        float64
	Nesterov                         bool
	Schedule                         ScheduleKind
	TMax, WarmupSteps, DecayEpochs   int
	Gamma, LabelSmoothing, ClipNorm  float64
	DecayWeightsOnly                 bool
	StepsPerDraw                     int    // of a Net
	Sampler, Teacher, Masks          string // their identities
	Augment                          *dataset.Augment
	NoShuffle                        bool
	Seed                             uint64
	FrozenStages                     []int
	Images, Classes, Size            int
	Labels, Pixels                   string // fingerprints of the training data, for a checkpoint
	ClassNames                       []string
	Normalization                    dataset.Normalization
	Validation                       string // what judges; "" for nothing
	ValidateEvery                    int
}

// Values of a TrainOptions whose fields are zero: the published training code of AdaXpert.
const (
	defaultEpochs       = 100
	defaultTMax         = 120
	defaultBatch        = 256
	defaultLR           = 0.1
	defaultMomentum     = 0.9
	defaultWeightDecay  = 5e-4
	defaultStepsPerDraw = 5
	defaultDecayEpochs  = 30
	defaultGamma        = 0.1
)

// planOf checks options against the training data.
func planOf(o *TrainOptions, train dataset.Dataset, classes int) (*plan, error) {
	if err := dataset.Check(train); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	if train.Len() == 0 {
		return nil, fmt.Errorf("%w: no training images", ErrData)
	}
	p := &plan{
		Epochs: orInt(o.Epochs, defaultEpochs), BatchSize: min(orInt(o.BatchSize, defaultBatch), train.Len()),
		LR: orFloat(o.LR, defaultLR), Momentum: orFloat(o.Momentum, defaultMomentum),
		WeightDecay: orFloat(o.WeightDecay, defaultWeightDecay), Nesterov: o.Nesterov, Schedule: o.Schedule,
		TMax: o.TMax, WarmupSteps: max(o.WarmupSteps, 0), DecayEpochs: orInt(o.DecayEpochs,
			defaultDecayEpochs),
		Gamma: orFloat(o.Gamma, defaultGamma), LabelSmoothing: o.LabelSmoothing, ClipNorm: o.ClipNorm,
		DecayWeightsOnly: o.DecayWeightsOnly, Augment: o.Augment,
		NoShuffle: o.NoShuffle, Seed: o.Seed,
		FrozenStages: slices.Sorted(slices.Values(o.FrozenStages)),
		Images:       train.Len(), Classes: classes, Size: train.Size(),
		ValidateEvery: orInt(o.ValidateEvery, 1),
	}
	if o.Masks != nil {
		p.Masks = o.Masks.Identity()
	}
	if m, ok := o.Masks.(fittingMasks); ok {
		if err := m.fit(classes); err != nil {
			return nil, fmt.Errorf("class masks: %w", err)
		}
	}
	p.FrozenStages = slices.Compact(p.FrozenStages)
	if p.TMax == 0 {
		p.TMax = p.Epochs
		if o.Epochs == 0 {
			p.TMax = defaultTMax
		}
	}
	if p.BatchSize > 0 {
		p.StepsPerEpoch = train.Len() / p.BatchSize
	}
	return p, p.check()
}

func (p *plan) check() error {
	for _, f := range []struct {
		name   string
		value  float64
		lo, hi float64 // lo included, hi not
	}{
		{"epochs", float64(p.Epochs), 1, 1 << 31},
		{"batch size", float64(p.BatchSize), 1, 1 << 31},
		{"learning rate", p.LR, 0, math.Inf(1)},
		{"momentum", p.Momentum, 0, 1},
		{"weight decay", p.WeightDecay, 0, math.Inf(1)},
		{"cosine length", float64(p.TMax), 1, 1 << 31},
		{"decay epochs", float64(p.DecayEpochs), 1, 1 << 31},
		{"gamma", p.Gamma, 0, math.Inf(1)},
		{"label smoothing", p.LabelSmoothing, 0, 1},
		{"gradient norm limit", p.ClipNorm, 0, math.Inf(1)},
		{"epochs between validations", float64(p.ValidateEvery), 1, 1 << 31},
	} {
		if !(f.value >= f.lo && f.value < f.hi) {
			return fmt.Errorf("%s %v, expected at least %v and below %v", f.name, f.value, f.lo, f.hi)
		}
	}
	if p.Schedule < Cosine || p.Schedule > StepDecay {
		return fmt.Errorf("schedule %d, expected Cosine, Constant or StepDecay", p.Schedule)
	}
	return nil
}

// steps is the length of the whole training.
func (p *plan) steps() int { return p.Epochs * p.StepsPerEpoch }

// rate is the learning rate of a step, counted from 0.
func (p *plan) rate(step int) float64 {
	epoch := float64(step) / float64(p.StepsPerEpoch)
	lr := p.LR
	switch p.Schedule {
	case Cosine:
		lr *= (1 + math.Cos(math.Pi*epoch/float64(p.TMax))) / 2
	case StepDecay:
		lr *= math.Pow(p.Gamma, float64(step/(p.StepsPerEpoch*p.DecayEpochs)))
	}
	if step < p.WarmupSteps {
		lr *= float64(step+1) / float64(p.WarmupSteps)
	}
	return lr
}

// orInt is v, or the default d when v is 0; negative numbers are 0.
func orInt(v, d int) int {
	if v == 0 {
		return d
	}
	return max(v, 0)
}

// orFloat is v, or the default d when v is 0; negative numbers are 0.
func orFloat(v, d float64) float64 {
	switch {
	case v == 0:
		return d
	case !finite(v):
		return v // for a check to find
	}
	return max(v, 0)
}
