package supernet

import (
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/searchspace"
)

// noting is a device that notes what runs on it.
type noting struct {
	tensor.Backend
	forward  []any // convolutions and batch normalisations
	backward int   // gradients of both
	live     map[tensor.Tensor]bool
	held     int // results of both that are kept when the loss is computed
}

func (c *noting) NewStream() tensor.Stream { return &notingStream{c.Backend.NewStream(), c} }

type notingStream struct {
	tensor.Stream
	c *noting
}

func (s *notingStream) made(x tensor.Tensor, spec any) tensor.Tensor {
	s.c.forward = append(s.c.forward, spec)
	s.c.live[x] = true
	return x
}

func (s *notingStream) Conv(x tensor.Tensor, w tensor.Weight, b tensor.Vec,
	spec tensor.ConvSpec) tensor.Tensor {
	return s.made(s.Stream.Conv(x, w, b, spec), spec)
}

func (s *notingStream) BatchNormAct(x tensor.Tensor, p tensor.BatchNorm,
	spec tensor.BatchNormSpec) (y, saved tensor.Tensor) {
	y, saved = s.Stream.BatchNormAct(x, p, spec)
	return s.made(y, spec), saved
}

func (s *notingStream) Free(x tensor.Tensor) {
	delete(s.c.live, x)
	s.Stream.Free(x)
}

func (s *notingStream) Reset() {
	clear(s.c.live)
	s.Stream.Reset()
}

func (s *notingStream) CrossEntropy(logits, targets, mask tensor.Tensor) tensor.Tensor {
	s.c.held = len(s.c.live)
	return s.Stream.CrossEntropy(logits, targets, mask)
}

func (s *notingStream) ConvBackward(x, dy tensor.Tensor, w tensor.Weight, spec tensor.ConvSpec,
	grads tensor.ConvGrads) tensor.Tensor {
	s.c.backward++
	return s.Stream.ConvBackward(x, dy, w, spec, grads)
}

func (s *notingStream) BatchNormActBackward(x, saved, dy tensor.Tensor, p tensor.BatchNorm,
	spec tensor.BatchNormSpec, grads tensor.BatchNormGrads) tensor.Tensor {
	s.c.backward++
	return s.Stream.BatchNormActBackward(x, saved, dy, p, spec, grads)
}

// TestFrozenStagesCostForward: stages before the first one that trains run as they do in inference,
// to the operation, and keep nothing; backward ends above them.
func TestFrozenStagesCostForward(t *testing.T) {
	c := &noting{Backend: cpu.New(cpu.Options{}), live: map[tensor.Tensor]bool{}}
	space := tinySpace(t)
	m, err := NewModel(space, space.Largest(), &Options{Seed: 7, Device: c})
	if err != nil {
		t.Fatal(err)
	}
	ds := stripes(t, 8, 16, 1)
	b := firstBatch(t, ds, 8)
	if err := m.runner.forward(m.prog, b, evaluating, pass{}); err != nil {
		t.Fatal(err)
	}
	inference := slices.Clone(c.forward)
	last := m.Graph().Stages + 1
	for frozen := -1; frozen <= last; frozen++ {
		var stages []int
		for s := 0; s <= frozen; s++ {
			stages = append(stages, s)
		}
		counted := func(frozen bool) (n int) { // convolutions, linear layers and batch normalisations
			for i := range m.Graph().Nodes {
				node := &m.Graph().Nodes[i]
				if len(kindsOf(node)) > 0 && slices.Contains(stages, node.Stage) == frozen {
					n++
				}
			}
			return n
		}
		step, err := m.stepper(ds, b, stages)
		if err != nil {
			t.Fatal(err)
		}
		c.forward, c.backward = nil, 0
		if err := step(); err != nil {
			t.Fatal(err)
		}
		cold, trains := counted(true), counted(false)
		if !slices.Equal(c.forward[:cold], inference[:cold]) {
			t.Errorf("stages %v frozen: forward is %v, in inference %v", stages, c.forward[:cold], inference[:cold])
		}
		if c.backward != trains {
			t.Errorf("stages %v frozen: %d layers have gradients, expected %d", stages, c.backward, trains)
		}
		// What the first layer that trains reads stays.
		if c.held > trains+1 {
			t.Errorf("stages %v frozen: %d results are kept for backward, expected at most %d", stages, c.held,
				trains+1)
		}
		m.thaw()
	}
}

// BenchmarkFrozenStages measures a training step with none, some and all stages frozen, beside
// inference.
func BenchmarkFrozenStages(b *testing.B) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 64, Classes: 10})
	if err != nil {
		b.Fatal(err)
	}
	m, err := NewModel(space, space.Smallest(), nil)
	if err != nil {
		b.Fatal(err)
	}
	ds, err := noise(32, 64, 10)
	if err != nil {
		b.Fatal(err)
	}
	batch := firstBatch(b, ds, 32)
	for _, c := range []struct {
		name   string
		frozen []int
	}{
		{"none", nil}, {"0-3", []int{0, 1, 2, 3}}, {"0-5", []int{0, 1, 2, 3, 4, 5}},
		{"all", []int{0, 1, 2, 3, 4, 5, 6}},
	} {
		b.Run(c.name, func(b *testing.B) {
			step, err := m.stepper(ds, batch, c.frozen)
			if err != nil {
				b.Fatal(err)
			}
			defer m.thaw()
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("inference", func(b *testing.B) {
		for b.Loop() {
			if err := m.runner.forward(m.prog, batch, evaluating, pass{}); err != nil {
				b.Fatal(err)
			}
			if _, err := m.runner.logits(m.prog, batch.N, 10); err != nil {
				b.Fatal(err)
			}
		}
	})
}
