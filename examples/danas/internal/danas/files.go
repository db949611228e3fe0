package danas

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Files that a run is for. The others in its folder are what it goes on with.
const (
	modelFile      = "model.ckpt"
	onnxFile       = "model.onnx"
	easinessFile   = "easiness.svg"
	learningFile   = "learning.svg"
	confusionFile  = "confusion.svg"
	candidatesFile = "candidates.svg"
	archFile       = "architecture.svg"
)

// finish prints the report and writes the files.
func (e *engine) finish(ctx context.Context, m *supernet.Model, r *Report) error {
	text := r.Text()
	e.job.Say("%s", text)
	folder := e.job.Path("")
	if folder == "" {
		return nil
	}
	var written []string
	if m != nil {
		if err := m.Save(ctx, e.job.Path(modelFile)); err != nil {
			return err
		}
		if err := m.WriteONNX(ctx, e.job.Path(onnxFile),
			&supernet.ONNXOptions{Probabilities: true}); err != nil {
			return err
		}
		written = append(written, modelFile, onnxFile)
	}
	files, err := e.pictures(r)
	if err != nil {
		return err
	}
	written = slices.Concat(written, slices.Sorted(maps.Keys(files)), []string{run.TextFile, run.JSONFile})
	for _, name := range written {
		r.Files = append(r.Files, e.job.Path(name))
	}
	if err := e.job.WriteReport(r, text, files); err != nil {
		return err
	}
	e.job.Say("written to %s: model, pictures and report", folder)
	return nil
}

// pictures are the figures of the report, by file.
func (e *engine) pictures(r *Report) (map[string][]byte, error) {
	files := map[string][]byte{}
	if x := r.Easiness; x != nil {
		names, ranking := e.images.train.Classes(), x.Easiness.Ranking()
		files[easinessFile] = easinessFigure(x, ranking, names)
		files[confusionFile] = confusionFigure(x.Confusion, ranking, names)
		if f := learningFigure(x.References, ranking, names); f != nil {
			files[learningFile] = f
		}
	}
	if r.Trained == nil {
		return files, nil
	}
	archs := []searchspace.Arch{r.found()}
	if r.Search != nil {
		files[candidatesFile] = candidatesFigure(e.space.Decisions(), r.Search.Phases)
		if a := r.Search.ArgMax.Arch; !a.IsZero() && a != archs[0] {
			archs = append(archs, a)
		}
	}
	var b bytes.Buffer
	if err := searchspace.WriteSVG(&b, e.space, archs...); err != nil {
		return nil, fmt.Errorf("%s: %w", archFile, err)
	}
	files[archFile] = b.Bytes()
	return files, nil
}
