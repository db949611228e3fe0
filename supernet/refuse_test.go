package supernet

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestRecalibrateModel checks that a model recalibrated later is the one that was extracted with calibration data.
func TestRecalibrateModel(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 1)
	train := stripes(t, 50, 16, 1)
	a := sample(t, n.space, 2)
	want, err := n.Extract(context.Background(), a, train)
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.Extract(context.Background(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	version := got.WeightVersion()
	if err := got.Recalibrate(context.Background(), train, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, got.values(), want.values())
	if got.WeightVersion() == version {
		t.Error("the weight version did not move")
	}
	before := got.values()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := got.Recalibrate(ctx, train, &EvalOptions{Seed: 5}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := got.Recalibrate(context.Background(), stripes(t, 1, 16, 1), nil); !errors.Is(err, ErrData) {
		t.Errorf("one image: %v, expected ErrData", err)
	}
	sameValues(t, got.values(), before)
}

// TestNewErrors checks what constructors refuse.
func TestNewErrors(t *testing.T) {
	space := tinySpace(t)
	for name, f := range map[string]func() error{
		"no space":       func() error { _, err := New(nil, nil); return err },
		"sharing":        func() error { _, err := New(space, &Options{Sharing: 7}); return err },
		"workers":        func() error { _, err := New(space, &Options{Workers: -1}); return err },
		"model no space": func() error { _, err := NewModel(nil, space.Smallest(), nil); return err },
		"model no arch":  func() error { _, err := NewModel(space, searchspace.Arch{}, nil); return err },
		"model workers":  func() error { _, err := NewModel(space, space.Smallest(), &Options{Workers: -1}); return err },
	} {
		if err := f(); err == nil || !strings.HasPrefix(err.Error(), "supernet: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// halves is a scheme that stores the input channels of a site in two ranges.
type halves struct{ elastic }

func (h halves) place(n *searchspace.Node, k weightKind) place {
	p := h.elastic.place(n, k)
	if in := p.in[0].to; in > 1 {
		p.in = []span{{0, in / 2}, {in / 2, in}}
	}
	return p
}

// TestRanges checks that a view is offered for one range only, also when it does not start at the first channel.
func TestRanges(t *testing.T) {
	space := tinySpace(t)
	g, err := space.Lower(space.Smallest())
	if err != nil {
		t.Fatal(err)
	}
	n := tinyNet(t, Elastic)
	s := &store{specs: specsOfGraph(g, halves{}), set: n.store.set}
	if _, err := compile(space.Smallest(), g, s); err == nil || !strings.Contains(err.Error(), "in 2 ranges") {
		t.Errorf("two ranges: %v", err)
	}
	node := &searchspace.Node{Op: searchspace.OpConv, Site: "final_expand_layer.conv", Kernel: 1, Groups: 1,
		In: searchspace.Shape{C: 5}, Out: searchspace.Shape{C: 7}}
	view := &store{specs: &specs{scheme: shifted{}}, set: n.store.set}
	w, err := view.weight(node)
	if err != nil {
		t.Fatal(err)
	}
	full := n.store.set.Lookup("final_expand_layer.conv.weight").Weight().V
	if w.V.In != 5 || w.V.Out != 7 || w.V.Index(0, 0, 0, 0) != full.Index(0, 0, 3, 2) || w.V.Index(0, 0, 4, 6) != full.Index(0, 0, 7, 8) {
		t.Errorf("view %+v of %+v", w.V, full)
	}
}

// shifted is a scheme whose networks start at input channel 3 and output channel 2.
type shifted struct{ elastic }

func (s shifted) place(n *searchspace.Node, k weightKind) place {
	p := s.elastic.place(n, k)
	p.in, p.out = []span{{3, 3 + p.in[0].to}}, []span{{2, 2 + p.out[0].to}}
	return p
}

// TestUnknownOperations checks that a graph with something new is refused by name.
func TestUnknownOperations(t *testing.T) {
	space := tinySpace(t)
	n := tinyModel(t)
	for name, change := range map[string]func(*searchspace.Node){
		"operation":  func(n *searchspace.Node) { n.Op = 200 },
		"activation": func(n *searchspace.Node) { n.Act = 99 },
		"flattens":   func(n *searchspace.Node) { n.Op, n.In = searchspace.OpFlatten, searchspace.Shape{C: 1, H: 2, W: 2} },
	} {
		g, err := space.Lower(space.Smallest())
		if err != nil {
			t.Fatal(err)
		}
		for i := range g.Nodes {
			if g.Nodes[i].Op == searchspace.OpAct {
				change(&g.Nodes[i])
				break
			}
		}
		if _, err := compile(space.Smallest(), g, n.store); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
