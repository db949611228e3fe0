package supernet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

const (
	evaluatorKind    = "tendril-train-evaluator"
	evaluatorVersion = 1
)

// evaluatorIdentity is what decides about the measurements of an evaluator.
type evaluatorIdentity struct {
	Space       searchspace.Spec
	Heritage    Heritage
	Images      int    // one evaluation, of Plan.Images
	Calibration int    // images
	Judged      string // what is judged on
	NetworkSeed uint64
	Stage       int
	Plan        plan // of the training
}

// identify checks the training options and says what the evaluator is known by.
func (e *TrainEvaluator) identify() error {
	images, err := e.images(0)
	if err != nil {
		return err
	}
	p, err := planOf(e.opts.Train, images, e.space.Classes())
	if err != nil {
		return err
	}
	classes := classList(e.network.Classes)
	if len(classes) == 0 {
		classes = Unnamed(e.space.Classes())
	}
	if err := classes.check(); err != nil {
		return err
	}
	if err := classes.number(e.train.Classes()).refuse(e.train); err != nil {
		return err
	}
	p.Images, p.ClassNames, p.Normalization = e.train.Len(), classes.names(), e.network.Normalization
	if p.Normalization.IsZero() {
		p.Normalization = dataset.ImageNet()
	}
	p.Teacher = e.opts.Train.Teacher.identity()
	e.identity = evaluatorIdentity{Space: e.space.Spec(), Heritage: e.opts.Heritage, Images: e.opts.Images,
		Calibration: e.opts.CalibrationImages, NetworkSeed: e.network.Seed, Stage: e.opts.Stage, Plan: *p,
		Judged: fmt.Sprintf("%d images of %q", e.val.Len(), e.val.Classes())}
	return nil
}

// evaluatorMeta is the JSON part of a saved evaluator.
type evaluatorMeta struct {
	Identity evaluatorIdentity
	Store    storeMeta
	Ended    int
	Steps    []stepMeta
}

// stepMeta is a step. From is there for a step with models that are not trained yet, unless they
// begin with what the step after it, or the store, has.
type stepMeta struct {
	Archs   []searchspace.Arch
	Entries []entryMeta
	From    *fromMeta `json:",omitempty"`
}

// fromMeta is what the models of a step begin with, by what is different in a younger state: it
// misses some tensors, and has others instead.
type fromMeta struct {
	storeMeta
	Missing []string `json:",omitempty"`
}

// entryMeta is the state of an architecture; its weights are tensors of the file if Left.
type entryMeta struct {
	Measurement *searchspace.Measurement `json:",omitempty"`
	Left        bool                     `json:",omitempty"`
	Failure     string                   `json:",omitempty"`
	Final       bool                     `json:",omitempty"`
}

// Save writes what the evaluator knows to one file, replaced atomically: the store, all
// measurements, and of open steps the weights of trained models and those that others begin with.
// It may be called at any time; what is being trained meanwhile is not in it. A search saves the
// evaluator before itself (evolution's SearchOptions.SaveFirst), so that it never knows less than
// the search.
func (e *TrainEvaluator) Save(path string) error {
	meta, tensors := e.state()
	if err := checkpoint.Write(path, evaluatorKind, evaluatorVersion, meta, tensors); err != nil {
		return fmt.Errorf("supernet: save evaluator: %w", err)
	}
	return nil
}

func (e *TrainEvaluator) state() (*evaluatorMeta, map[string]checkpoint.Tensor) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.store.present()
	meta := &evaluatorMeta{Identity: e.identity, Store: now.meta(), Ended: e.ended,
		Steps: make([]stepMeta, len(e.steps))}
	tensors := make(map[string]checkpoint.Tensor)
	now.tensors.put(tensors, "store/")
	for i, s := range slices.Backward(e.steps) {
		meta.Steps[i].Archs = s.archs
		for j, x := range s.entries {
			meta.Steps[i].Entries = append(meta.Steps[i].Entries, x.meta())
			if x.left != nil {
				x.left.put(tensors, leftPrefix(i, j))
			}
		}
		if s.from != nil && s.from != now && e.opts.Heritage != FromNone &&
			slices.ContainsFunc(s.entries, (*evaluatorEntry).open) {
			meta.Steps[i].From = s.from.since(now, tensors, fromPrefix(i))
			now = s.from
		}
	}
	return meta, tensors
}

// open reports that the entry may be trained still.
func (x *evaluatorEntry) open() bool { return !x.settled() }

func fromPrefix(step int) string        { return fmt.Sprintf("from/%d/", step) }
func leftPrefix(step, entry int) string { return fmt.Sprintf("left/%d/%d/", step, entry) }

func (x *evaluatorEntry) meta() entryMeta {
	m := entryMeta{Left: x.left != nil, Final: x.final}
	if x.measured {
		m.Measurement = &x.m
	}
	if x.failure != nil {
		m.Failure = x.failure.Error()
	}
	return m
}

// put adds the weights to the tensors of a file.
func (l *legacy) put(tensors map[string]checkpoint.Tensor, prefix string) {
	for _, s := range specsOfGraph(l.graph, own{}).list {
		tensors[prefix+s.key] = checkpoint.Of(s.dims(), l.tensors[s.key].data)
	}
}

// since describes an older state by what is different in a younger one.
func (w *stored) since(now *stored, tensors map[string]checkpoint.Tensor, prefix string) *fromMeta {
	m := &fromMeta{storeMeta: w.meta()}
	for key := range now.tensors {
		if w.tensors[key] == nil {
			m.Missing = append(m.Missing, key)
		}
	}
	slices.Sort(m.Missing)
	other := make(arrays)
	for key, a := range w.tensors {
		if a != now.tensors[key] {
			other[key] = a
		}
	}
	other.put(tensors, prefix)
	return m
}

// Resume puts a new evaluator where the one was that wrote a file. Space, data and options must be
// the same, functions among the latter included, which no file can tell; the error wraps
// ErrCheckpointMismatch and says what differs. It wraps fs.ErrNotExist when there is no file. The
// store gets the weights of the file. On other kernels than before (Model.KernelPath) it goes on
// without the promise of the same bits.
func (e *TrainEvaluator) Resume(path string) error {
	if err := e.resume(path); err != nil {
		return fmt.Errorf("supernet: resume evaluator: %w", err)
	}
	return nil
}

func (e *TrainEvaluator) resume(path string) error {
	var meta evaluatorMeta
	tensors, err := checkpoint.Read(path, evaluatorKind, evaluatorVersion, &meta)
	if err != nil {
		return err
	}
	if d := e.identity.differences(&meta.Identity); len(d) > 0 {
		return fmt.Errorf("%w: %s", ErrCheckpointMismatch, strings.Join(d, "; "))
	}
	r := evaluatorReader{TrainEvaluator: e, meta: &meta, tensors: tensors}
	now, steps, err := r.read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.steps) > 0 {
		return errors.New("the evaluator has begun already")
	}
	e.steps, e.ended = steps, meta.Ended
	return e.store.change(func(*stored) (*stored, error) { return now, nil })
}

// differences says in what a file's identity differs from the expected one.
func (id *evaluatorIdentity) differences(got *evaluatorIdentity) []string {
	a, b := *got, *id
	a.Plan, b.Plan, a.Space, b.Space = plan{}, plan{}, searchspace.Spec{}, searchspace.Spec{}
	d := fieldDifferences("", a, b)
	d = append(d, fieldDifferences("space: ", got.Space, id.Space)...)
	return append(d, fieldDifferences("training: ", got.Plan, id.Plan)...)
}
