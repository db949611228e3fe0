package nn

import "math"

// Schedule is a learning rate as a function of the step (or epoch) number, counted from 0.
type Schedule interface{ LR(step int) float64 }

// Constant is one learning rate for all steps.
type Constant float64

// LR implements Schedule.
func (c Constant) LR(int) float64 { return float64(c) }

// Cosine is Min + (Base−Min)·(1+cos(π·step/TMax))/2. Past TMax it stays at Min.
type Cosine struct {
	Base, Min float64
	TMax      int
}

// LR implements Schedule.
func (c Cosine) LR(step int) float64 {
	if step >= c.TMax {
		return c.Min
	}
	return c.Min + (c.Base-c.Min)*(1+math.Cos(math.Pi*float64(max(step, 0))/float64(c.TMax)))/2
}

// StepDecay multiplies Base by Gamma at each milestone: at step s it is Base·Gamma^(number of milestones ≤ s).
type StepDecay struct {
	Base, Gamma float64
	Milestones  []int
}

// LR implements Schedule.
func (d StepDecay) LR(step int) float64 {
	lr := d.Base
	for _, m := range d.Milestones {
		if step >= m {
			lr *= d.Gamma
		}
	}
	return lr
}

// Warmup rises linearly over Steps steps to the first rate of Then and then follows it from its step 0.
type Warmup struct {
	Steps int
	Then  Schedule
}

// LR implements Schedule.
func (w Warmup) LR(step int) float64 {
	if step >= w.Steps {
		return w.Then.LR(step - w.Steps)
	}
	return w.Then.LR(0) * float64(max(step, 0)+1) / float64(w.Steps+1)
}
