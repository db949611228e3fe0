package eatnas

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/plots"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Files that a run is for. The others in its folder are what it goes on with.
const (
	modelFile    = "model.ckpt"
	onnxFile     = "model.onnx"
	accuracyFile = "accuracy.svg"
	qualityFile  = "quality.svg"
	maddsFile    = "madds.svg"
	archFile     = "architectures.svg"
)

// finish prints the report and writes the files.
func (e *engine) finish(ctx context.Context, m *supernet.Model, r *Report) error {
	text := r.Text()
	e.job.Say("%s", text)
	folder := e.job.Path("")
	if folder == "" {
		return nil
	}
	if err := m.Save(ctx, e.job.Path(modelFile)); err != nil {
		return err
	}
	if err := m.WriteONNX(ctx, e.job.Path(onnxFile), &supernet.ONNXOptions{Probabilities: true}); err != nil {
		return err
	}
	files, err := e.pictures(r)
	if err != nil {
		return err
	}
	for _, name := range []string{modelFile, onnxFile, accuracyFile, qualityFile, maddsFile, archFile, run.TextFile,
		run.JSONFile} {
		r.Files = append(r.Files, e.job.Path(name))
	}
	if err := e.job.WriteReport(r, text, files); err != nil {
		return err
	}
	e.job.Say("written to %s: model.ckpt and model.onnx, accuracy.svg, quality.svg and madds.svg of the "+
		"populations, "+
		"architectures.svg, report.txt, report.json", folder)
	return nil
}

// pictures are the curves of the populations and the architectures that were chosen.
func (e *engine) pictures(r *Report) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, f := range r.figures() {
		data, err := plots.Render(f, plots.Ext(name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = data
	}
	var archs []searchspace.Arch
	for _, text := range r.drawn() {
		a, err := e.wide.Parse(text)
		if err != nil {
			return nil, err
		}
		archs = append(archs, a)
	}
	var b bytes.Buffer
	if err := searchspace.WriteSVG(&b, e.wide, archs...); err != nil {
		return nil, fmt.Errorf("%s: %w", archFile, err)
	}
	files[archFile] = b.Bytes()
	return files, nil
}

// figures are the curves of the populations, by file.
func (r *Report) figures() map[string]plots.Figure {
	const axis = "architectures measured"
	curves := map[string]plots.Figure{
		accuracyFile: {Title: "Mean accuracy of the population", XLabel: axis,
			YLabel: "percent of held-out images"},
		qualityFile: {Title: "Quality of the population", XLabel: axis, YLabel: "quality"},
		maddsFile:   {Title: "Mean multiply-adds of the population", XLabel: axis, YLabel: "millions"},
	}
	value := map[string]func(p Point) float64{
		accuracyFile: func(p Point) float64 { return 100 * p.Accuracy },
		qualityFile:  func(p Point) float64 { return p.Quality },
		maddsFile:    func(p Point) float64 { return p.MAdds },
	}
	for name, f := range curves {
		for _, t := range r.tasks() {
			s := plots.Series{Name: t.name + " task"}
			for i, p := range t.of.Search.Curve {
				if v := value[name](p); v > 0 { // else it is not known yet
					s.X, s.Y = append(s.X, float64(i+1)), append(s.Y, v)
				}
			}
			f.Series = append(f.Series, s)
		}
		curves[name] = f
	}
	return curves
}

// drawn are the architectures to be drawn: the basic one, where the small task has not found it,
// and those that were chosen.
func (r *Report) drawn() (list []string) {
	if r.Small != nil {
		list = append(list, r.Small.Network().Arch)
	} else if r.Basic != "" {
		list = append(list, r.Basic)
	}
	if r.Large != nil {
		list = append(list, r.Large.Network().Arch)
	}
	return list
}
