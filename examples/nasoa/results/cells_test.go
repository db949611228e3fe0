package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/predictor"
)

func TestCells(t *testing.T) {
	page := thePage()
	p := places{cifar: "/cifar", zoo: t.TempDir(), identity: fakeIdentity}
	seen := map[string]bool{}
	for _, c := range page.Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		if c.Data == "" {
			continue
		}
		cfg, err := nasoa.Program().Settings(p.full(c.Args, "/tiny", c.Name != zooCell))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if cfg.Size != 32 || len(cfg.More) != 2 || cfg.Pretrain.Epochs != 8 && (c.Name == zooCell ||
			c.Command == "" &&
				len(c.Name) > 8) {
			t.Errorf("%s: %+v", c.Name, cfg)
		}
	}
	if len(seen) != 1+logs+gridTasks+2*limited+len(nasoa.Networks())+3 {
		t.Errorf("%d cells", len(seen))
	}
}

// Cells wait for what they need.
func TestWaiting(t *testing.T) {
	p := places{}
	find := func(name string) cell {
		list := allCells(&p)
		i := slices.IndexFunc(list, func(c cell) bool { return c.Name == name })
		return list[i]
	}
	whole := fakes(func(string) bool { return true })
	for _, c := range []struct {
		name, cifar, zoo string
		r                *cells.Results[result]
		waits            bool
	}{
		{zooCell, "", "", whole, true}, {zooCell, "/cifar", "", whole, false},
		{"random-1", "/cifar", "/no such zoo", whole, true}, {"random-1", "/cifar", t.TempDir(), whole, false},
		{"random-1", "/cifar", t.TempDir(), fakes(func(name string) bool { return name != zooCell }), true},
		{"taught-1", "/cifar", t.TempDir(), fakes(func(name string) bool { return name != "random-2" }), true},
		{"taught-1", "/cifar", t.TempDir(), whole, false},
		{"grid-8", "/cifar", t.TempDir(), whole, false},
		{replay, "", "", fakes(func(name string) bool { return name != "random-3" }), true}, {replay, "", "",
			whole, false},
		{regret, "", "", fakes(func(name string) bool { return name != "grid-8" }), true}, {regret, "", "", whole,
			false},
		{borrowed, "", "", thePage().Results(), false},
	} {
		p = places{c.cifar, c.zoo, fakeIdentity}
		one := find(c.name)
		if _, err := one.More(c.r); errors.Is(err, cells.ErrWaits) != c.waits || err != nil && !c.waits {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Cells of another zoo than that of the zoo's record neither run nor are added to.
func TestAnotherZoo(t *testing.T) {
	p := places{"/cifar", t.TempDir(), func(string) (string, error) { return "another", nil }}
	all := func(string) bool { return true }
	for _, c := range allCells(&p) {
		_, err := moreOf(&c, fakes(all))
		refused := err != nil && strings.Contains(err.Error(), "holds another zoo (another) than the one")
		if needs := c.Data != "" && c.Name != zooCell; refused != needs {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	p.identity = fakeIdentity
	for _, c := range []struct {
		change string
		mixed  string // cells that no longer belong to the others
		refuse string // cells that do not run with them
	}{
		{"", "", ""},
		{"zoo", "random-1 random-2 random-3 grid-1 grid-2 grid-3 grid-4 grid-5 grid-6 grid-7 grid-8 taught-1 taught-2 " +
			"taught-3 cold-1 cold-2 cold-3 network-1 network-2 network-3 network-4 network-5 network-6 network-7 " +
			"network-8 network-9 replay regret", "taught-1 replay regret"},
		{"random-2", "taught-1 taught-2 taught-3 replay regret", ""},
		{"grid-3", "regret", ""},
		{"made by another", "random-3", "taught-1 replay regret"},
	} {
		r := fakes(all)
		switch c.change {
		case "zoo":
			r.Get(zooCell).Result.Identity = "built anew"
			p.identity = func(string) (string, error) { return "built anew", nil }
		case "random-2":
			r.Get("random-2").Result.Log[0].Accuracy = 0.123
		case "grid-3":
			r.Get("grid-3").Result.Grid.Cells[0].Accuracy = 0.123
		case "made by another":
			r.Get("random-3").Result.Made = "another"
		}
		if got := strings.Join((tables{r}).mixed(), " "); got != c.mixed {
			t.Errorf("%q: %s do not belong to the others, want %s", c.change, got, c.mixed)
		}
		var refused []string
		for _, one := range allCells(&p) {
			if _, err := moreOf(&one, r); err != nil && strings.HasSuffix(one.Name, "taught-1") ||
				err != nil && one.Data == "" {
				refused = append(refused, one.Name)
			}
		}
		if got := strings.Join(refused, " "); got != c.refuse {
			t.Errorf("%q: %s do not run, want %s", c.change, got, c.refuse)
		}
		if text := render(t, r); strings.Contains(text, "What follows is not valid") != (c.mixed != "") {
			t.Errorf("%q: the page:\n%.600s", c.change, text)
		}
		p.identity = fakeIdentity
	}
}

// moreOf are the further settings of a cell.
func moreOf(c *cell, r *cells.Results[result]) ([]string, error) {
	if c.More == nil {
		return nil, nil
	}
	return c.More(r)
}

// A log goes through a record.
func TestRecordOfLog(t *testing.T) {
	want := result{Log: fakeLog("random", 3, 4)}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got result
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The best of k is its mean over all subsets.
func TestBestOf(t *testing.T) {
	var list []nasoa.GridCell
	x := []float64{0.3, 0.9, 0.5, 0.5, 0.1}
	for _, v := range x {
		list = append(list, nasoa.GridCell{Accuracy: v})
	}
	for k := 1; k <= 6; k++ {
		sum, n := 0.0, 0.0
		for set := range 1 << len(x) {
			best, size := 0.0, 0
			for i, v := range x {
				if set>>i&1 == 1 {
					best, size = max(best, v), size+1
				}
			}
			if size == min(k, len(x)) {
				sum, n = sum+best, n+1
			}
		}
		if got := bestOf(list, k); math.Abs(got-sum/n) > 1e-12 {
			t.Errorf("%d: %g, want %g", k, got, sum/n)
		}
	}
}

// Successive halving follows those that did well.
func TestHalving(t *testing.T) {
	var list []nasoa.GridCell
	for i, x := range [][]float64{{0.5, 0.6, 0.7}, {0.4, 0.9, 0.9}, {0.3, 0.95, 0.99}} {
		for k, v := range x {
			list = append(list, nasoa.GridCell{Rate: float64(i), Iterations: 10 * (k + 1), Accuracy: v})
		}
	}
	if best, trials := halving(list, nil); best != 0.7 || trials != 5 {
		t.Errorf("%g in %d trials", best, trials)
	}
}

// Regrets are of regimes that fit, and the ways that try more have less of it.
func TestRegrets(t *testing.T) {
	var grids []*nasoa.Grid
	for k := range 3 {
		grids = append(grids, fakeGrid(k))
	}
	for _, limit := range limitsOf(grids[0]) {
		if list, best := within(grids[0], limit); len(list) == 0 || best == 0 {
			t.Errorf("nothing fits %g s", limit)
		}
	}
	models := []predictor.Model{{Name: "ET-A", Accuracy: 0.3}, {Name: "ET-B", Accuracy: 0.4}, {Name: "ET-C",
		Accuracy: 0.5}}
	r, err := regretAll(t.Context(), models, fakeLog("random", 0, 30), grids, 2)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]wayRegret{}
	for _, w := range r.Ways {
		by[w.Name] = w
		for _, v := range w.Tasks {
			if !(v >= 0 && v < 0.5) {
				t.Errorf("%s: %v", w.Name, w.Tasks)
			}
		}
	}
	if one, five, all := by[wayRandom1], by[wayRandom5], by[wayRandom40]; len(r.Ways) != len(ways()) ||
		one.Tasks[0] <= five.Tasks[0] ||
		all.Tasks[0] > 1e-12 || one.Trials != 1 || by[wayTaught].Trials != 1 || by[wayHalving].Trials < 2 {
		t.Errorf("%+v", r.Ways)
	}
	if o := by[wayOracle]; o.Tasks[0] > 1e-12 || o.Trials <= by[wayHalving].Trials {
		t.Errorf("%+v", o)
	}
	again, err := regretAll(t.Context(), models, fakeLog("random", 0, 30), grids, 2)
	if err != nil || cmp.Diff(r, again) != "" {
		t.Errorf("another time they are others: %v %s", err, cmp.Diff(r, again))
	}
}

// A regime is chosen for every limit of a task before any outcome on it is learnt, and the slowest
// regime fits the longest limit.
func TestChooseAll(t *testing.T) {
	list := nasoa.Rivals(10)
	g, err := list[0].Pupil([]predictor.Model{{Name: "ET-A", Accuracy: 0.3}, {Name: "ET-B", Accuracy: 0.4}})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range fakeLog("random", 0, 30) {
		if o.Model == "ET-C" {
			continue
		}
		if _, err := g.Learn(o.Task(), o.Regime(), o.Accuracy); err != nil {
			t.Fatal(err)
		}
	}
	for k := range 8 {
		task := fakeGrid(k)
		task.Features = 0.1 + 0.017*float64(k)
		all := limitsOf(task)
		if fits, _ := within(task, all[limits-1]); len(fits) != len(task.Cells) {
			t.Errorf("task %d: %d of %d regimes fit the longest limit", k, len(fits), len(task.Cells))
		}
		want := 0.0
		for _, limit := range all { // with one who learns nothing meanwhile
			fits, best := within(task, limit)
			c, err := choose(g, task, fits, 0)
			if err != nil {
				t.Fatal(err)
			}
			want += (best - c.Accuracy) / limits
		}
		lost, tried, err := chooseAll(g, task, 0)
		if err != nil || math.Abs(lost-want) > 1e-12 || len(tried) == 0 || len(tried) > limits {
			t.Errorf("task %d: regret %g, want %g, %d tried, %v", k, lost, want, len(tried), err)
		}
		slices.SortFunc(tried, func(a, b nasoa.GridCell) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		if len(slices.Compact(tried)) != len(tried) {
			t.Errorf("task %d: a regime is learnt twice: %v", k, tried)
		}
	}
}

// What is taught in another order chooses otherwise, and so all ways that learn are means over
// orders.
func TestOrdersOfTeaching(t *testing.T) {
	models := []predictor.Model{{Name: "ET-A", Accuracy: 0.3}, {Name: "ET-B", Accuracy: 0.4}, {Name: "ET-C",
		Accuracy: 0.5}}
	var grids []*nasoa.Grid
	for k := range 8 {
		grids = append(grids, fakeGrid(k))
	}
	of := func(n int) []float64 {
		w := wayRegret{Tasks: make([]float64, len(grids))}
		if err := w.learn(t.Context(), learnerOf(wayOffline), models, fakeLog("random", 0, 30), grids, n); err != nil {
			t.Fatal(err)
		}
		return w.Tasks
	}
	if one, many := of(1), of(6); slices.Equal(one, many) {
		t.Errorf("six orders of teaching choose as one does: %v", one)
	}
}

func TestReplays(t *testing.T) {
	models := []predictor.Model{{Name: "ET-A", Accuracy: 0.3}, {Name: "ET-B", Accuracy: 0.4}, {Name: "ET-C",
		Accuracy: 0.5}}
	r, err := replayAll(t.Context(), models, []outcomes{fakeLog("random", 0, 20), fakeLog("random", 20, 20)}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Rivals {
		if len(e.MAE) != 3 || len(e.Logs) != 2 || e.MAE[0] == 0 || e.Name != "running mean" &&
			e.MAE[0] == e.MAE[1] ||
			(e.Bound > 0) != (e.Name == nasoa.Theorem) {
			t.Errorf("%+v", e)
		}
	}
	shapes := map[string][2]int{"concrete.npy": {1030, 9}, "diabetes.npy": {442, 11}, "ames.npy.gz": {2930, 34},
		"chicago.npy.gz": {5698, 56}}
	var rows [][]float64
	for _, name := range streamNames() {
		if rows, err = readRows("../../../predictor/testdata/stream_" + name); err != nil {
			t.Fatal(err)
		}
		if got := [2]int{len(rows), len(rows[0])}; got != shapes[name] {
			t.Errorf("%s: %v, want %v", name, got, shapes[name])
		}
		for _, row := range rows { // features are cut at ±5, targets scaled to [0, 1]
			for k, v := range row {
				if last := k == len(row)-1; last && !(v >= 0 && v <= 1) || !(math.Abs(v) <= 5) {
					t.Fatalf("%s: %v", name, row)
				}
			}
		}
	}
	s, err := learnRows("chicago", rows[:100])
	if err != nil || len(s.MAE) != len(nasoa.Rivals(1)) || s.Examples != 100 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Whatever a file is, reading it gives an error or a matrix.
func FuzzParseRows(f *testing.F) {
	good := []byte("\x93NUMPY\x01\x00\x3a\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n")
	good[8] = byte(len(good) - 10)
	f.Add(append(good, 0, 0, 128, 63, 0, 0, 0, 64))
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := parseRows(data)
		for _, r := range rows {
			if err != nil || len(r) != len(rows[0]) {
				t.Errorf("%v, %v", rows, err)
			}
		}
	})
}
