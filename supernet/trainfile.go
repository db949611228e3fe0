package supernet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// Training checkpoints hold groups of tensors by these prefixes.
const (
	prefixValue    = "value/"
	prefixMomentum = "momentum/"
	prefixBest     = "best/"
	prefixKept     = "kept/"

	trainKind    = "tendril-training"
	trainVersion = 1
)

// errNotSaved marks a checkpoint that could not be written.
var errNotSaved = errors.New("checkpoint not written")

// identity says which run a training checkpoint belongs to.
type identity struct {
	Network string // "supernet elastic", "supernet single-path" or "model"
	Space   searchspace.Spec
	Arch    string // of a model
	Plan    plan
}

func (n *Net) identity() identity {
	return identity{Network: "supernet " + n.sharing.String(), Space: n.space.Spec()}
}

// differences says in what a checkpoint's identity differs from the expected one.
func (id *identity) differences(got *identity) []string {
	d := fieldDifferences("", got.about(), id.about())
	d = append(d, fieldDifferences("space: ", got.Space, id.Space)...)
	return append(d, fieldDifferences("", got.Plan, id.Plan)...)
}

// about is what an identity says itself, beside space and plan.
func (id *identity) about() any { return struct{ Network, Arch string }{id.Network, id.Arch} }

// fieldDifferences names the fields in which two structs of a type differ, as JSON.
func fieldDifferences(prefix string, got, want any) (out []string) {
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range w.NumField() {
		if a, b := g.Field(i), w.Field(i); !equalJSON(a.Interface(), b.Interface()) {
			out = append(out, fmt.Sprintf("%s%s is %s, expected %s", prefix, w.Type().Field(i).Name, fieldText(a),
				fieldText(b)))
		}
	}
	return out
}

// fieldText is a value as JSON, and "none" what would be empty.
func fieldText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Pointer:
		if v.IsZero() {
			return "none"
		}
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// trainMeta is the JSON part of a training checkpoint.
type trainMeta struct {
	Identity   identity
	State      trainState
	Kept       bool // weights that come back after a divergence are a group of their own
	Version    uint64
	KernelPath string
	Updates    map[string]int // of each tensor, since the training began
	// Rates is the factors that are not 1; they are part of what a run is known by.
	Rates map[string]float64 `json:",omitempty"`
	Archs []string           `json:",omitempty"` // networks that brought tensors, where the space cannot say
	// Sampler is what a StatefulSampler has learnt.
	Sampler []byte `json:",omitempty"`
}

// save writes the checkpoint, if there is to be one, and nothing of weights that are not finite.
func (t *training) save() (err error) {
	if t.opts.Checkpoint == "" {
		return nil
	}
	defer tensor.Recover(&err)
	st := t.runner.tape.Stream()
	snap := t.store.set.Snapshot(st)
	if err := t.store.checkFinite(snap.Values); err != nil {
		return err
	}
	meta := trainMeta{Identity: t.identity, State: t.state, Version: t.version.Load(),
		KernelPath: t.backend.Name(), Kept: t.apart(),
		Updates: snap.Updates, Rates: t.otherRates(), Archs: t.admitted()}
	if meta.Sampler, err = t.samplerState(); err != nil {
		return fmt.Errorf("%w: sampler: %w", errNotSaved, err)
	}
	kept := t.kept
	if !meta.Kept {
		kept = nil
	}
	tensors := make(map[string]checkpoint.Tensor)
	for prefix, group := range groupsOf(snap, t.best, kept) {
		for key, data := range group {
			tensors[prefix+key] = checkpoint.Of(t.store.byKey[key].dims(), data)
		}
	}
	if err := checkpoint.Write(t.opts.Checkpoint, trainKind, trainVersion, &meta, tensors); err != nil {
		return fmt.Errorf("%w: %w", errNotSaved, err)
	}
	return nil
}

// groupsOf is the tensors of a checkpoint by prefix.
func groupsOf(snap *nn.Snapshot, best, kept map[string][]float32) map[string]map[string][]float32 {
	return map[string]map[string][]float32{prefixValue: snap.Values, prefixMomentum: snap.Slots[0],
		prefixBest: best, prefixKept: kept}
}

// resume reads the checkpoint, if there is one.
func (t *training) resume() (err error) {
	if t.opts.Checkpoint == "" {
		return nil
	}
	var meta trainMeta
	tensors, err := checkpoint.Read(t.opts.Checkpoint, trainKind, trainVersion, &meta)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if err := t.same(&meta); err != nil {
		return fmt.Errorf("resume %s: %w", t.opts.Checkpoint, err)
	}
	if err := t.restore(&meta, tensors); err != nil {
		return fmt.Errorf("resume %s: %w", t.opts.Checkpoint, err)
	}
	if path := t.backend.Name(); path != meta.KernelPath {
		t.log.Warn("training resumes on another kernel path; it will not end in the same bits", "checkpoint",
			meta.KernelPath, "now", path)
	}
	return nil
}

// same compares a checkpoint's run with this one, and its counters with each other.
func (t *training) same(meta *trainMeta) error {
	d := t.identity.differences(&meta.Identity)
	if !t.store.openEnded {
		d = append(d, t.rateDifferences(meta.Rates)...)
	}
	if len(d) > 0 {
		return fmt.Errorf("%w: %s", ErrCheckpointMismatch, strings.Join(d, "; "))
	}
	s := &meta.State
	if s.Step < 0 || s.Step > t.plan.steps() || len(s.Result.Losses) > t.plan.Epochs {
		return fmt.Errorf("%w: step %d of %d", checkpoint.ErrCorrupt, s.Step, t.plan.steps())
	}
	return nil
}

// restore puts the state of a checkpoint in place. Nothing changes when a tensor is missing or
// misshapen.
func (t *training) restore(meta *trainMeta, tensors map[string]checkpoint.Tensor) (err error) {
	defer tensor.Recover(&err)
	if err := t.readmit(meta.Archs); err != nil {
		return err
	}
	if err := t.hold(); err != nil { // tensors that were readmitted have rates too
		return err
	}
	if d := t.rateDifferences(meta.Rates); len(d) > 0 {
		return fmt.Errorf("%w: %s", ErrCheckpointMismatch, strings.Join(d, "; "))
	}
	snap := &nn.Snapshot{Values: map[string][]float32{}, Slots: [2]map[string][]float32{{}},
		Updates: meta.Updates}
	best, kept := map[string][]float32{}, map[string][]float32{}
	groups := groupsOf(snap, best, kept)
	// A finished training keeps no weights beside its own, and a network that came later has none.
	beside := meta.State.Result.Status != searchspace.StatusFinished && !t.store.openEnded
	needs := map[string]bool{prefixValue: true, prefixBest: beside && meta.State.HasBest,
		prefixKept: beside && meta.Kept}
	for _, s := range t.store.list {
		for prefix, group := range groups {
			if _, there := tensors[prefix+s.key]; !there && !needs[prefix] {
				continue
			}
			data, err := checkpoint.Get[float32](tensors, prefix+s.key, s.dims()...)
			if err != nil {
				return err
			}
			group[s.key] = data
		}
	}
	if err := t.store.checkFinite(snap.Values); err != nil {
		return err
	}
	if err := t.restoreSampler(meta.Sampler); err != nil {
		return fmt.Errorf("sampler: %w", err)
	}
	st := t.runner.tape.Stream()
	t.weights.Lock()
	err = t.store.set.Restore(st, snap)
	t.weights.Unlock()
	if err != nil {
		return fmt.Errorf("%w: %w", checkpoint.ErrCorrupt, err)
	}
	t.kept = snap.Values
	if meta.State.HasBest {
		t.best, t.kept = best, best
	}
	if meta.Kept {
		t.kept = kept
	}
	t.state = meta.State
	t.resumed = true
	t.version.Store(meta.Version)
	return st.Sync()
}
