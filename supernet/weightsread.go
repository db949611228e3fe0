package supernet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// ReadSafetensors replaces all weights and running statistics by those of a file in the layouts of
// WriteSafetensors. layout renames and skips tensors of the file, and takes a prefix away:
//
//	&supernet.WeightLayout{Rules: []supernet.WeightRule{{Match: `^backbone\.`}}, Skip: []string{`^ema\.`}}
//
// Nil means the first of WeightLayouts that fits: the names of WriteSafetensors or, as in
// Pretrained, those of others. Elements may be float32, float16, bfloat16 or, rounded, float64. It
// is strict: when a name is missing, left over or has another shape or type, or a tensor holds NaN,
// an infinity or a negative variance, the error wraps ErrWeights and counts them, with some
// examples, and nothing changes. Batch counters ("num_batches_tracked") are passed over.
//
// Where the metadata of the file name its classes, the classifier is matched by name: the classes
// may come in another order than the model's, but must be the same, else the error wraps
// ErrWeights. A model that knows no names takes those of the file. A file without names is read by
// number, with a warning.
func (m *Model) ReadSafetensors(ctx context.Context, path string, layout *WeightLayout) error {
	if err := m.acquireToChange(ctx); err != nil {
		return fmt.Errorf("supernet: read weights: %w", err)
	}
	defer m.release()
	if err := m.readSafetensors(ctx, path, layout); err != nil {
		return fmt.Errorf("supernet: read weights: %s: %w", path, err)
	}
	return nil
}

func (m *Model) readSafetensors(ctx context.Context, path string, layout *WeightLayout) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := readForeign(ctx, f)
	if err != nil {
		return err
	}
	_, err = m.readForeign(w, layout, false)
	return err
}

// readForeign finds out which tensor of a file becomes which of the model, by the first known
// layout that fits where layout is nil, and puts them in place; newHead leaves the classifier as it
// is. The caller has the turn.
func (m *Model) readForeign(w *foreign, layout *WeightLayout, newHead bool) (p *pairing, err error) {
	var without map[string]bool
	if newHead {
		without = m.classifierKeys()
	}
	if layout == nil {
		p = recognise(m.keys(), w.names(), without)
	} else if p, err = layout.pair(m.keys(), w.names(), without); err != nil {
		return nil, err
	}
	if err = m.takeForeign(w, p, newHead); err == nil {
		return p, nil
	}
	if p.classes != "" {
		err = fmt.Errorf("%w; PretrainedOptions.NewHead begins a classifier of other classes", err)
	}
	if layout == nil {
		err = fmt.Errorf("%s: %w", p.nearest(), err)
	}
	return nil, err
}

// foreign is what a file of weights holds, under its names and in PyTorch's layouts.
type foreign struct {
	tensors map[string]checkpoint.Tensor
	classes classList // nil if the file does not name them
}

// names lists the tensors.
func (w *foreign) names() []string { return slices.Collect(maps.Keys(w.tensors)) }

// readForeign reads a safetensors file from where src stands to its end.
func readForeign(ctx context.Context, src io.ReadSeeker) (*foreign, error) {
	begin, err := src.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	end, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err := src.Seek(begin, io.SeekStart); err != nil {
		return nil, err
	}
	metadata, tensors, err := checkpoint.ReadSafetensors(checkpoint.UntilDone(ctx, src), end-begin)
	if ctx.Err() != nil {
		return nil, ctx.Err() // a file that was left is not a damaged one
	}
	if err != nil {
		return nil, err
	}
	classes, err := foreignClasses(metadata)
	return &foreign{tensors: tensors, classes: classes}, err
}

// foreignClasses is the names of classes that the metadata of a file give, nil if they give none.
func foreignClasses(metadata map[string]string) (classList, error) {
	text, ok := metadata[metaClasses]
	if !ok {
		return nil, nil
	}
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("%w: metadata %q: %w", ErrWeights, metaClasses, err)
	}
	classes, err := dataset.MergeClasses(names, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: metadata %q: %w", ErrWeights, metaClasses, err)
	}
	return classes, nil
}

// keys are the names of the model's tensors, in the order of its layers.
func (m *Model) keys() []string {
	keys := make([]string, len(m.store.list))
	for i, s := range m.store.list {
		keys[i] = s.key
	}
	return keys
}

// classifierKeys are the names of the tensors that have one part per class.
func (m *Model) classifierKeys() map[string]bool {
	keys := make(map[string]bool)
	n := &m.prog.graph.Nodes[m.prog.logits]
	for _, k := range kindsOf(n) {
		keys[m.store.place(n, k).key] = true
	}
	return keys
}

// takeForeign puts the tensors of a file in place; newHead leaves the classifier as it is. The
// caller has the turn.
func (m *Model) takeForeign(w *foreign, p *pairing, newHead bool) (err error) {
	defer tensor.Recover(&err)
	source, err := m.fromForeign(w.tensors, p)
	if err != nil {
		return err
	}
	ls := links(m.prog.graph, m.store, m.prog.graph, m.store)
	classifier := m.prog.logits
	if newHead {
		ls = slices.DeleteFunc(ls, func(l link) bool { return l.node.ID == classifier })
		return m.take(source, ls)
	}
	switch {
	case w.classes == nil:
		m.log.Warn("classes of weights are matched by number", "because", "the file does not name them")
	case len(w.classes) != len(m.classes):
		return fmt.Errorf("%w: names of %d classes, expected %d", ErrWeights, len(w.classes), len(m.classes))
	case m.classes.named():
		n := w.classes.number(m.classes)
		if slices.Contains(n.of, -1) {
			return fmt.Errorf("%w: classes %s, expected %s", ErrWeights, listed(w.classes), listed(m.classes))
		}
		if n.of != nil {
			renumber(ls, classifier, axisOf(n.of))
		}
	}
	if err := m.take(source, ls); err != nil {
		return err
	}
	if !m.classes.named() && w.classes != nil {
		m.rename(w.classes)
	}
	return nil
}

// fromForeign turns paired tensors into the layouts of the store, and complains of what does not
// fit.
func (m *Model) fromForeign(tensors map[string]checkpoint.Tensor, p *pairing) (arrays, error) {
	head := m.classifierKeys()
	values := make(arrays, len(p.of))
	for _, s := range m.store.list {
		name, ok := p.of[s.key]
		if !ok {
			continue
		}
		t := tensors[name]
		data, floats := t.Float32s()
		if want := s.foreignDims(); !floats || !slices.Equal(t.Shape, want) {
			if floats && head[s.key] && len(t.Shape) == len(want) && slices.Equal(t.Shape[1:], want[1:]) {
				p.classes = fmt.Sprintf("%d classes, expected %d", t.Shape[0], want[0])
			} else {
				p.misshapen = append(p.misshapen,
					fmt.Sprintf("%s (%s %v, expected floats %v)", name, t.DType(), t.Shape, want))
			}
			continue
		}
		if why := unusable(s, data); why != "" {
			p.unusable = append(p.unusable, name+" ("+why+")")
			continue
		}
		if !s.kind.vector() {
			data = nn.ToHWIO(data, s.out, s.in, s.kernel, s.kernel)
		}
		values[s.key] = &array{extent: s.extent, data: data}
	}
	return values, p.err()
}

// unusable says why no network can have these values, "" if one can.
func unusable(s *spec, data []float32) string {
	for i, v := range data {
		if v-v != 0 || s.kind == kindVar && v < 0 {
			return fmt.Sprintf("number %d is %v", i, v)
		}
	}
	return ""
}
