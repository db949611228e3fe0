package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/plots"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/predictor"
)

// Pictures, in the folder of the records.
const (
	regretPicture = "regret.svg"
	errorPicture  = "error.svg"
	frontPicture  = "front.svg"
)

// draw writes the pictures of what is there.
func (t tables) draw(dir string) error {
	figures, err := t.figures()
	if err != nil {
		return err
	}
	for name, f := range figures {
		data, err := plots.Render(f, plots.Ext(name))
		if err == nil {
			err = checkpoint.WriteBytesAtomic(filepath.Join(dir, name), data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (t tables) figures() (map[string]plots.Figure, error) {
	figures := map[string]plots.Figure{}
	if s := t.frontSeries(); s != nil {
		figures[frontPicture] = plots.Figure{Title: "Accuracy on test images and time of a training step",
			XLabel: "milliseconds", YLabel: "percent", Series: s}
	}
	log := t.randomLog()
	if len(log) < 2 || len(t.modelsOf()) == 0 {
		return figures, nil
	}
	regret := plots.Figure{Title: "Average regret·√t of hedges on real outcomes", XLabel: "outcomes",
		YLabel: "regret·√t"}
	errs := plots.Figure{Title: "Error of what is foretold, moving mean", XLabel: "outcomes", YLabel: "points",
		YFromZero: true}
	for _, r := range nasoa.Rivals(len(log)) {
		trace, err := r.Replay(t.modelsOf(), log, nil)
		if err != nil {
			return nil, err
		}
		if r.Name == nasoa.Paper || r.Name == nasoa.Theorem {
			s := plots.Series{Name: r.Name}
			for i, v := range trace.Regrets {
				s.Y = append(s.Y, v*math.Sqrt(float64(i+1)))
			}
			regret.Series = append(regret.Series, s)
		}
		if slices.Contains([]string{nasoa.Ours, nasoa.Paper, "MLP, 3 layers", "running mean", "ridge"}, r.Name) {
			s := plots.Series{Name: r.Name, Y: plots.MovingMean(trace.Errors, 50)}
			for i := range s.Y {
				s.Y[i] *= 100
			}
			errs.Series = append(errs.Series, s)
		}
	}
	n := len(log)
	bound := predictor.RegretBound(10, n, 0) * math.Sqrt(float64(n))
	regret.Series = append(regret.Series, plots.Series{Name: "bound of Theorem 1 at the end", X: []float64{1, float64(n)},
		Y: []float64{bound, bound}})
	figures[regretPicture], figures[errorPicture] = regret, errs
	return figures, nil
}

// beside is the mean step of a model of the zoo as measured beside networks of other families,
// where some were trained.
func (t tables) beside(m *nasoa.Model) float64 {
	var steps []float64
	for _, n := range t.networks() {
		if s, ok := n.Beside[m.Name]; ok {
			steps = append(steps, s)
		}
	}
	if steps == nil {
		return m.Steps[0]
	}
	return stat.Mean(steps, nil)
}

// frontSeries are the zoo and the networks of other families, a family each.
func (t tables) frontSeries() (list []plots.Series) {
	add := func(name string, m *nasoa.Model, step float64) {
		i := slices.IndexFunc(list, func(s plots.Series) bool { return s.Name == name })
		if i < 0 {
			i = len(list)
			list = append(list, plots.Series{Name: name, Dots: true})
		}
		list[i].X, list[i].Y = append(list[i].X, 1e3*step), append(list[i].Y, 100*m.Accuracy)
	}
	if r := t.Get(zooCell); r != nil {
		for i := range r.Result.Zoo {
			m := &r.Result.Zoo[i]
			add("zoo", m, t.beside(m))
		}
	}
	for _, m := range t.networks() {
		var family string
		fmt.Sscan(m.Name, &family)
		add(family, m, m.Steps[0])
	}
	return list
}

// picture is a link to one that is there, or will be when the program ends.
func (t tables) picture(name, title string) string {
	ready := len(t.randomLog()) > 1 && len(t.modelsOf()) > 0
	if name == frontPicture {
		ready = t.frontSeries() != nil
	}
	if !ready {
		return ""
	}
	return fmt.Sprintf("![%s](nasoa/%s)\n", title, name)
}
