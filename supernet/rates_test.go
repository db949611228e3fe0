package supernet

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
		moved := 0
		for _, s := range n.store.list {
			same := slices.Equal(got[s.key], before[s.key])
			if !same {
				moved++
			}
			// Not all layers of a Net are in the networks that were drawn.
			if stays := halves(s.node) == 0; same != stays && (stays || name == "model") {
				t.Errorf("%s: %s is the same: %v", name, s.key, same)
			}
		}
		if moved == 0 {
			t.Errorf("%s: nothing moved", name)
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
		all := func(*searchspace.Node) float64 { return 0.5 }
		for _, other := range []func(*searchspace.Node) float64{nil, all} {
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
	rate := report.Rate(0.1, 0.1)
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
			size := func(s MorphSize) float64 {
				if n.Op == "BatchNorm2d" || strings.HasSuffix(n.Site, "depth_conv.conv") {
					s.In = 1
				}
				return float64(max(s.Kernel*s.Kernel, 1) * s.In * s.Out)
			}
			want = size(n.From) / size(n.To)
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
	apart := report.Rate(0.1, 0)
	for i := range grown.Graph().Nodes {
		n := &grown.Graph().Nodes[i]
		want := rate(n)
		if n.Op == searchspace.OpBatchNorm && want < 1 {
			want = 0
		}
		if got := apart(n); got != want {
			t.Errorf("%s: rate %v with batch normalisations kept, expected %v", n.Site, got, want)
		}
	}
	_, back := morphOf(t, grown, m.space.Smallest(), nil)
	for _, n := range back.Nodes {
		if n.Inherited != 1 && n.Change != MorphDropped {
			t.Errorf("%s of a network that shrinks is inherited to %v only", n.Site, n.Inherited)
		}
	}
	o := short(1)
	o.Rate = report.Rate(0, 0)
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
