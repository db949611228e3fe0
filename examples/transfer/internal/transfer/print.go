package transfer

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// announce says what is about to run.
func (e *engine) announce() error {
	r, l, cfg := e.imagesReport(), &e.lengths, e.cfg
	where := r.Path
	if where == "" {
		where = "embedded Fashion-MNIST images"
	}
	say := e.job.Say
	say("data: %s, %d classes, scaled to %d px", where, len(r.Classes), r.Size)
	say("%d images to learn from, %d held out for choices, %d for the test figures", r.Train, r.Held, r.Test)
	if e.job.Path("") == "" {
		say("without -out nothing is kept: the model and its pictures go to the folder that it names")
	}
	say("%g minutes of two cores, seed %d:", cfg.Minutes, cfg.Seed)
	say("  linear head: features of %d images", l.Head)
	say("  fine-tuning: %s", l.Tune)
	if cfg.Adapt {
		say("  search: %d changes, judged on %d held-out images", len(e.neighbours()), l.Search)
		say("  last training of two networks, each: %s", l.Last)
	}
	phases, err := e.planned()
	e.job.Out.Plan(phases...)
	return err
}

// String says how long a training is.
func (s Span) String() string {
	epochs := "epochs"
	if s.Epochs == 1 {
		epochs = "epoch"
	}
	steps := "steps"
	if s.Steps == 1 {
		steps = "step"
	}
	return fmt.Sprintf("%d %s of %d images, %d %s", s.Epochs, epochs, s.Images, s.Steps, steps)
}

// describe prints a step that is done.
func (e *engine) describe(s *StepReport) {
	gain := ""
	if from := ancestors[s.Name]; from != "" {
		gain = fmt.Sprintf(" (%+.2f ± %.2f beside %s)", 100*s.Gain, 100*s.GainError, from)
	}
	e.job.Say("%s: %.2f %% ± %.2f of %d test images%s, %.1f M MAdds, %.1f s", s.Name, 100*s.Accuracy,
		100*s.StandardError, e.images.test.Len(), gain, millions(s.MAdds), s.Seconds)
}

// percent writes a probability.
func percent(p float64) string {
	if p < 0.001 {
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", 100*p)
}

func millions(n int64) float64 { return float64(n) / 1e6 }

// listedWorst images are printed; the picture has more. Right answers with more than the
// probability surely are not bad enough.
const (
	listedWorst = 5
	surely      = 0.99
)

// fewHeld images leave the choice of a network to luck: their share of right ones has a standard
// error of up to seven points.
const fewHeld = 50

// Text is the report for people. folder is where the model lies; "" = nowhere.
func (r *Report) Text(folder string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "network\taccuracy, %\theld-out, %\tM MAdds\tM parameters\tseconds\tms an image\t\n")
	for _, s := range r.Steps {
		name := s.Name
		if name == r.Model {
			name = "> " + name
		}
		fmt.Fprintf(w, "%s\t%.2f ± %.2f\t%.2f\t%.1f\t%.2f\t%.1f\t%.1f\t\n", name, 100*s.Accuracy, 100*s.StandardError,
			100*s.Held, millions(s.MAdds), millions(s.Params), s.Seconds, s.Millis)
	}
	_ = w.Flush() // a strings.Builder has room
	fmt.Fprintf(&b, "accuracy on %d test images, with its standard error, and on the %d held out for choices, which "+
		"chose the network to use: %s\n",
		r.Images.Test, r.Images.Held, r.Model)
	if r.Images.Held < fewHeld {
		b.WriteString("so few images hardly tell networks apart: another one may be the better choice\n")
	}
	if len(r.Confusions) > 0 {
		b.WriteString("most confused:\n")
	}
	for _, c := range r.Confusions {
		fmt.Fprintf(&b, "  %s taken for %s: %d of %d images\n", c.True, c.Answer, c.Images, c.Of)
	}
	head := "worst images:\n"
	for _, v := range r.Worst[:min(len(r.Worst), listedWorst)] {
		right := v.True == v.Answer
		if right && v.Confidence > surely {
			continue
		}
		b.WriteString(head)
		head = ""
		if right {
			fmt.Fprintf(&b, "  %s: %s, right with only %s\n", v.Image, v.True, percent(v.Confidence))
			continue
		}
		fmt.Fprintf(&b, "  %s: %s %s, taken for %s %s\n", v.Image, v.True, percent(v.Probability), v.Answer,
			percent(v.Confidence))
	}
	if folder != "" {
		fmt.Fprintf(&b, "to use it from Go:\n  m, err := supernet.LoadModel(%q, nil)\n"+
			"  label, probabilities, err := m.Classify(img) // an image.Image of any size\n"+
			"  fmt.Println(m.ClassNames()[label], probabilities[label])\n", folder+"/"+modelFile)
	}
	return b.String()
}
