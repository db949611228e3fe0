package supernet

import (
	"context"
	"fmt"
	"io"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// PretrainedOptions configures Pretrained. The zero value, or a nil pointer, is the default.
type PretrainedOptions struct {
	// Options are those of NewModel. Normalization has to be that of the training which the weights
	// come from: the default, that of ImageNet, for torchvision and most others, mean and deviation
	// 0.5 for timm's networks whose names begin with tf_efficientnet_lite. Seed draws the weights
	// of a new head.
	Options
	// Layout says what the file calls the weights. Nil means the first of WeightLayouts that fits.
	Layout *WeightLayout
	// NewHead leaves the classifier with initial weights and passes over what the file has for it:
	// for other classes than those of the file. Without it the file has as many classes as the
	// space.
	NewHead bool
}

// Pretrained makes a model with published weights: those of a safetensors file, in the layouts of
// PyTorch, under the model's own names or those of a WeightLayout. src is read from where it stands
// to its end; it may be an *os.File or a bytes.Reader. Elements may be float32, float16, bfloat16
// or, rounded, float64.
//
//	f, err := os.Open("mobilenet_v2.safetensors")
//	published, _ := searchspace.FindModel("mobilenet_v2 x1.0")
//	space, arch, err := published.Open()
//	space, err = space.WithClasses(len(train.Classes()))
//	model, report, err := supernet.Pretrained(ctx, space, arch, f,
//		&supernet.PretrainedOptions{NewHead: true})
//
// It is strict: everything that the file and the layout leave open is counted in one error, with
// some examples, which wraps ErrWeights: names of the model that are missing, names of the file
// that are left over or become the same, other shapes and types, NaN, infinities and negative
// variances; and it says so where the file is not in any known layout. A damaged file is an error,
// too. A file of another number of classes needs NewHead; some of a file's classes are had by
// reading all and Model.WithClasses. Where Options.Classes and the metadata of the file both name
// classes, rows of the classifier are matched by name, and the classes must be the same; where only
// one does, rows are taken by number, and its names are those of the model.
//
// Names and shapes are all that can be checked. A network that is computed otherwise than where the
// weights come from answers otherwise: padding (TensorFlow's "same" against symmetric), epsilon of
// batch norms, activations, the range of pixels. Compare some probabilities (ClassifyTensor), or
// logits through WriteONNX.
func Pretrained(ctx context.Context, space *searchspace.Space, arch searchspace.Arch, src io.ReadSeeker,
	o *PretrainedOptions) (*Model, *PretrainedReport, error) {
	if o == nil {
		o = &PretrainedOptions{}
	}
	m, report, err := pretrained(ctx, space, arch, src, o)
	if err != nil {
		return nil, nil, fmt.Errorf("supernet: pretrained: %w", err)
	}
	return m, report, nil
}

func pretrained(ctx context.Context, space *searchspace.Space, arch searchspace.Arch, src io.ReadSeeker,
	o *PretrainedOptions) (m *Model, report *PretrainedReport, err error) {
	defer tensor.Recover(&err)
	if space == nil || src == nil {
		return nil, nil, fmt.Errorf("no space or no source, expected both")
	}
	w, err := readForeign(ctx, src)
	if err != nil {
		return nil, nil, err
	}
	b, err := newBackend(&o.Options)
	if err != nil {
		return nil, nil, err
	}
	if m, err = newModel(b, space, arch, &o.Options); err != nil {
		return nil, nil, err
	}
	p, err := m.readForeign(w, o.Layout, o.NewHead)
	if err != nil {
		return nil, nil, err
	}
	return m, m.pretrainedReport(w, p), nil
}
