package searchspace_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestLatencyDifference: a difference is that of Seconds, and its spread that of the layers which
// are not alike, a layer that occurs twice with twice its spread.
func TestLatencyDifference(t *testing.T) {
	s := plain(t)
	table := timed(must[[]searchspace.LatencyLayer](t)(choiceGraph(t, s).Latencies()))
	spread := map[searchspace.LatencyLayer]float64{}
	for _, e := range table.Entries {
		spread[e.Layer] = e.Spread
	}
	r := newRand(4)
	for range 200 {
		a := must[*searchspace.Graph](t)(s.Lower(must[searchspace.Arch](t)(s.Sample(r))))
		b := must[*searchspace.Graph](t)(s.Lower(must[searchspace.Arch](t)(s.Sample(r))))
		more := map[searchspace.LatencyLayer]float64{}
		for _, l := range a.Latencies() {
			more[l]--
		}
		for _, l := range b.Latencies() {
			more[l]++
		}
		var squares float64
		for l, n := range more {
			squares += n * n * spread[l] * spread[l]
		}
		want := must[float64](t)(table.Seconds(b)) - must[float64](t)(table.Seconds(a))
		d, sp, err := table.Difference(a, b)
		if err != nil || math.Abs(d-want) > 1e-12 || math.Abs(sp-math.Sqrt(squares)) > 1e-12 {
			t.Fatalf("difference %v ± %v, %v; expected %v ± %v", d, sp, err, want, math.Sqrt(squares))
		}
		back, sp2, err := table.Difference(b, a)
		if err != nil || math.Abs(back+d) > 1e-12 || sp2 != sp {
			t.Fatalf("difference %v ± %v the other way, %v; expected %v ± %v", back, sp2, err, -d, sp)
		}
		if d, sp, err := table.Difference(a, a); d != 0 || sp != 0 || err != nil {
			t.Fatalf("a network differs from itself by %v ± %v, %v", d, sp, err)
		}
	}
}

// TestResolution: as spreads grow, more pairs are lost in them, from none to all.
func TestResolution(t *testing.T) {
	s := plain(t)
	table := timed(must[[]searchspace.LatencyLayer](t)(choiceGraph(t, s).Latencies()))
	var archs []searchspace.Arch
	r := newRand(8)
	for range 30 {
		archs = append(archs, must[searchspace.Arch](t)(s.Sample(r)))
	}
	archs = append(archs, archs[0]) // a pair that does not count
	scale := func(f float64) {
		for i := range table.Entries {
			table.Entries[i].Spread = f * table.Entries[i].Seconds
		}
	}
	last := -1.0
	for _, f := range []float64{0, 0.01, 0.1, 1, 10, 1e6} {
		scale(f)
		got := must[searchspace.Resolution](t)(table.Resolution(s, archs))
		if got.Within < last || got.Pairs < 400 || got.Pairs >= 31*30/2 || got.Difference <= 0 {
			t.Errorf("spread %v: %+v after a share of %v", f, got, last)
		}
		if got.Drowned() != (f >= 10) && f != 1 {
			t.Errorf("spread %v: %+v is drowned: %v", f, got, got.Drowned())
		}
		last = got.Within
	}
	if last != 1 {
		t.Errorf("a share of %v is lost in huge spreads", last)
	}
	if _, err := table.Resolution(s, archs[:1]); err == nil {
		t.Error("one architecture has a resolution")
	}
	if _, err := table.Resolution(fusingSpace(t), archs); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("architectures of another space: %v", err)
	}
	table.Entries = table.Entries[1:]
	if _, err := table.Resolution(s, archs); !errors.Is(err, searchspace.ErrNoLatency) {
		t.Errorf("a table without the first layer: %v", err)
	}
}

// TestLatencyTableChanges: answers follow the entries, however these change between calls.
func TestLatencyTableChanges(t *testing.T) {
	s := plain(t)
	a := s.Largest()
	g := must[*searchspace.Graph](t)(s.Lower(a))
	full := timed(must[[]searchspace.LatencyLayer](t)(choiceGraph(t, s).Latencies())).Entries
	table := timed(nil)
	check := func(step string) {
		t.Helper()
		fresh := timed(nil)
		fresh.Entries = slices.Clone(table.Entries)
		want, wantErr := fresh.Seconds(g)
		got, err := table.Cost(s, a)
		if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: %v, %v; a new table says %v, %v", step, got, err, want, wantErr)
		}
	}
	check("empty")
	for i, e := range full {
		table.Entries = append(table.Entries, e)
		check(fmt.Sprint("entry ", i))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(table.Entries), func(i, j int) {
		table.Entries[i], table.Entries[j] = table.Entries[j], table.Entries[i]
	})
	check("shuffled")
	for i := range table.Entries {
		table.Entries[i].Seconds *= 3
	}
	check("slower")
	table.Entries[0].Layer, table.Entries[1].Layer = table.Entries[1].Layer, table.Entries[0].Layer
	check("exchanged")
	table.Entries[2].Layer.Op = "something else"
	check("renamed")
	table.Entries = table.Entries[:len(table.Entries)/2]
	check("cut")
}

// TestOldLatencyTable: tables written by earlier versions are read.
func TestOldLatencyTable(t *testing.T) {
	const old = `{
 "CPU": "x",
 "Kernels": "cpu/avx2",
 "Workers": 2,
 "Batch": 8,
 "Fixed": 0.001,
 "Entries": [
  {
   "Layer": {"Op": "Linear", "Norm": false, "Act": "none", "Kernel": 0, "Stride": 0, "Groups": 0,
    "In": {"C": 8, "H": 1, "W": 1}, "Out": {"C": 2, "H": 1, "W": 1}},
   "Seconds": 0.002,
   "Spread": 0.0001
  }
 ]
}`
	table := must[*searchspace.LatencyTable](t)(searchspace.ReadLatencyTable(bytes.NewBufferString(old)))
	if table.Batch != 8 || len(table.Entries) != 1 || table.Entries[0].Layer.In.C != 8 || table.Entries[0].Seconds != 0.002 {
		t.Errorf("read %+v", table.Entries)
	}
}

func ExampleLatencyTable_Model() {
	space, err := searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet})
	if err != nil {
		fmt.Println(err)
		return
	}
	graph, err := space.LowerChoices()
	if err != nil {
		fmt.Println(err)
		return
	}
	layers, err := graph.Latencies()
	if err != nil {
		fmt.Println(err)
		return
	}
	// A real table is measured; here a layer takes a microsecond for every 1000 numbers that it
	// makes.
	table := &searchspace.LatencyTable{Workers: 1, Batch: 1, Fixed: 2e-6}
	for _, l := range layers {
		seconds := 1e-9 * float64(l.Out.Size())
		table.Entries = append(table.Entries, searchspace.Latency{Layer: l, Seconds: seconds, Spread: 0.02 * seconds})
	}
	model, err := table.Model(graph)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range []searchspace.Arch{space.Smallest(), space.Largest()} {
		fast, err := model.At(a)
		if err != nil {
			fmt.Println(err)
			return
		}
		slow, err := table.Cost(space, a)
		fmt.Printf("%.1f µs, %.1f µs, %v\n", 1e6*fast, 1e6*slow, err)
	}
	// Is one of them faster, as far as the table can tell?
	resolution, err := table.Resolution(space, []searchspace.Arch{space.Smallest(), space.Largest()})
	fmt.Println(resolution, err)
	// Output:
	// 4.8 µs, 4.8 µs, <nil>
	// 11.8 µs, 11.8 µs, <nil>
	// 1 pairs: 0.00693 ms apart with a spread of 6.96e-05 ms (medians), 0 % within their spread <nil>
}
