package eatnas

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// announce says what is about to run.
func (e *engine) announce() {
	cfg, say := e.cfg, e.job.Say
	for _, t := range e.tasks() {
		r := t.imagesReport()
		where := r.Path
		if where == "" {
			where = "embedded Fashion-MNIST images"
		}
		say("%s task: %s, %d classes at %d px, %d images to learn from, %d held out, %d for the test figures",
			t.name,
			where, r.Classes, cfg.Size, r.Train, r.Held, r.Test)
		bound := ""
		if t.MAdds > 0 {
			bound = fmt.Sprintf(", at most %g M", t.MAdds)
		}
		say("  stem of %d channels and stride %d; score about %.1f M MAdds%s", cfg.Channels, t.Stride,
			t.Target, bound)
	}
	say("each search: a population of %d and %d cycles of tournaments of %d; the best %d are retrained",
		cfg.Population,
		cfg.Cycles, cfg.Sample, cfg.Top)
	if !cfg.Sharing {
		say("each candidate is trained from initial weights")
	}
	if e.job.Path("") == "" {
		say("without -out nothing is kept: the model and the pictures go to the folder that it names")
	}
	e.announceWork()
}

// describeSearch prints a search that is done.
func (e *engine) describeSearch(t *task, r *SearchReport) {
	first, last := r.Curve[min(e.cfg.Population, len(r.Curve))-1], r.Curve[len(r.Curve)-1]
	e.job.Say("%s task: %d architectures measured in %.0f s; mean accuracy of the population %.1f %% -> "+
		"%.1f %%, "+
		"%.1f -> %.1f M MAdds, best quality %.3f", t.name, len(r.Tried), r.Seconds, 100*first.Accuracy,
		100*last.Accuracy, first.MAdds, last.MAdds, r.Quality)
	if r.Converged {
		e.job.Say("  converged before its %d cycles were over", e.cfg.Cycles)
	}
}

// describe prints a network that was retrained.
func (e *engine) describe(t *task, r *Trained) {
	e.job.Say("  %s", r.Arch)
	e.job.Say("    retrained: %.2f %% of the held-out images, %.2f %% ± %.2f of the test images, %.1f M "+
		"MAdds, %.0f s",
		100*r.Held, 100*r.Accuracy, 100*r.StandardError, millions(r.MAdds), r.Seconds)
}

func millions(n int64) float64 { return float64(n) / 1e6 }

// Text is the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "task\tevaluations\tmean accuracy, %\tbest quality\ttest accuracy, %\tM MAdds\tM "+
		"parameters\tseconds\t\n")
	for _, t := range r.tasks() {
		n, seconds := t.of.Network(), t.of.Search.Seconds
		for _, one := range t.of.Trained {
			seconds += one.Seconds
		}
		fmt.Fprintf(w, "%s\t%d\t%.2f\t%.3f\t%.2f ± %.2f\t%.1f\t%.2f\t%.0f\t\n", t.name, len(t.of.Search.Tried),
			100*t.of.Search.Area(), t.of.Search.Quality, 100*n.Accuracy, 100*n.StandardError, millions(n.MAdds),
			millions(n.Params), seconds)
	}
	_ = w.Flush() // a strings.Builder has room
	b.WriteString("mean accuracy: of the population on held-out images, over all evaluations of the " +
		"search; test " +
		"accuracy: of\nthe network that was retrained and chosen by held-out images, with its standard error\n")
	switch r.Begin {
	case "":
	case Transferred:
		fmt.Fprintf(&b, "the large task began with architectures near the small task's best, %s\n", r.Basic)
	case Given, RandomBasic:
		fmt.Fprintf(&b, "the large task began with architectures near %s\n", r.Basic)
	default:
		fmt.Fprintf(&b, "the large task was searched without the small one: %s\n", r.Begin)
	}
	return b.String()
}
