package searchspace

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestLatencyTable: a table of multiply-adds predicts multiply-adds, survives JSON, and says what
// it lacks.
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
		table := LatencyTable{CPU: "test", Workers: 1, Batch: 1, Fixed: 7}
		layers, index := g.Latencies(), g.LatencyIndex()
		work := make([]float64, len(layers))
		for i, k := range index {
			if k >= 0 {
				work[k] += float64(g.Nodes[i].MAdds())
			}
		}
		seen := map[LatencyLayer]bool{}
		for i, l := range layers {
			if !seen[l] {
				seen[l] = true
				table.Entries = append(table.Entries, Latency{Layer: l, Seconds: work[i]})
			}
		}
		var text bytes.Buffer
		if err := table.Write(&text); err != nil {
			t.Fatal(err)
		}
		read, err := ReadLatencyTable(&text)
		if err != nil {
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
		x = b.Act("act2", b.Linear("hidden", b.GlobalAvgPool("pool", x), Const(3)), ActReLU)
		b.Classifier("fc", x, 0.5)
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
		"Add 4×8×8→4×8×8 k0 s0 g0 norm=false hswish; GlobalAvgPool 4×8×8→4×1×1 k0 s0 g0 norm=false none; Linear 4×1×1→3×1×1 k0 s0 g0 norm=false relu; Linear 3×1×1→2×1×1 k0 s0 g0 norm=false none"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("layers %s, expected %s", s, want)
	}
	// The input and the dropout take no time; a normalisation and an activation belong to the layer
	// before.
	if got, want := g.LatencyIndex(), []int{-1, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, -1, 5}; !slices.Equal(got, want) {
		t.Errorf("nodes in layers %v, expected %v", got, want)
	}
}

// TestLatencyTableRefused: what no measurement gives is not read, and not written.
func TestLatencyTableRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"Batch": 1, "Workers": 1`:                                         "unexpected EOF",
		`{"Batch": 1, "Workers": 1} {}`:                                     "more after",
		`{"Batch": 1, "Workers": 1, "Speed": 3}`:                            "Speed",
		`{"Batch": 0, "Workers": 1}`:                                        "batch of 0",
		`{"Batch": 1, "Workers": 0}`:                                        "on 0 processors",
		`{"Batch": 1, "Workers": 1, "Fixed": -1}`:                           "fixed part",
		`{"Batch": 1, "Workers": 1, "Entries": [{"Seconds": -1}]}`:          "-1 ± 0 seconds",
		`{"Batch": 1, "Workers": 1, "Entries": [{"Spread": -1}]}`:           "0 ± -1 seconds",
		`{"Batch": 1, "Workers": 1, "Entries": [{"Seconds": 1}, {}]}`:       "twice",
		`{"Batch": 1, "Workers": 1, "Entries": [{"Layer": {"In": "big"}}]}`: "Shape",
	} {
		if _, err := ReadLatencyTable(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, expected one with %q", text, err, want)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if err := (&LatencyTable{Batch: 1, Workers: 1, Fixed: bad}).Write(io.Discard); err == nil {
			t.Errorf("a fixed part of %v is written", bad)
		}
	}
}

func FuzzLatencyTable(f *testing.F) {
	f.Add(`{"CPU": "x", "Kernels": "cpu/go", "Batch": 2, "Workers": 1, "Fixed": 0.5, "Entries": [{"Layer": {"Op": "Conv2d", "Norm": true, "Act": "relu", "Kernel": 3, "Stride": 1, "Groups": 1, "In": {"C": 3, "H": 8, "W": 8}, "Out": {"C": 4, "H": 8, "W": 8}}, "Seconds": 1e-3, "Spread": 1e-5}]}`)
	f.Add(`{"Batch": 1, "Workers": 1} x`)
	f.Add(`{"Batch": 1, "Workers": 1, "Entries": [{}, {}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ReadLatencyTable(strings.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := table.Write(&out); err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		again, err := ReadLatencyTable(&out)
		if err != nil || !reflect.DeepEqual(again, table) {
			t.Fatalf("written and read it is %+v, error %v, expected %+v", again, err, table)
		}
	})
}
