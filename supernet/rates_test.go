package supernet

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/searchspace"
)

// ratesOf makes a network of every kind for TrainOptions.Rate.
func ratesOf(t *testing.T) map[string]func() (*network, func(o *TrainOptions) error) {
	train := stripes(t, 32, 16, 1)
	out := map[string]func() (*network, func(o *TrainOptions) error){
		"model": func() (*network, func(o *TrainOptions) error) {
			m := tinyModel(t)
			return m.network, func(o *TrainOptions) error { _, err := m.Train(t.Context(), train, o); return err }
		},
		"open": func() (*network, func(o *TrainOptions) error) {
			n := openNet(t)
			return n.network, func(o *TrainOptions) error { _, err := n.Train(t.Context(), train, o); return err }
		},
	}
	for _, sharing := range sharings() {
		out[sharing.String()] = func() (*network, func(o *TrainOptions) error) {
			n := tinyNet(t, sharing)
			return n.network, func(o *TrainOptions) error { _, err := n.Train(t.Context(), train, o); return err }
		}
	}
	return out
}

// TestRates: a factor for all layers is another learning rate, 0 for a stage freezes it, and 0 for
// some layers leaves their weights and statistics alone and no others.
func TestRates(t *testing.T) {
	stage2 := func(n *searchspace.Node) float64 { return min(1, math.Abs(float64(n.Stage-2))) }
	halves := func(n *searchspace.Node) float64 {
		if strings.HasSuffix(n.Site, "depth_conv.bn") || n.Op == searchspace.OpLinear {
			return 0
		}
		return 0.5
	}
	for name, kind := range ratesOf(t) {
		trained := func(change func(o *TrainOptions)) (*network, map[string][]float32) {
			n, train := kind()
			o := short(1)
			change(o)
			if err := train(o); err != nil {
				t.Fatal(err)
			}
			for _, p := range n.store.set.All() {
				if p.Frozen() && !p.IsState() {
					t.Fatalf("%s: %s is still frozen", name, p.Name())
				}
			}
			return n, n.values()
		}
		_, slower := trained(func(o *TrainOptions) { o.LR /= 4 })
		_, got := trained(func(o *TrainOptions) { o.Rate = func(*searchspace.Node) float64 { return 0.25 } })
		sameValues(t, got, slower)
		if name != "open" {
			_, frozen := trained(func(o *TrainOptions) { o.FrozenStages = []int{2} })
			_, got = trained(func(o *TrainOptions) { o.Rate = stage2 })
			sameValues(t, got, frozen)
		}
		n, before := trained(func(o *TrainOptions) { o.LR, o.WeightDecay, o.Rate = 1e-30, -1, halves })
		_, got = trained(func(o *TrainOptions) { o.Rate = halves })
		for _, s := range n.store.list {
			same := slices.Equal(got[s.key], before[s.key])
			if stays := halves(s.node) == 0; stays && !same {
				t.Errorf("%s: %s moved", name, s.key)
			}
		}
	}
}

// TestRatesRefused: factors that are none are an error, and nothing is left frozen.
func TestRatesRefused(t *testing.T) {
	for name, kind := range ratesOf(t) {
		for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
			n, train := kind()
			calls := 0
			o := short(1)
			o.Rate = func(*searchspace.Node) float64 {
				if calls++; calls < 5 {
					return 0
				}
				return bad
			}
			if err := train(o); err == nil || !strings.Contains(err.Error(), "rate ") {
				t.Errorf("%s: error %v with rate %v", name, err, bad)
			}
			for _, p := range n.store.set.All() {
				if p.Frozen() && !p.IsState() {
					t.Errorf("%s: %s is still frozen", name, p.Name())
				}
			}
		}
	}
}

// TestCheckpointKnowsRates: a training goes on with the same factors only, and with the same bits.
func TestCheckpointKnowsRates(t *testing.T) {
	half := func(n *searchspace.Node) float64 {
		if n.Stage == 1 {
			return 0.5
		}
		return 1
	}
	for name, kind := range ratesOf(t) {
		options := func(path string) *TrainOptions {
			o := short(2)
			o.Checkpoint, o.Rate = path, half
			return o
		}
		whole, train := kind()
		if err := train(options("")); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "train.ckpt")
		stop := errors.New("stop")
		o := options(path)
		o.Recorder = RecorderFunc(func(p Progress) error {
			if p.Step == 3 {
				return stop
			}
			return nil
		})
		if _, train := kind(); !errors.Is(train(o), stop) {
			t.Fatalf("%s: the training did not stop", name)
		}
		for _, other := range []func(*searchspace.Node) float64{nil, func(n *searchspace.Node) float64 { return 0.5 }} {
			_, train := kind()
			o := options(path)
			o.Rate = other
			err := train(o)
			if !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), "rate of ") {
				t.Errorf("%s: error %v, expected a mismatch of rates", name, err)
			}
		}
		resumed, train := kind()
		if err := train(options(path)); err != nil {
			t.Fatal(err)
		}
		sameValues(t, resumed.values(), whole.values())
	}
}

// TestMorphRate: layers that are new learn at full rate, those that were inherited at a smaller
// one.
func TestMorphRate(t *testing.T) {
	m := tinyModel(t)
	grown, report := morphOf(t, m, m.space.Largest(), nil)
	rate := report.Rate(0.1)
	seen := map[float64]int{}
	for i := range grown.Graph().Nodes {
		n := &grown.Graph().Nodes[i]
		if len(kindsOf(n)) > 0 {
			seen[rate(n)]++
		}
	}
	for i := range report.Nodes {
		n := &report.Nodes[i]
		want := 0.0
		switch {
		case n.Change == MorphKept:
			want = 1
		case n.Change == MorphGrown: // all old weights
			size := func(s MorphSize) float64 { return float64(max(s.Kernel*s.Kernel, 1) * s.In * s.Out) }
			if want = size(n.From) / size(n.To); n.Op == "BatchNorm2d" || strings.HasSuffix(n.Site, "depth_conv.conv") {
				want = float64(n.From.Out) / float64(n.To.Out) * float64(max(n.From.Kernel*n.From.Kernel, 1)) / float64(max(n.To.Kernel*n.To.Kernel, 1))
			}
		}
		if math.Abs(n.Inherited-want) > 1e-9 {
			t.Errorf("%s %s %s: %v of the weights are old, expected %v", n.Change, n.Op, n.Site, n.Inherited, want)
		}
		if got := rate(&searchspace.Node{Site: n.Site}); (got == 0.1) != (n.Inherited >= 0.5) {
			t.Errorf("%s: rate %v with %v inherited", n.Site, got, n.Inherited)
		}
	}
	if len(seen) != 2 || seen[1] == 0 || seen[0.1] == 0 {
		t.Errorf("rates %v, expected 1 and 0.1", seen)
	}
	if _, report := morphOf(t, grown, m.space.Smallest(), nil); slices.ContainsFunc(report.Nodes, func(n MorphNode) bool {
		return n.Inherited != 1 && n.Change != MorphDropped
	}) {
		t.Error("a network that shrinks has layers of which not all is inherited")
	}
	o := short(1)
	o.Rate = report.Rate(0)
	before := grown.values()
	if _, err := grown.Train(t.Context(), stripes(t, 32, 16, 1), o); err != nil {
		t.Fatal(err)
	}
	after := grown.values()
	for _, s := range grown.store.list {
		if rate(s.node) == 0.1 && !slices.Equal(before[s.key], after[s.key]) {
			t.Errorf("inherited %s moved", s.key)
		}
	}
}

// noting is a device that notes what runs on it.
type noting struct {
	tensor.Backend
	forward   []any // convolutions and batch normalisations
	backward  int   // gradients of both
	live      map[tensor.Tensor]bool
	held      int // results of both that are kept when the loss is computed
	gradients int // of inputs
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

func (s *notingStream) Conv(x tensor.Tensor, w tensor.Weight, b tensor.Vec, spec tensor.ConvSpec) tensor.Tensor {
	return s.made(s.Stream.Conv(x, w, b, spec), spec)
}

func (s *notingStream) BatchNormAct(x tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec) (y, saved tensor.Tensor) {
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

func (s *notingStream) ConvBackward(x, dy tensor.Tensor, w tensor.Weight, spec tensor.ConvSpec, grads tensor.ConvGrads) tensor.Tensor {
	s.c.backward++
	if grads.NeedX {
		s.c.gradients++
	}
	return s.Stream.ConvBackward(x, dy, w, spec, grads)
}

func (s *notingStream) BatchNormActBackward(x, saved, dy tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec, grads tensor.BatchNormGrads) tensor.Tensor {
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
		c.forward, c.backward, c.gradients = nil, 0, 0
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
			t.Errorf("stages %v frozen: %d results are kept for backward, expected at most %d", stages, c.held, trains+1)
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
	}{{"none", nil}, {"0-3", []int{0, 1, 2, 3}}, {"0-5", []int{0, 1, 2, 3, 4, 5}}, {"all", []int{0, 1, 2, 3, 4, 5, 6}}} {
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
