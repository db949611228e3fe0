package supernet

import (
	"fmt"
	"sync"
	"sync/atomic"

	backend "github.com/tendril-nas/tendril/internal/tensor"
)

// source writes normalised images, NHWC, from number first on, as many as x holds.
type source func(x []float32, first int) error

// classify runs images on runners of its own and returns the probabilities, and the classes that
// they are of. Many images go in portions, several at once.
func (m *Model) classify(images int, how pass, from source) (probs []float32, names classList, err error) {
	m.weights.RLock()
	defer m.weights.RUnlock()
	p := m.prog
	size, atOnce := images, 1
	if how.watch == nil {
		size, atOnce = m.backend.Portions(images, p.widest)
	}
	classes := p.graph.Classes
	probs = make([]float32, images*classes)
	errs := make([]error, (images+size-1)/size)
	var next atomic.Int64
	work := func() {
		r := m.borrow()
		defer m.giveBack(r)
		for i := int(next.Add(1)) - 1; i < len(errs); i = int(next.Add(1)) - 1 {
			lo, hi := i*size, min((i+1)*size, images)
			errs[i] = p.answer(r, lo, probs[lo*classes:hi*classes], how, from)
		}
	}
	var others sync.WaitGroup
	for range atOnce - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, nil, err
		}
	}
	return probs, m.classes, nil
}

// answer writes the probabilities of some images, of which the first has the given number.
func (p *program) answer(r *runner, first int, probs []float32, how pass, from source) (err error) {
	defer backend.Recover(&err)
	classes := p.graph.Classes
	images := len(probs) / classes
	shape := inputShape(images, p.graph.InputSize)
	if n := shape.Size(); cap(r.pixels) < n {
		r.pixels = make([]float32, n)
	}
	r.pixels = r.pixels[:shape.Size()]
	r.tape.Begin(answering)
	if err := from(r.pixels, first); err != nil {
		return err
	}
	p.run(r, r.tape.Input(shape, r.pixels), how)
	r.tape.Read(r.slots[p.logits], probs)
	for i := range images {
		if err := softmax(probs[i*classes : (i+1)*classes]); err != nil {
			return fmt.Errorf("logits of image %d: %w", first+i, err)
		}
	}
	return r.tape.Stream().Sync()
}

// borrow takes an idle runner or makes one, so that there are as many as goroutines ever ran at
// once.
func (m *Model) borrow() *runner {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.idle); n > 0 {
		r := m.idle[n-1]
		m.idle = m.idle[:n-1]
		return r
	}
	return newRunner(m.backend)
}

func (m *Model) giveBack(r *runner) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle = append(m.idle, r)
}
