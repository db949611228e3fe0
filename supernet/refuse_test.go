package supernet

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestRecalibrateModel checks that a model recalibrated later is the one that was extracted with
// calibration data.
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
		"class names":    func() error { _, err := New(space, &Options{Classes: []string{"a", "b"}}); return err },
		"equal names":    func() error { _, err := New(space, &Options{Classes: []string{"a", "b", "a", "c"}}); return err },
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

// shifted is a placement that starts at input channel 3 and output channel 2, and keeps the kernel
// at the centre of a larger one.
type shifted struct{ own }

func (s shifted) place(n *searchspace.Node, k weightKind) place {
	p := s.own.place(n, k)
	p.out = span{2, 2 + p.out.to}
	if k == kindWeight && !n.Depthwise() {
		p.in = span{3, 3 + p.in.to}
	}
	return p
}

// TestShifted runs a network on views of tensors in which its channels do not come first.
func TestShifted(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	g := m.prog.graph
	wide, err := newNetwork(m.backend, m.space, specsOfGraph(g, shifted{}), &Options{Seed: 9}, initialWeights)
	if err != nil {
		t.Fatal(err)
	}
	if err := wide.inherit(m.network, links(g, m.store, g, wide.store)); err != nil {
		t.Fatal(err)
	}
	p, err := compile(m.arch, g, wide.store)
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, stripes(t, 3, 16, 1), 3)
	if got, want := outputs(t, wide, p, b), outputs(t, m.network, m.prog, b); !close32(got, want, 1e-5) {
		t.Errorf("logits %v, expected %v", got, want)
	}
	back := tinyModel(t)
	if err := back.inherit(wide, links(g, wide.store, g, back.store)); err != nil {
		t.Fatal(err)
	}
	sameValues(t, back.values(), m.values())
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
