package supernet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/onnx"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// ONNXOptions configures Model.WriteONNX. The zero value, or a nil pointer, is the default.
type ONNXOptions struct {
	// ClassNames are written into the metadata, one per class of the model; nil means the model's,
	// and "0", "1", … where it has none. A name that the model knows must have the same number.
	ClassNames []string
	// KeepBatchNorm keeps every batch normalisation as a node of its own, for those who train on.
	// By default it is folded into the convolution that it follows, where nothing else reads that.
	KeepBatchNorm bool
	// Features adds the output "features", [batch, q]: what Model.Embed gives.
	Features bool
	// Probabilities adds the output "probabilities", [batch, classes].
	Probabilities bool
}

// WriteONNX writes the model as an ONNX file (operator set 17), which other runtimes can run. Its
// input is "images", float32 [batch, 3, size, size], normalised; its first output is "logits",
// [batch, classes]; the size of the batch is free. Weights have the names of WriteSafetensors.
//
// The metadata of the file say how to prepare images and how to read the result: "classes" (JSON
// list of names), "normalization_mean" and "normalization_std" (JSON lists; a byte v of channel c
// becomes (v/255−mean[c])/std[c], channels red, green, blue), "input_size", "space" (JSON) and
// "architecture" (its text form); "fit" (how images are made square: "crop" cuts the middle out,
// "pad" puts black around, "stretch" scales both sides) and "resampling" ("catmull-rom", the filter
// that they are resized with: dataset.Resampling). Where the bytes go is as for Net.Save; weights
// that are not finite, or are not with batch normalisation folded in, are refused with
// ErrNotFinite.
func (m *Model) WriteONNX(ctx context.Context, path string, o *ONNXOptions) error {
	if o == nil {
		o = &ONNXOptions{}
	}
	if err := m.acquire(ctx); err != nil {
		return fmt.Errorf("supernet: write ONNX: %w", err)
	}
	defer m.release()
	if err := m.writeONNX(path, o); err != nil {
		return fmt.Errorf("supernet: write ONNX: %w", err)
	}
	return nil
}

// writeONNX writes the file. The caller has the turn.
func (m *Model) writeONNX(path string, o *ONNXOptions) error {
	metadata, err := m.onnxMetadata(o)
	if err != nil {
		return err
	}
	tensors, err := m.foreign()
	if err != nil {
		return err
	}
	data := make(map[string][]float32, len(tensors))
	for name := range tensors {
		t := tensors[name]
		data[name] = t.Data.([]float32)
	}
	file, err := onnx.Encode(m.prog.graph, data, onnx.Options{KeepBatchNorm: o.KeepBatchNorm,
		Features:      o.Features,
		Probabilities: o.Probabilities, Metadata: metadata})
	if errors.Is(err, onnx.ErrNotFinite) {
		return fmt.Errorf("%w: %w; KeepBatchNorm may help", ErrNotFinite, err)
	}
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(path, file)
}

// onnxMetadata is the keys and values of the file's metadata.
func (m *Model) onnxMetadata(o *ONNXOptions) ([][2]string, error) {
	classes := o.ClassNames
	if classes == nil {
		for c := range m.classes {
			classes = append(classes, m.classes.name(c))
		}
	}
	if k := len(m.classes); len(classes) != k {
		return nil, fmt.Errorf("%d class names, expected %d", len(classes), k)
	}
	for c, known := range m.classes.number(classes).of {
		if known >= 0 && known != c {
			return nil, fmt.Errorf("name %q for class %d, expected %d, which the model calls so", classes[c], c, known)
		}
	}
	props := [][2]string{
		{"input_size", fmt.Sprint(m.prog.graph.InputSize)},
		{"architecture", m.space.Format(m.arch)},
		{"fit", cmp.Or(m.fit, dataset.FitCrop).String()},
		{"resampling", dataset.Resampling},
	}
	for _, p := range []struct {
		key   string
		value any
	}{
		{metaClasses, classes},
		{"normalization_mean", m.norm.Mean},
		{"normalization_std", m.norm.Std},
		{"space", m.space.Spec()},
	} {
		text, err := json.Marshal(p.value)
		if err != nil {
			return nil, fmt.Errorf("metadata %s: %w", p.key, err)
		}
		props = append(props, [2]string{p.key, string(text)})
	}
	return props, nil
}
