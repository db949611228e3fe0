package transfer

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Files that a run is for. The others in its folder are what it goes on with.
const (
	modelFile     = "model.ckpt"
	onnxFile      = "model.onnx"
	confusionFile = "confusion.svg"
	worstFile     = "worst.png"
	archFile      = "architectures.svg"
)

// finish prints the report and writes the files.
func (e *engine) finish(ctx context.Context, m *supernet.Model, r *Report) error {
	folder := e.job.Path("")
	if folder == "" {
		e.job.Say("%s", r.Text(""))
		return nil
	}
	if err := m.Save(ctx, e.job.Path(modelFile)); err != nil {
		return err
	}
	if err := m.WriteONNX(ctx, e.job.Path(onnxFile), &supernet.ONNXOptions{Probabilities: true}); err != nil {
		return err
	}
	sheet, err := e.sheet(r.Worst)
	if err != nil {
		return fmt.Errorf("%s: %w", worstFile, err)
	}
	archs, err := e.drawArchitectures(r)
	if err != nil {
		return fmt.Errorf("%s: %w", archFile, err)
	}
	for _, name := range []string{modelFile, onnxFile, confusionFile, worstFile, archFile, run.TextFile, run.JSONFile} {
		r.Files = append(r.Files, e.job.Path(name))
	}
	text := r.Text(filepath.ToSlash(folder))
	e.job.Say("%s", text)
	e.job.Say("written to %s: the model, model.onnx, confusion.svg, worst.png, architectures.svg, report.txt, "+
		"report.json", folder)
	return e.job.WriteReport(r, text, map[string][]byte{
		confusionFile: confusionSVG(r.Images.Classes, r.Matrix), worstFile: sheet, archFile: archs})
}

// drawArchitectures draws Lite0 and the one that the search found.
func (e *engine) drawArchitectures(r *Report) ([]byte, error) {
	archs := []searchspace.Arch{e.start}
	for _, s := range r.Steps {
		if s.Name == StepAdapted {
			a, err := e.space.Parse(s.Arch)
			if err != nil {
				return nil, err
			}
			archs = append(archs, a)
		}
	}
	var b bytes.Buffer
	err := searchspace.WriteSVG(&b, e.space, archs...)
	return b.Bytes(), err
}
