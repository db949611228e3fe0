package supernet

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// network is what a Net and a Model have in common: stored weights on a backend.
type network struct {
	turn chan struct{} // holds a token while one goroutine trains, evaluates, grows, saves
	// weights is held for writing while weights, running statistics, space or class names change,
	// and for reading by what does without the turn: Classify, a teacher, questions about them.
	weights sync.RWMutex

	backend tensor.Backend
	space   *searchspace.Space
	store   *store
	classes classList
	norm    dataset.Normalization
	fit     dataset.Fit // of images to classify; FitAuto until data or options say
	seed    uint64
	log     *slog.Logger
	version atomic.Uint64
	stage   atomic.Int64
	// fitDoubted is set when data with another fit were said.
	fitDoubted bool
	busy       bool        // between two steps of a training, too; of the holder of the turn
	runner     *runner     // of the holder of the turn
	scratch    []*nn.Stats // batch-norm statistics that are nobody's, of the holder of the turn
}

func newNetwork(b tensor.Backend, space *searchspace.Space, ss *specs, o *Options, from beginning) (
	*network, error) {
	classes := classList(o.Classes)
	if len(classes) == 0 {
		classes = Unnamed(space.Classes())
	}
	if err := classes.check(); err != nil {
		return nil, err
	}
	if len(classes) != space.Classes() {
		return nil, fmt.Errorf("%d class names, expected one for each of the %d classes of the space",
			len(classes), space.Classes())
	}
	n := &network{turn: make(chan struct{}, 1), backend: b, space: space, classes: slices.Clone(classes),
		norm: o.Normalization, fit: o.Fit, seed: o.Seed, log: o.Logger}
	if n.norm.IsZero() {
		n.norm = dataset.ImageNet()
	}
	if err := n.norm.Check(); err != nil {
		return nil, err
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.runner = newRunner(b)
	var err error
	n.store, err = newStore(b, n.runner.tape.Stream(), ss, o.Seed, from)
	return n, err
}

// acquire waits for the turn of this goroutine, which ends with release.
func (n *network) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case n.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// acquireToChange is acquire for calls that change weights, which a training does not allow even
// between two steps.
func (n *network) acquireToChange(ctx context.Context) error {
	if err := n.acquire(ctx); err != nil {
		return err
	}
	if n.busy {
		n.release()
		return ErrTraining
	}
	return nil
}

func (n *network) release() { <-n.turn }

// currentSpace is the space with the present number of classes.
func (n *network) currentSpace() *searchspace.Space {
	n.weights.RLock()
	defer n.weights.RUnlock()
	return n.space
}

// params counts the stored numbers that training moves.
func (n *network) params() int64 {
	n.weights.RLock()
	defer n.weights.RUnlock()
	return int64(n.store.set.Count())
}

// options is what another network like this one is made with.
func (n *network) options() *Options {
	return &Options{Classes: n.classes, Seed: n.seed, Normalization: n.norm, Fit: n.fit, Logger: n.log}
}

// grow changes the classes; ss are the tensors of the grown space.
func (n *network) grow(space *searchspace.Space, ss *specs, classes classList) error {
	n.weights.Lock()
	defer n.weights.Unlock()
	if n.busy {
		return ErrTraining
	}
	if err := n.store.grow(n.runner.tape.Stream(), ss, n.seed); err != nil {
		return err
	}
	n.space, n.classes = space, slices.Clone(classes)
	n.version.Add(1)
	return nil
}

// ownStats is statistics that no other program sees while this goroutine has the turn, one per
// batch normalisation. Their values are what the last user left.
func (n *network) ownStats(p *program) []*nn.Stats {
	st := n.runner.tape.Stream()
	for i, norm := range p.norms {
		switch {
		case i == len(n.scratch):
			n.scratch = append(n.scratch, nn.NewStats(n.backend, st, norm.Out.C))
		case n.scratch[i].Mean.Len < norm.Out.C:
			n.scratch[i] = nn.NewStats(n.backend, st, norm.Out.C)
		}
	}
	return n.scratch[:len(p.norms)]
}

// inputShape is the shape of a batch of images.
func inputShape(images, size int) tensor.Shape {
	return tensor.Shape{N: images, H: size, W: size, C: 3}
}

// equalJSON compares two values by their JSON text, as a checkpoint keeps them.
func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// values downloads all stored tensors.
func (n *network) values() map[string][]float32 {
	st := n.runner.tape.Stream()
	out := make(map[string][]float32, len(n.store.list))
	for _, s := range n.store.list {
		out[s.key] = n.store.set.Lookup(s.key).Get(st)
	}
	return out
}

// copies is all stored tensors on the host. The caller has the turn.
func (n *network) copies() (tensors arrays, err error) {
	defer tensor.Recover(&err)
	keys := make(map[string]bool, len(n.store.list))
	for _, s := range n.store.list {
		keys[s.key] = true
	}
	return n.store.download(n.runner.tape.Stream(), keys)
}

// setValues uploads stored tensors; those without values stay as they are.
func (n *network) setValues(values map[string][]float32) error {
	n.weights.Lock()
	defer n.weights.Unlock()
	st := n.runner.tape.Stream()
	for _, s := range n.store.list {
		if data, ok := values[s.key]; ok {
			if err := n.store.set.Lookup(s.key).Set(st, data); err != nil {
				return err
			}
		}
	}
	return st.Sync()
}

// inherit copies what links move from another network. The caller has the turn of both.
func (n *network) inherit(from *network, ls []link) (err error) {
	defer tensor.Recover(&err)
	sources, _ := keysOf(ls)
	source, err := from.store.download(from.runner.tape.Stream(), sources)
	if err != nil {
		return err
	}
	return n.take(source, ls)
}

// take copies what links move from tensors on the host. The caller has the turn.
func (n *network) take(source arrays, ls []link) (err error) {
	defer tensor.Recover(&err)
	st := n.runner.tape.Stream()
	_, dests := keysOf(ls)
	dest, err := n.store.download(st, dests)
	if err != nil {
		return err
	}
	if err := dest.take(source, ls); err != nil {
		return err
	}
	return n.put(dest)
}

// put replaces the values of tensors. The caller has the turn.
func (n *network) put(tensors arrays) (err error) {
	defer tensor.Recover(&err)
	n.weights.Lock()
	defer n.weights.Unlock()
	if n.busy {
		return ErrTraining
	}
	n.version.Add(1)
	return n.store.upload(n.runner.tape.Stream(), tensors)
}
