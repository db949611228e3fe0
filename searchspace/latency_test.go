package searchspace

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

// TestLatencyTable: a table of multiply-adds predicts multiply-adds, survives JSON, and says what it lacks.
func TestLatencyTable(t *testing.T) {
	for _, m := range Models() {
		space, a, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		g, err := space.Lower(a)
		if err != nil {
			t.Fatal(err)
		}
		table := LatencyTable{CPU: "test", Batch: 1, Fixed: 7}
		layers, nodes := g.latencies()
		seen := map[LatencyLayer]bool{}
		for i, l := range layers {
			if !seen[l] {
				seen[l] = true
				table.Entries = append(table.Entries, Latency{Layer: l, Seconds: float64(g.Nodes[nodes[i]].MAdds())})
			}
		}
		text, err := json.Marshal(table)
		if err != nil {
			t.Fatal(err)
		}
		var read LatencyTable
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		got, err := read.Seconds(g)
		if want := float64(g.Cost().MAdds) + 7; err != nil || math.Abs(got-want) > 1 {
			t.Errorf("%s: %v, error %v, expected %v", m.Name, got, err, want)
		}
		lost := read.Entries[0].Layer
		read.Entries = read.Entries[1:]
		if _, err := read.Seconds(g); !errors.Is(err, ErrNoLatency) || !strings.Contains(err.Error(), lost.String()) {
			t.Errorf("%s: error %v, expected one about %v", m.Name, err, lost)
		}
	}
}

// TestLatencyLayers: what runs together is one layer.
func TestLatencyLayers(t *testing.T) {
	space, err := NewSpace(Family{Name: "fused", InputSize: 8, Classes: 2, Build: func(b *Builder) {
		x := b.ConvBN("a", b.Input(), Conv{Out: Const(4), Kernel: Const(3)}, ActReLU)
		y := b.ConvBN("b", x, Conv{Out: Const(4), Kernel: Const(3)}, ActNone)
		x = b.Act("act", b.Add("add", x, y), ActHSwish)
		b.Classifier("fc", b.GlobalAvgPool("pool", x), 0.5)
	}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := space.Lower(space.Smallest())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range g.Latencies() {
		got = append(got, l.String())
	}
	want := "Conv2d 3×8×8→4×8×8 k3 s1 g1 norm=true relu; Conv2d 4×8×8→4×8×8 k3 s1 g1 norm=true none; " +
		"Add 4×8×8→4×8×8 k0 s0 g0 norm=false hswish; GlobalAvgPool 4×8×8→4×1×1 k0 s0 g0 norm=false none; Linear 4×1×1→2×1×1 k0 s0 g0 norm=false none"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("layers %s, expected %s", s, want)
	}
}
