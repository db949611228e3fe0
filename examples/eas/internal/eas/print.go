package eas

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/generator"
)

// announce says what is about to run.
func (e *engine) announce() {
	say, r := e.job.Say, e.imagesReport()
	where := r.Path
	if where == "" {
		where = "embedded Fashion-MNIST images"
	}
	say("%s: %d superclasses of %d classes at %d px; %d images for the supernet, %d for generators, %d to "+
		"choose, %d for the test figures", where, r.Superclasses, r.Classes, e.cfg.Size, r.Train, r.Learn, r.Choose,
		r.Test)
	say("superclasses: %s", strings.Join(generator.SuperclassNames(e.superclasses), ", "))
	var budgets []string
	for _, b := range e.budgets {
		budgets = append(budgets, e.unit.Text(b))
	}
	say("networks of %s to %s, budgets %s", e.unit.Text(e.low), e.unit.Text(e.high), strings.Join(budgets, ", "))
	if e.job.Path("") == "" {
		say("without -out nothing is kept: queries and pictures need the folder that it names")
	}
}

// describe prints what a method found.
func (e *engine) describe(m *MethodReport) {
	f := m.All(len(e.budgets))
	e.job.Say("%s: %.2f %% ± %.2f of the test images, %.0f %% of the budgets used; %.1f s at first, %.2f s a "+
		"scenario", m.Title, 100*f.Accuracy, 100*f.Error, 100*f.Use, m.Once.Seconds,
		m.Scenarios.Seconds/float64(len(m.Answers)))
}

// Text is the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "method\t")
	for _, budget := range r.Budgets {
		fmt.Fprintf(w, "%s\t", r.Unit.Text(budget))
	}
	fmt.Fprint(w, "mean\tused, %\tat first, s\ta scenario, s\t\n")
	for i := range r.Methods {
		m := &r.Methods[i]
		fmt.Fprintf(w, "%s\t", m.Title)
		for n := range r.Budgets {
			fmt.Fprintf(w, "%.2f\t", 100*FiguresOf(m.At(n, len(r.Budgets))).Accuracy)
		}
		f := m.All(len(r.Budgets))
		fmt.Fprintf(w, "%.2f ± %.2f\t%.1f\t%.1f\t%.3f\t\n", 100*f.Accuracy, 100*f.Error, 100*f.Use, m.Once.Seconds,
			m.Scenarios.Seconds/float64(len(m.Answers)))
	}
	_ = w.Flush() // a strings.Builder has room
	b.WriteString("accuracy in percent of the test images of a superclass, among its classes alone, as a mean " +
		"over\nsuperclasses, with the standard error that the number of images gives\n")
	fmt.Fprintf(&b, "the cheapest network has %.2f %%, the dearest %.2f %%\n", 100*r.Ends.Cheapest, 100*r.Ends.Dearest)
	b.WriteString(r.headroom())
	for i := range r.Methods {
		b.WriteString("\n" + r.perSuperclass(&r.Methods[i]))
	}
	return b.String()
}

// headroom is the table of what there is to be found.
func (r *Report) headroom() string {
	if r.Headroom == nil {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\narchitectures of\tdiffer by\tby superclass\tnoise\tbest for each gains\tone for all "+
		"gains\t\n")
	for _, h := range r.Headroom {
		fmt.Fprintf(w, "%s\t%.2f (%s)\t%.2f (%s)\t%.2f\t%+.2f\t%+.2f\t\n", r.Unit.Text(h.Budget), 100*h.Arch,
			probability(h.PArch), 100*h.Interaction, probability(h.PInteraction), 100*h.Noise, 100*h.Each, 100*h.All)
	}
	_ = w.Flush()
	return b.String()
}

// probability writes a p.
func probability(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}

// perSuperclass is the table of a method's answers.
func (r *Report) perSuperclass(m *MethodReport) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\t", m.Title)
	for _, budget := range r.Budgets {
		fmt.Fprintf(w, "%s\t", r.Unit.Text(budget))
	}
	fmt.Fprint(w, "\n")
	for k, s := range r.Superclasses {
		fmt.Fprintf(w, "%s\t", s.Name)
		for i := range r.Budgets {
			fmt.Fprintf(w, "%.2f\t", 100*m.Answers[k*len(r.Budgets)+i].Accuracy())
		}
		fmt.Fprint(w, "\n")
	}
	fmt.Fprint(w, "similarity\t")
	for _, s := range m.Similarity {
		fmt.Fprintf(w, "%.3f\t", s)
	}
	fmt.Fprint(w, "\n")
	_ = w.Flush()
	return b.String()
}
