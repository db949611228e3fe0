package supernet

import (
	"context"
	"fmt"
	"sync"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// MorphOptions configures Model.Morph. The zero value, or a nil pointer, is the default.
type MorphOptions struct {
	// Supernet gives what the model has no weights for: new channels, rings around kernels of new
	// channels, new layers. It is of the model's space, restrictions and classes aside. Nil leaves
	// initial weights there, drawn with the model's seed.
	Supernet *Net
	// Classes are the classes of the new model, matched by name as Model.WithClasses does; nil
	// means those of the model.
	Classes []string
	// Calibration is training data that batch-norm statistics are gathered on, 2000 images without
	// augmentation as Model.Recalibrate does, when the morph changes the function. Nil leaves that
	// to the caller. MorphReport.Recalibrated says whether it was done.
	Calibration dataset.Dataset
	// KeepOffset is for a model whose running statistics are those of other images than
	// Calibration, a pretrained one that is fine-tuned with them (PretrainedReport.Rate with norms
	// 0). They are then not replaced: means move by the difference that the morph makes to the
	// statistics of the calibration images, variances by the ratio.
	KeepOffset bool
}

// Morph returns a model of another architecture of the same space that goes on where this one is:
// with its weights wherever layers correspond, and where the network grows with the same function.
// Further training starts from what the model knows. The model itself stays as it is, and may
// classify meanwhile.
//
// Layers correspond by site (searchspace.Node.Site). What overlaps is copied, running statistics
// included; new parts begin without effect on what was there, and with weights of a supernet where
// they have an effect on each other only:
//
//   - A larger kernel is the old one in the middle of zeros, a smaller one its centre.
//   - Of more channels the first are the old ones. In layers that mix channels, weights from new to
//     old channels are 0; those into new channels, and depthwise kernels, biases and batch
//     normalisations of new channels, come from the supernet.
//   - Of fewer channels the most important ones stay, in their order, everywhere that they go: by
//     the L1 norm of the weights that read them times |γ| of the batch normalisation that they come
//     from.
//   - A new residual layer is the identity: scale and shift of the last batch normalisation of its
//     branch are 0, or the shift 1e-6 where ReLU follows it inside the branch. A removed layer is
//     dropped.
//   - The classifier gets the rows of classes of the same name. New classes start with initial
//     weights.
//   - Layers that correspond to nothing have the supernet's weights.
//
// MorphReport.Preserved says whether logits of classes that both models know stay the same, up to
// rounding, with running statistics as with those of a batch. That holds whenever an architecture
// grows in ResNet50, ResNet and MobileNet, in MobileNetV3, ProxylessNAS and EfficientNetLite unless
// a layer goes from expand ratio 1, which has no expand convolution, to a larger one (no default
// list of ratios holds 1), and in EAT-NAS where operation (expansion aside), skip connection and
// form of the shortcut stay and new layers have a skip connection. Elsewhere, weights move as far
// as sites correspond.
//
// The method is that of function-preserving transformations: Chen, Goodfellow, Shlens, "Net2Net:
// Accelerating Learning via Knowledge Transfer", ICLR 2016. It differs in two ways. New channels
// are not copies of old ones, whose outgoing weights are then shared: they are of a network that
// was trained with them, read by nothing old at first, so that no noise has to part twins. A new
// layer is no identity matrix, which only ReLU between layers would bear: residual branches begin
// with scale 0 (Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 5.1).
//
// The error wraps searchspace.ErrInvalid for an architecture outside the space, and ErrData for
// calibration images that do not fit.
func (m *Model) Morph(ctx context.Context, to searchspace.Arch, o *MorphOptions) (
	*Model, *MorphReport, error) {
	out, report, err := m.morph(ctx, to, o)
	if err != nil {
		return nil, nil, fmt.Errorf("supernet: morph: %w", err)
	}
	return out, report, nil
}

// PlanMorph says what Morph would do and what the network would cost, and does nothing: it returns
// the report of Morph without reading a weight. It may be called at any time.
func (m *Model) PlanMorph(to searchspace.Arch, o *MorphOptions) (*MorphReport, error) {
	m.weights.RLock()
	defer m.weights.RUnlock()
	p, err := m.planMorph(to, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: plan morph: %w", err)
	}
	return p.report(p.follow(nil)), nil
}

func (m *Model) morph(ctx context.Context, to searchspace.Arch, o *MorphOptions) (
	*Model, *MorphReport, error) {
	p, weights, err := m.beginMorph(ctx, to, o)
	if err != nil {
		return nil, nil, err
	}
	ways := p.follow(func() [][]float64 { return importance(p.old, weights, p.matched) })
	report := p.report(ways)
	out, err := modelFrom(ways.begin(), m.backend, p.space, to, p.options)
	if err != nil {
		return nil, nil, err
	}
	out.SetStage(m.Stage())
	if p.Supernet != nil {
		if err := out.fill(ctx, p.Supernet); err != nil {
			return nil, nil, fmt.Errorf("supernet that fills: %w", err)
		}
	}
	if err := out.goOn(ways, weights); err != nil {
		return nil, nil, err
	}
	if !report.Recalibrated {
		return out, report, nil
	}
	im, err := out.calibration(&EvalOptions{Calibration: p.Calibration})
	if err != nil {
		return nil, nil, err
	}
	if !p.KeepOffset {
		return out, report, out.recalibrate(ctx, im)
	}
	before, err := modelFrom(zeros, m.backend, p.before, p.from, m.options())
	if err == nil {
		err = before.put(weights)
	}
	if err == nil {
		err = out.shift(ctx, ways, before, im)
	}
	return out, report, err
}

// beginMorph checks the arguments and copies what is needed of the model. It has the turn no longer
// than that, so that nobody waits for the model while a morph waits for a supernet.
func (m *Model) beginMorph(ctx context.Context, to searchspace.Arch, o *MorphOptions) (
	*morphPlan, arrays, error) {
	if err := m.acquire(ctx); err != nil {
		return nil, nil, err
	}
	defer m.release()
	p, err := m.planMorph(to, o)
	if err != nil {
		return nil, nil, err
	}
	weights, err := m.copies()
	return p, weights, err
}

// morphPlan is what is known about a morph before weights are read.
type morphPlan struct {
	MorphOptions
	before   *searchspace.Space // of the old model
	space    *searchspace.Space // of the new model
	from, to searchspace.Arch
	old, new *searchspace.Graph
	matched  []int    // class of the model by class of the new one, −1 for new ones
	options  *Options // of the new model
}

// planMorph checks the arguments. The caller has the turn, or reads under the lock.
func (m *Model) planMorph(to searchspace.Arch, o *MorphOptions) (*morphPlan, error) {
	p := &morphPlan{from: m.arch, to: to, before: m.space, old: m.prog.graph, options: m.options()}
	if o != nil {
		p.MorphOptions = *o
	}
	if p.Classes == nil {
		p.Classes = m.classes
	}
	p.options.Classes = p.Classes
	var err error
	if p.matched, err = m.classes.match(p.Classes); err != nil {
		return nil, err
	}
	if p.space, err = m.space.WithClasses(len(p.Classes)); err != nil {
		return nil, err
	}
	if p.new, err = p.space.Lower(to); err != nil {
		return nil, err
	}
	if p.Supernet != nil {
		if err = p.Supernet.has(to, p.new); err != nil {
			return nil, fmt.Errorf("supernet that fills: %w", err)
		}
	}
	if p.Calibration != nil {
		err = checkData(p.Calibration, p.space.InputSize())
	}
	return p, err
}

// follow finds the way of all channels; important is called once if some do not stay, nil keeps the
// first ones.
func (p *morphPlan) follow(important func() [][]float64) *channels {
	if important == nil {
		return follow(p.old, p.new, p.matched, nil)
	}
	once := sync.OnceValue(important)
	return follow(p.old, p.new, p.matched, func(m *searchspace.Node, n int) []int {
		if n == m.Out.C {
			return prefix(n, n)
		}
		return best(once()[m.ID], n)
	})
}

// report is what the morph does along the way of all channels.
func (p *morphPlan) report(c *channels) *MorphReport {
	end := func(a searchspace.Arch, g *searchspace.Graph) MorphEnd {
		return MorphEnd{Arch: a, Text: p.space.Format(a), Classes: g.Classes, Cost: g.Cost()}
	}
	return &MorphReport{From: end(p.from, p.old), To: end(p.to, p.new), Nodes: c.nodes(),
		Preserved: c.preserved, Recalibrated: !c.preserved && p.Calibration != nil}
}
