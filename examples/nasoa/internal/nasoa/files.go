package nasoa

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/plots"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Files that a run is for. The others in its folder are what it goes on with.
const (
	frontFile = "front.svg"
	alphaFile = "alpha.svg"
	oursFile  = "alpha-ours.svg"
	errorFile = "error.svg"
)

// finish prints the report and writes the files.
func (e *engine) finish(r *Report) error {
	text := r.Text()
	e.job.Say("%s", strings.TrimRight(text, "\n"))
	folder := e.job.Path("")
	if folder == "" {
		e.job.Say("without -out nothing is kept")
		return nil
	}
	files := map[string][]byte{}
	for name, f := range r.figures() {
		data, err := plots.Render(f, plots.Ext(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files[name] = data
	}
	if e.cfg.From == "" {
		r.Files = append(r.Files, e.job.Path(zooFolder))
	}
	for _, name := range []string{frontFile, alphaFile, oursFile, errorFile} {
		if files[name] != nil {
			r.Files = append(r.Files, e.job.Path(name))
		}
	}
	if len(r.Outcomes) > 0 {
		r.Files = append(r.Files, e.job.Path(logFile))
	}
	r.Files = append(r.Files, e.job.Path(run.TextFile), e.job.Path(run.JSONFile))
	if err := e.job.WriteReport(r, text, files); err != nil {
		return err
	}
	e.job.Say("written to %s", folder)
	return nil
}

// figures are the pictures, by file.
func (r *Report) figures() map[string]plots.Figure {
	f := map[string]plots.Figure{}
	if s := r.front(); s != nil {
		f[frontFile] = plots.Figure{Title: "Accuracy and time of a training step", XLabel: "milliseconds",
			YLabel: "percent",
			Series: s}
	}
	if len(r.Outcomes) < 2 || len(r.Learners) == 0 {
		return f
	}
	var errs []plots.Series
	for _, l := range r.Learners {
		switch l.Name {
		case Ours, Paper, "running mean", "ridge", "MLP, 3 layers":
			y := plots.MovingMean(r.traces[l.Name].Errors, max(10, len(r.Outcomes)/20))
			for i := range y {
				y[i] *= 100
			}
			errs = append(errs, plots.Series{Name: l.Name, Y: y})
		}
	}
	f[errorFile] = plots.Figure{Title: "Error of what is foretold, moving mean", XLabel: "tasks",
		YLabel: "points",
		Series: errs, YFromZero: true}
	for name, of := range map[string]string{alphaFile: Paper, oursFile: Ours} {
		if s := weights(r.traces[of]); s != nil {
			f[name] = plots.Figure{Title: "Weights of experts, " + of, XLabel: "tasks", YLabel: "weight", Series: s}
		}
	}
	return f
}

// front are the architectures of the search and the zoo.
func (r *Report) front() (list []plots.Series) {
	for _, level := range []string{blockLevel, macroLevel} {
		s := plots.Series{Name: "search, " + level + " level", Dots: true}
		for _, p := range r.Points {
			if p.Level == level && !p.Over {
				s.X, s.Y = append(s.X, 1e3*p.Step), append(s.Y, 100*p.Accuracy)
			}
		}
		if s.X != nil {
			list = append(list, s)
		}
	}
	s := plots.Series{Name: "zoo, pretrained", Dots: true}
	for _, m := range r.Zoo {
		s.X, s.Y = append(s.X, 1e3*m.Steps[0]), append(s.Y, 100*m.Accuracy)
	}
	if s.X != nil {
		list = append(list, s)
	}
	return list
}

// weights are those of the layers over a replay.
func weights(t *Trace) (list []plots.Series) {
	if t == nil || len(t.Alphas) == 0 {
		return nil
	}
	linear := len(t.Alphas[0]) - 10 // experts before the layers
	for k := range t.Alphas[0] {
		s := plots.Series{Name: fmt.Sprintf("layer %d", k+1-linear)}
		if k < linear {
			s.Name = "linear"
		}
		for _, a := range t.Alphas {
			s.Y = append(s.Y, a[k])
		}
		list = append(list, s)
	}
	return list
}
