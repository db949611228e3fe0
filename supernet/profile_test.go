package supernet

import (
	"errors"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"github.com/tendril-nas/tendril/searchspace"
)

// TestProfile: with a clock that ticks when it is read, every instruction takes one tick, and every
// layer has one; on a device that runs behind as well.
func TestProfile(t *testing.T) {
	host := tinyModel(t)
	late, err := newModel(fake.New(), host.Space(), host.Arch(), &Options{})
	if err != nil {
		t.Fatal(err)
	}
	size := host.Space().InputSize()
	x := tensor.New(tensor.WithShape(2, 3, size, size), tensor.Of(tensor.Float32))
	for _, m := range []*Model{host, late} {
		ticks := int64(0)
		w := &nodeWatch{now: func() time.Time { ticks++; return time.Unix(ticks, 0) }}
		if _, err := m.classifyTensor(x, pass{watch: w}); err != nil {
			t.Fatal(err)
		}
		g := m.Graph()
		layers := make([]float64, len(g.Latencies()))
		for i, k := range g.LatencyIndex() {
			if k >= 0 {
				layers[k] += w.nodes[i]
			} else if op := g.Nodes[i].Op; w.nodes[i] != 0 && op != searchspace.OpDropout && op != searchspace.OpFlatten {
				t.Errorf("%s takes %v ticks and belongs to no layer", g.Nodes[i].Name, w.nodes[i])
			}
		}
		for k, n := range layers {
			if n != 1 {
				t.Errorf("%s: %v takes %v ticks, expected 1", m.KernelPath(), g.Latencies()[k], n)
			}
		}
		if int(ticks) != 1+len(m.prog.code) {
			t.Errorf("%s: %d ticks, expected one and one for each of %d instructions", m.KernelPath(), ticks, len(m.prog.code))
		}
		p, err := m.Profile(x)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, s := range p.Nodes {
			sum += s
		}
		if len(p.Nodes) != len(g.Nodes) || sum > p.Total {
			t.Errorf("%s: %d nodes take %v s, expected %d within %v s", m.KernelPath(), len(p.Nodes), sum, len(g.Nodes), p.Total)
		}
	}
	if _, err := host.Profile(nil); !errors.Is(err, ErrData) {
		t.Errorf("error %v, expected %v", err, ErrData)
	}
}
