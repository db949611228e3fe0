package nasoa

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/examples/internal/progress"
)

// say prints an outcome.
func (e *engine) say(o *Outcome) {
	what := fmt.Sprintf("%s %d: %d classes of %s, %d images, similarity %.3f", o.Kind, o.Number, o.Classes,
		o.Source,
		o.Images, o.Similarity)
	if o.Refused() {
		e.job.Say("%s, limit %.2f s: no regime fits, %.2f s would do", what, o.Limit, o.Planned)
		return
	}
	regime := fmt.Sprintf("%s at rate %g, %d stages frozen, %d of %d steps", o.Model, o.Rate, o.Frozen, o.Steps,
		o.Iterations)
	accuracy := fmt.Sprintf("%s, foretold %s (%s to %s)", percent(o.Accuracy), percent(o.Predicted),
		percent(o.Low),
		percent(o.High))
	time := fmt.Sprintf("%.2f s", o.Seconds)
	if o.Limit > 0 {
		time += fmt.Sprintf(" of %.2f s", o.Limit)
	}
	e.job.Say("%s: %s: %s, %s", what, regime, accuracy, time)
}

// Text is the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	if len(r.Zoo) > 0 {
		fmt.Fprintf(w, "zoo\tarchitecture\taccuracy\tM MAdds\tk params\tstep, ms\tlast frozen, ms\tstep, MB\timage, ms\n")
	}
	for _, m := range r.Zoo {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.2f\t%.0f\t%.1f\t%.1f\t%.1f\t%.2f\n", m.Name, m.Arch, percent(m.Accuracy),
			millions(m.MAdds),
			float64(m.Params)/1e3, 1e3*m.Steps[0], 1e3*m.Steps[len(m.Steps)-1], float64(m.Memory)/1e6, 1e3*m.Inference)
	}
	w.Flush()
	if len(r.Learners) > 0 {
		fmt.Fprintf(&b, "\nforetelling %d outcomes, absolute error:\n", len(r.Outcomes))
	}
	for _, l := range r.Learners {
		fmt.Fprintf(w, "%s\t%s\tlast fifth\t%s\tinside 90 %% interval\t%s\n", l.Name, percent(l.MAE),
			percent(l.LastMAE),
			percent(l.Covered))
	}
	w.Flush()
	if c := r.InTime; c != nil {
		fmt.Fprintf(&b, "\n%d tasks with a time limit: %d late, by %.2f s at worst, %d refused", c.Tasks, c.Late, c.Worst,
			c.Refused)
		if c.Refused < c.Tasks {
			fmt.Fprintf(&b, "; %s of the accuracies inside their intervals", percent(c.Covered))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// plan tells the bar what is to come, in seconds of the tasks with limits.
func (e *engine) plan() {
	const search, pretrain = 1e-3, 1e-3 // seconds for an image
	var phases []progress.Planned
	if c := e.cfg; c.From == "" {
		one := search * float64(c.Search.Train.Epochs*e.searched())
		phases = append(phases, progress.Planned{Name: searchTitle(blockLevel),
			Work: one * float64(c.Search.Block)},
			progress.Planned{Name: searchTitle(macroLevel), Work: one * float64(c.Search.Macro)})
		for i := range max(c.Models, c.Candidates) {
			phases = append(phases, progress.Planned{Name: pretrainTitle(i),
				Work: pretrain * float64(c.Pretrain.Epochs*e.known.train.Len())})
		}
	}
	if s := e.cfg.Stream; e.cfg.Run != Zoo {
		phases = append(phases, progress.Planned{Name: "stream",
			Work: float64(s.Random+s.Chosen) * (s.Shortest + s.Longest) / 2})
	}
	e.job.Out.Plan(phases...)
}

// searched is how many images an architecture of the search is trained on.
func (e *engine) searched() int {
	if n := e.cfg.Search.Images; n > 0 {
		return min(n, e.known.train.Len())
	}
	return e.known.train.Len()
}

func searchTitle(level string) string { return "search, " + level + " level" }

func pretrainTitle(i int) string { return "pretrain " + modelName(i) }
