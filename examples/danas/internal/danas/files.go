package danas

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

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
	textFile       = "report.txt"
	jsonFile       = "report.json"
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
	files[textFile] = []byte(text)
	for _, name := range []string{modelFile, onnxFile, easinessFile, learningFile, confusionFile, candidatesFile,
		archFile, textFile, jsonFile} {
		if files[name] != nil || name == modelFile || name == onnxFile || name == jsonFile {
			r.Files = append(r.Files, e.job.Path(name))
		}
	}
	full, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	files[jsonFile] = append(full, '\n')
	for name, data := range files {
		if err := e.job.WriteFile(name, data); err != nil {
			return err
		}
	}
	e.job.Say("written to %s: model, pictures and report", folder)
	return nil
}

// pictures are the figures of the report, by file.
func (e *engine) pictures(r *Report) (map[string][]byte, error) {
	names, ranking := e.images.train.Classes(), r.Easiness.Easiness.Ranking()
	files := map[string][]byte{easinessFile: easinessFigure(r.Easiness, ranking, names),
		confusionFile: confusionFigure(r.Easiness.Confusion, ranking, names)}
	if f := learningFigure(r.Easiness.References, ranking, names); f != nil {
		files[learningFile] = f
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
