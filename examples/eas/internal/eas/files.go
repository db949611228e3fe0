package eas

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/plots"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/generator"
)

// Files that a run is for. The others in its folder are what queries need and what it goes on with.
const (
	meanFile       = "accuracy.svg"
	similarityFile = "similarity.svg"
	breakEvenFile  = "break-even.svg"
)

// finish prints the report and writes the files.
func (e *engine) finish(r *Report) error {
	text := r.Text()
	e.job.Say("%s", text)
	folder := e.job.Path("")
	if folder == "" {
		return nil
	}
	files := map[string][]byte{}
	for name, f := range r.figures() {
		data, err := plots.Render(f, plots.Ext(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files[name] = data
		r.Files = append(r.Files, e.job.Path(name))
	}
	r.Files = append(r.Files, e.job.Path(run.TextFile), e.job.Path(run.JSONFile))
	slices.Sort(r.Files)
	if err := e.job.WriteReport(r, text, files); err != nil {
		return err
	}
	e.job.Say("written to %s: accuracy.svg and one of each superclass, similarity.svg, break-even.svg, "+
		"report.txt, report.json", folder)
	return nil
}

// figures are the pictures, by file.
func (r *Report) figures() map[string]plots.Figure {
	out := map[string]plots.Figure{
		meanFile: r.accuracies("Mean over superclasses", func(m *MethodReport, b int) []*Answer {
			return m.At(b, len(r.Budgets))
		}),
		similarityFile: r.similar(),
		breakEvenFile:  r.breakEven(),
	}
	names := fileNames(generator.SuperclassNames(r.Superclasses))
	for k, s := range r.Superclasses {
		out["accuracy-"+names[k]+".svg"] = r.accuracies(s.Name, func(m *MethodReport, b int) []*Answer {
			return m.At(b, len(r.Budgets))[k : k+1]
		})
	}
	return out
}

// accuracies is accuracy against cost, a curve for each method.
func (r *Report) accuracies(title string, of func(m *MethodReport, b int) []*Answer) plots.Figure {
	f := plots.Figure{Title: title, XLabel: r.Unit.long(), YLabel: "percent of test images"}
	for i := range r.Methods {
		m := &r.Methods[i]
		s := plots.Series{Name: m.Title}
		for b := range r.Budgets {
			x := FiguresOf(of(m, b))
			s.X, s.Y = append(s.X, x.Cost/r.Unit.Of), append(s.Y, 100*x.Accuracy)
		}
		f.Series = append(f.Series, s)
	}
	return f
}

// similar is how alike the architectures of superclasses are, against the budget. Those of methods
// with one for all superclasses are the same.
func (r *Report) similar() plots.Figure {
	f := plots.Figure{Title: "Similarity of architectures between superclasses", XLabel: r.Unit.long(),
		YLabel: "mean cosine of one-hot encodings"}
	same := func(m MethodReport) bool { return m.Name == EASV || m.Name == OFAV }
	all := !slices.ContainsFunc(r.Methods, func(m MethodReport) bool { return !same(m) })
	for i := range r.Methods {
		if same(r.Methods[i]) && !all {
			continue
		}
		s := plots.Series{Name: r.Methods[i].Title, Y: r.Methods[i].Similarity}
		for _, b := range r.Budgets {
			s.X = append(s.X, b/r.Unit.Of)
		}
		f.Series = append(f.Series, s)
	}
	return f
}

// breakEven is the time of a method without the supernet, against the number of scenarios.
func (r *Report) breakEven() plots.Figure {
	const most = 1000
	f := plots.Figure{Title: "Time beside that of the supernet", XLabel: "scenarios", YLabel: "seconds",
		YFromZero: true}
	for i := range r.Methods {
		m := &r.Methods[i]
		each := m.Scenarios.Seconds / float64(len(m.Answers))
		f.Series = append(f.Series, plots.Series{Name: m.Title, X: []float64{1, most},
			Y: []float64{m.Once.Seconds + each, m.Once.Seconds + most*each}})
	}
	return f
}
