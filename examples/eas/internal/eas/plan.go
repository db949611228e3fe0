package eas

import "github.com/tendril-nas/tendril/examples/internal/progress"

// Titles of what is shown as it goes; the first word says how fast it is.
const (
	titleSupernet = "train supernet"
	titleHeadroom = "headroom"
	titleMeasure  = "measure for predictors"
	titleDraw     = "draw"
)

func titleLearn(method string) string  { return "learn " + method }
func titleChoose(method string) string { return "choose " + method }
func titleSearch(method string) string { return "search " + method }
func titleTest(method string) string   { return "test " + method }

// plan tells the bar what is to come, in images times the cost of a network; a backward pass counts
// as two forward ones.
func (e *engine) plan() {
	middle := (e.low + e.high) / 2
	scenarios, k := float64(len(e.groups)*len(e.budgets)), float64(len(e.groups))
	calibrated := float64(e.cfg.Calibrated)
	judged := func(times float64, images int, k float64) float64 {
		return times * (float64(images)/k + calibrated) * middle
	}
	d := &e.images
	epochs := float64(e.cfg.Supernet.Epochs * d.train.Len())
	// Of the phases after the first most run several networks a step, 2.4 on average, beside the
	// teacher.
	phases := []progress.Planned{{Name: titleSupernet, Work: epochs * (4*e.high + 2.4*3*middle)}}
	add := func(name string, work float64) { phases = append(phases, progress.Planned{Name: name, Work: work}) }
	if e.cfg.Headroom > 0 {
		add(titleHeadroom, judged(float64(e.cfg.Headroom*len(e.budgets)), d.choose.Len()+d.test.Len(), 1))
	}
	choice := judged(scenarios*float64(e.cfg.Samples), d.choose.Len(), k)
	measured := false
	for _, m := range e.cfg.Methods {
		switch m {
		case EAS, EASV, MultiPath:
			add(titleLearn(m), 4*float64(e.cfg.Generator.Steps*e.cfg.Generator.Batch)*e.high)
			if m != EASV {
				add(titleChoose(m), choice)
			}
		case OFAT, OFAV:
			if !measured {
				add(titleMeasure, judged(float64(e.cfg.OFA.Archs), d.learn.Len(), 1))
			}
			measured = true
			if m == OFAT {
				add(titleSearch(m), choice)
			}
		case RandomN:
			add(titleChoose(m), choice)
		}
		add(titleTest(m), judged(scenarios, d.test.Len(), k))
	}
	e.job.Out.Plan(phases...)
}
