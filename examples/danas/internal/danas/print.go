package danas

import (
	"fmt"
	"strings"
)

// announce says what is about to run.
func (e *engine) announce() {
	cfg, say, r := e.cfg, e.job.Say, e.imagesReport()
	where := r.Path
	if where == "" {
		where = "embedded Fashion-MNIST images"
	}
	say("%s: %d classes at %d px, %d images to learn weights from, %d for architectures, %d for the "+
		"test figures", where,
		len(r.Classes), cfg.Size, r.Train, r.Val, r.Test)
	say("space %s of %d layers, width %g, stem stride %d; target %g M MAdds", e.space.Name(),
		len(e.space.Decisions()),
		cfg.Width, cfg.Stride, cfg.Target)
	if e.job.Path("") == "" {
		say("without -out nothing is kept: the model and the pictures go to the folder that it names")
	}
}

// describeEasiness prints what the reference networks say.
func (e *engine) describeEasiness(r *EasinessReport) {
	say := e.job.Say
	for _, x := range r.References {
		say("reference %s: %.1f M MAdds, accuracy %.1f %%", x.Family, x.MAdds, 100*x.Accuracy)
	}
	var names []string
	ranking := r.Easiness.Ranking()
	for _, c := range ranking {
		names = append(names, fmt.Sprintf("%s %.2f", e.images.train.Classes()[c], r.Easiness.Classes[c].Mean))
	}
	if n := len(names); n > 12 {
		names = append(append(names[:6:6], "…"), names[n-6:]...)
	}
	say("classes from easy to hard, with mean entropy: %s", strings.Join(names, ", "))
	for _, x := range append(r.Agreements, r.Learnt...) {
		say("  %s and %s: Spearman %.2f (%.2f to %.2f), Kendall %.2f, p %.3f", x.A, x.B, x.Spearman,
			x.SpearmanRange[0],
			x.SpearmanRange[1], x.Kendall, x.P)
	}
	suspects := 0
	for _, x := range r.Classes {
		suspects += len(x.Suspects)
	}
	say("  %d images to look at, %d pairs of classes often taken for each other", suspects, len(r.Twins))
}

// describeSearch prints a search that is done.
func (e *engine) describeSearch(r *Report) {
	if x := r.SinglePath; x != nil {
		e.job.Say("single path: %d epochs, %d evaluations in %.0f s; %s with %.3f M MAdds, %.1f %% of "+
			"the validation images",
			x.Epochs, x.Evaluations, x.Seconds, x.Arch, x.Cost/1e6, 100*x.Accuracy)
		return
	}
	s := r.Search
	e.job.Say("search: %.0f s, work of searched layers %.2f of that without schedule and pruning (%.2f "+
		"by arithmetic)",
		s.Seconds, s.Relative, s.Predicted)
	e.job.Say("  found    %s, %.3f M MAdds", s.Final.Text, s.Final.Cost/1e6)
	e.job.Say("  arg max  %s, %.3f M MAdds", s.ArgMax.Text, s.ArgMax.Cost/1e6)
}

// Text is the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	t := r.Trained
	if t == nil {
		return "classes were ranked, and nothing was searched\n"
	}
	fmt.Fprintf(&b, "trained from initial weights: %s\n", t.Arch)
	fmt.Fprintf(&b, "accuracy %.2f %% ± %.2f of the test images, %.2f M MAdds, %.3f M parameters, %.0f s\n",
		100*t.Accuracy,
		100*t.StandardError, t.MAdds, float64(t.Params)/1e6, t.Seconds)
	return b.String()
}
