package supernet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// fakeTimer makes networks whose layers take times that follow from the layer, and a call a fixed
// time beside them. Nothing runs.
type fakeTimer struct {
	name    string
	opened  int                // networks made
	runs    int                // of all networks
	stop    context.CancelFunc // called in run number at
	at      int
	slower  float64 // of whole networks against their parts
	wobble  float64 // relative, of every third run of a network in turn
	even    bool    // layers hardly differ
	kernel  string
	refused error
	limit   int64 // of parameters; larger networks fail to open
}

func newFakeTimer() *fakeTimer { return &fakeTimer{name: "abacus", slower: 1, kernel: "beads"} }

type fakeTimed struct {
	*fakeTimer
	g     *searchspace.Graph
	batch int
	calls int
}

func (f *fakeTimer) cpu() string { return f.name }

func (f *fakeTimer) open(space *searchspace.Space, a searchspace.Arch, o *LatencyOptions) (timedNetwork, error) {
	f.opened++
	g, err := space.Lower(a)
	if err == nil && f.limit > 0 && g.Cost().Params > f.limit {
		err = fmt.Errorf("%d parameters", g.Cost().Params)
	}
	return &fakeTimed{fakeTimer: f, g: g, batch: o.Batch}, err
}

const fakeFixed = 0.25

// layerSeconds is exact in binary, so that sums are.
func layerSeconds(l searchspace.LatencyLayer) float64 {
	work := float64(l.Out.Size()) * float64(1+l.Kernel*l.Kernel)
	return (work + float64(l.In.C)) / (1 << 20)
}

func (n *fakeTimed) graph() *searchspace.Graph { return n.g }
func (n *fakeTimed) kernels() string           { return n.kernel }

func (n *fakeTimed) whole() (float64, error) {
	p, err := n.parts()
	if err != nil {
		return 0, err
	}
	return p.Total * n.slower, nil
}

func (n *fakeTimed) parts() (*Profile, error) {
	n.runs++
	n.calls++
	if n.stop != nil && n.runs == n.at {
		n.stop()
	}
	factor := 1.0
	if n.wobble > 0 {
		factor += n.wobble * float64(n.calls/3%2*2-1)
	}
	layers, seen := n.g.Latencies(), map[int]bool{}
	p := &Profile{Nodes: make([]float64, len(n.g.Nodes)), Total: fakeFixed}
	for i, k := range n.g.LatencyIndex() {
		if k >= 0 && !seen[k] {
			seen[k] = true
			seconds := layerSeconds(layers[k])
			if n.even {
				seconds = 1 + seconds/1024
			}
			p.Nodes[i] = seconds * float64(n.batch) * factor
			p.Total += p.Nodes[i]
		}
	}
	return p, n.refused
}

func smallSpace(t testing.TB) *searchspace.Space {
	t.Helper()
	s, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// randomArchs draws different architectures.
func randomArchs(t testing.TB, space *searchspace.Space, n int, seed uint64) (out []searchspace.Arch) {
	t.Helper()
	for i := uint64(0); len(out) < n; i++ {
		if a := sample(t, space, 1000*seed+i); !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// TestLatencyExact: where a network takes the sum of its layers, the table predicts every random
// architecture of the space, and the choice graph finds no layer missing.
func TestLatencyExact(t *testing.T) {
	ctx := context.Background()
	proxyless, err := searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{InputSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	lite, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{InputSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	for _, space := range []*searchspace.Space{smallSpace(t), proxyless, lite, tinySpace(t)} {
		fake := newFakeTimer()
		check := randomArchs(t, space, 8, 7)
		o := &LatencyOptions{Check: check, Rounds: 2, Batch: 4, Workers: 3}
		var told []LatencyProgress
		o.Progress = func(p LatencyProgress) error { told = append(told, p); return nil }
		res, err := measureLatency(ctx, space, o, fake)
		if err != nil {
			t.Fatal(err)
		}
		table := res.Table
		if table.CPU != "abacus" || table.Kernels != "beads" || table.Batch != 4 || table.Workers != 3 || math.Abs(table.Fixed-fakeFixed) > 1e-9 {
			t.Errorf("%s: table of %s, %s, batch %d, %d workers, fixed part %v", space.Name(), table.CPU, table.Kernels, table.Batch, table.Workers, table.Fixed)
		}
		for _, e := range table.Entries {
			if want := 4 * layerSeconds(e.Layer); math.Abs(e.Seconds-want) > 1e-9*want || e.Spread != 0 {
				t.Fatalf("%s: %v takes %v ± %v, expected %v", space.Name(), e.Layer, e.Seconds, e.Spread, want)
			}
		}
		if len(res.Missing) > 0 || len(res.Checked) != len(check) {
			t.Errorf("%s: %d layers missing, %d of %d checked", space.Name(), len(res.Missing), len(res.Checked), len(check))
		}
		for i, c := range res.Checked {
			if c.Arch != check[i] || math.Abs(c.Predicted-c.Measured) > 1e-9*c.Measured || c.Spread != 0 {
				t.Errorf("%s: checked %+v", space.Name(), c)
			}
		}
		if res.Resolution.Pairs == 0 || res.Resolution.Within != 0 {
			t.Errorf("%s: resolution %v", space.Name(), res.Resolution)
		}
		last := told[len(told)-1]
		if told[0].Networks != 0 || told[0].Layers != 0 || last.Networks != last.OfNetworks || last.Layers != last.OfLayers || last.Layers != len(table.Entries) {
			t.Errorf("%s: told %+v first, %+v last", space.Name(), told[0], last)
		}
		choices, err := space.LowerChoices()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := table.Model(choices); err != nil {
			t.Errorf("%s: no cost model: %v", space.Name(), err)
		}
		// A complete table is not measured again.
		before := len(table.Entries)
		fake.opened = 0
		o.Table, o.Check = table, check[:2]
		if res, err := measureLatency(ctx, space, o, fake); err != nil || fake.opened != 2 || len(res.Checked) != 2 || len(table.Entries) != before {
			t.Errorf("%s: again: %d networks made, expected the 2 to check; error %v", space.Name(), fake.opened, err)
		}
	}
}

// TestLatencyScaled: what whole networks take longer than the sum of their parts is in the table.
func TestLatencyScaled(t *testing.T) {
	fake := newFakeTimer()
	fake.slower = 1.25
	space := smallSpace(t)
	o := &LatencyOptions{Rounds: 1, Check: randomArchs(t, space, 3, 1)}
	res, err := measureLatency(context.Background(), space, o, fake)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range res.Table.Entries {
		if want := 1.25 * layerSeconds(e.Layer); math.Abs(e.Seconds-want) > 1e-9 {
			t.Errorf("%v takes %v, expected %v", e.Layer, e.Seconds, want)
		}
	}
	if want := 1.25 * fakeFixed; math.Abs(res.Table.Fixed-want) > 1e-9 {
		t.Errorf("fixed part %v, expected %v", res.Table.Fixed, want)
	}
	// A machine that has become slower since shows in the check.
	fake.slower = 2.5
	o.Table = res.Table
	if res, err = measureLatency(context.Background(), space, o, fake); err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Checked {
		if math.Abs(c.Measured-2*c.Predicted) > 1e-9 {
			t.Errorf("checked %+v, expected twice the prediction", c)
		}
	}
}

// TestLatencyWarns: a table whose spread drowns the differences says so, and no other does.
func TestLatencyWarns(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 32, Depths: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	for wobble, want := range map[float64]bool{0: false, 0.25: true} {
		fake := newFakeTimer()
		fake.even, fake.wobble = true, wobble
		var text bytes.Buffer
		o := &LatencyOptions{Rounds: 10, Logger: slog.New(slog.NewTextHandler(&text, nil))}
		res, err := measureLatency(context.Background(), space, o, fake)
		if err != nil {
			t.Fatal(err)
		}
		if res.Resolution.Drowned() != want || strings.Contains(text.String(), "drowns") != want {
			t.Errorf("wobble of %v: %v, logged %q", wobble, res.Resolution, text.String())
		}
	}
}

// TestLatencyMixed: every part of the list has its share of both kinds.
func TestLatencyMixed(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {3, 0}, {0, 4}, {5, 5}, {19, 50}, {40, 7}} {
		jobs := mixJobs(make([]searchspace.Arch, c[0]), make([]LatencyCheck, c[1]))
		if len(jobs) != c[0]+c[1] {
			t.Fatalf("%v: %d jobs", c, len(jobs))
		}
		parts := 0.0
		for i, j := range jobs {
			if j.check == nil {
				parts++
			}
			if want := float64(c[0]) / float64(len(jobs)) * float64(i+1); math.Abs(parts-want) > 1 {
				t.Errorf("%v: %v of the first %d are for the table, expected %v", c, parts, i+1, want)
			}
		}
	}
}

// TestLatencyResumed: a measurement that was stopped goes on with what it has, and a table of
// another space is extended, its times kept.
func TestLatencyResumed(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	fake := newFakeTimer()
	fake.stop, fake.at = stop, 10 // in the second group
	o := &LatencyOptions{Group: 2, Rounds: 1, Passes: 3}
	space := smallSpace(t)
	var told *searchspace.LatencyTable
	o.Progress = func(p LatencyProgress) error { told = p.Table; return nil }
	part, err := measureLatency(ctx, space, o, fake)
	if !errors.Is(err, context.Canceled) || len(part.Table.Entries) == 0 || !slices.Equal(told.Entries, part.Table.Entries) {
		t.Fatalf("%d layers after the first group, error %v", len(part.Table.Entries), err)
	}
	fake.stop, o.Progress = nil, nil
	o.Table = part.Table
	whole, err := measureLatency(context.Background(), space, o, fake)
	if err != nil || len(whole.Missing) > 0 {
		t.Fatal(err)
	}
	n := len(part.Table.Entries)
	if len(whole.Table.Entries) <= n || !slices.Equal(whole.Table.Entries[:n], part.Table.Entries) {
		t.Errorf("%d layers after %d", len(whole.Table.Entries), n)
	}
	o.Table = whole.Table
	other, err := measureLatency(context.Background(), tinySpace(t), o, fake)
	if err != nil {
		t.Fatal(err)
	}
	n = len(whole.Table.Entries)
	if len(other.Table.Entries) <= n || !slices.Equal(other.Table.Entries[:n], whole.Table.Entries) || other.Table.Fixed != whole.Table.Fixed {
		t.Errorf("%d layers after %d of another space", len(other.Table.Entries), n)
	}
}

// TestLatencyRefused: times of different machines do not mix, and what cannot be measured is an
// error.
func TestLatencyRefused(t *testing.T) {
	ctx := context.Background()
	space := tinySpace(t)
	first, err := measureLatency(ctx, space, &LatencyOptions{Rounds: 1, Workers: 2}, newFakeTimer())
	if err != nil {
		t.Fatal(err)
	}
	check := []searchspace.Arch{space.Largest()}
	other, kernels, failing := newFakeTimer(), newFakeTimer(), newFakeTimer()
	other.name, kernels.kernel, failing.refused = "rule", "slides", errors.New("beads stuck")
	for want, c := range map[string]struct {
		timer *fakeTimer
		o     LatencyOptions
	}{
		"of abacus with 2 workers and batch 1, expected rule": {other, LatencyOptions{Workers: 2}},
		"expected abacus with 3 and 1":                        {newFakeTimer(), LatencyOptions{Workers: 3}},
		"expected abacus with 2 and 8":                        {newFakeTimer(), LatencyOptions{Workers: 2, Batch: 8}},
		"of beads, expected slides":                           {kernels, LatencyOptions{Workers: 2, Check: check}},
		"beads stuck":                                         {failing, LatencyOptions{Workers: 2, Check: check}},
		"batch -1, expected":                                  {newFakeTimer(), LatencyOptions{Batch: -1}},
		"rounds -2, expected":                                 {newFakeTimer(), LatencyOptions{Rounds: -2}},
		"at most -3 parameters":                               {newFakeTimer(), LatencyOptions{MaxParams: -3}},
		"each has over 1000 parameters":                       {newFakeTimer(), LatencyOptions{Workers: 2, MaxParams: 1000}},
		"architecture":                                        {newFakeTimer(), LatencyOptions{Workers: 2, Archs: make([]searchspace.Arch, 1)}},
	} {
		c.o.Table = first.Table
		before := len(first.Table.Entries)
		if _, err := measureLatency(ctx, space, &c.o, c.timer); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
		if len(first.Table.Entries) != before {
			t.Error("the table handed in has changed")
		}
	}
	if _, err := MeasureLatency(ctx, nil, nil); err == nil {
		t.Error("no space was measured")
	}
	stop := errors.New("enough")
	o := &LatencyOptions{Progress: func(LatencyProgress) error { return stop }}
	if _, err := measureLatency(ctx, space, o, newFakeTimer()); !errors.Is(err, stop) {
		t.Errorf("error of the observer: %v", err)
	}
}

// TestLatencyLimits: what stays unmeasured is said, what cannot be predicted is left out, and
// networks over the limit are not made.
func TestLatencyLimits(t *testing.T) {
	ctx := context.Background()
	space := smallSpace(t)
	res, err := measureLatency(ctx, space, &LatencyOptions{Networks: 1, Rounds: 1, Check: randomArchs(t, space, 9, 3)}, newFakeTimer())
	if err != nil || len(res.Missing) == 0 || len(res.Checked) == 9 {
		t.Errorf("one network: %d layers missing, %d checked, error %v", len(res.Missing), len(res.Checked), err)
	}
	fake := newFakeTimer()
	fake.limit = 6e6
	if _, err := measureLatency(ctx, space, &LatencyOptions{MaxParams: 6e6, Rounds: 1}, fake); err != nil {
		t.Error(err)
	}
}

// TestLatencyArchs: a space without a choice graph is measured as far as the named architectures
// go, but not in those to check.
func TestLatencyArchs(t *testing.T) {
	ctx := context.Background()
	space, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	archs := randomArchs(t, space, 4, 1)
	fake := newFakeTimer()
	res, err := measureLatency(ctx, space, &LatencyOptions{Archs: archs, Rounds: 1}, fake)
	if err != nil || len(res.Missing) > 0 || fake.opened > len(archs) {
		t.Fatalf("%d layers missing, %d networks made, error %v", len(res.Missing), fake.opened, err)
	}
	for _, a := range archs {
		g, err := space.Lower(a)
		if err != nil {
			t.Fatal(err)
		}
		want := fakeFixed
		for _, l := range g.Latencies() {
			want += layerSeconds(l)
		}
		if got, err := res.Table.Cost(space, a); err != nil || math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: %v, error %v, expected %v", space.Format(a), got, err, want)
		}
	}
	res, err = measureLatency(ctx, space, &LatencyOptions{Archs: archs, Check: archs[:1], Rounds: 1}, newFakeTimer())
	if err != nil || len(res.Missing) == 0 || len(res.Checked) > 0 {
		t.Errorf("%d layers missing, %d checked, error %v", len(res.Missing), len(res.Checked), err)
	}
}

// TestLatencyCover: the chosen networks have every layer, in as many networks as asked for, and
// nothing that was skipped.
func TestLatencyCover(t *testing.T) {
	space := smallSpace(t)
	smallest := space.Smallest()
	set, err := exploreLayers(context.Background(), space, 1000, 3, func(a searchspace.Arch) bool { return a == smallest })
	if err != nil {
		t.Fatal(err)
	}
	for _, views := range []int{1, 3} {
		chosen := set.cover(nil, views, 100)
		have := map[searchspace.LatencyLayer]int{}
		for _, a := range chosen {
			g, err := space.Lower(a)
			if err != nil || a == smallest {
				t.Fatalf("%s: error %v", space.Format(a), err)
			}
			once := map[searchspace.LatencyLayer]bool{}
			for _, l := range g.Latencies() {
				if !once[l] {
					once[l] = true
					have[l]++
				}
			}
		}
		for _, l := range set.layers {
			if have[l] < views {
				t.Errorf("%v is in %d networks, expected %d", l, have[l], views)
			}
		}
		// A first layer of a stage has nine forms, so nine networks are the least.
		if len(chosen) < 9*views || len(chosen) > 12*views {
			t.Errorf("%d networks for %d views", len(chosen), views)
		}
	}
}

// TestLatencyReal measures a small space with the clock.
func TestLatencyReal(t *testing.T) {
	space := tinySpace(t)
	o := &LatencyOptions{Rounds: 1, Passes: 2, Views: 1, Check: []searchspace.Arch{sample(t, space, 5)}}
	res, err := MeasureLatency(context.Background(), space, o)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, e := range res.Table.Entries {
		sum += e.Seconds
	}
	if len(res.Missing) > 0 || !(sum > 0) || !strings.HasPrefix(res.Table.Kernels, "cpu") || res.Table.CPU == "" {
		t.Errorf("%d layers of %v s on %s, %s, %d missing", len(res.Table.Entries), sum, res.Table.CPU, res.Table.Kernels, len(res.Missing))
	}
	if c := res.Checked[0]; !(c.Predicted > 0 && c.Measured > 0 && c.Spread >= 0) {
		t.Errorf("checked %+v", c)
	}
	if err := res.Table.Write(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}
