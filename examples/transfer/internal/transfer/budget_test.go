package transfer

import (
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestLength(t *testing.T) {
	table := run.Training{Batch: 10, MinSteps: 5}
	given := table
	given.Epochs = 7
	for name, c := range map[string]struct {
		t      Training
		images int
		passes float64
		want   Span
	}{
		"time for some epochs":  {Training{Training: table, Most: 20}, 100, 350, Span{100, 3, 30}},
		"more time than needed": {Training{Training: table, Most: 4}, 100, 1e6, Span{100, 4, 40}},
		"few images":            {Training{Training: table, Most: 2}, 20, 1e6, Span{20, 3, 6}},
		"many images":           {Training{Training: table, Most: 20}, 1000, 350, Span{350, 1, 35}},
		"hardly any time":       {Training{Training: table, Most: 20}, 1000, 1, Span{50, 1, 5}},
		"fewer than a batch":    {Training{Training: table, Most: 20}, 4, 8, Span{4, 5, 5}},
		"epochs given":          {Training{Training: given, Most: 2}, 1000, 1, Span{1000, 7, 700}},
	} {
		if got := c.t.length(c.images, c.passes); got != c.want {
			t.Errorf("%s: got %+v, expected %+v", name, got, c.want)
		}
	}
}

// Frozen stages cost a forward pass, the others three.
func TestTrained(t *testing.T) {
	space, arch, err := lite0.Space(64, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := space.Lower(arch)
	if err != nil {
		t.Fatal(err)
	}
	all := float64(g.Cost().MAdds)
	before := trained(g, 0)
	if before != 3*all {
		t.Errorf("%v multiply-adds with nothing frozen, expected %v", before, 3*all)
	}
	for frozen := 1; frozen <= stages; frozen++ {
		now := trained(g, frozen)
		if now >= before {
			t.Errorf("%d stages frozen: %v multiply-adds, not less than %v", frozen, now, before)
		}
		before = now
	}
	if before != all {
		t.Errorf("%v multiply-adds with all frozen, expected %v", before, all)
	}
}

// More minutes never shorten anything, and without the third step there are more for the second.
func TestPlan(t *testing.T) {
	plan := func(minutes float64, adapt bool) Lengths {
		t.Helper()
		cfg := Default()
		cfg.Size, cfg.Minutes, cfg.Adapt = 64, minutes, adapt
		if err := cfg.check(); err != nil {
			t.Fatal(err)
		}
		e := &engine{cfg: &cfg}
		var err error
		if e.images, err = stub(4000, 800, 500); err != nil {
			t.Fatal(err)
		}
		if err := e.around(10); err != nil {
			t.Fatal(err)
		}
		l, err := e.plan()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	before := plan(0.1, true)
	for _, minutes := range []float64{1, 10, 100} {
		now := plan(minutes, true)
		if now.Tune.Steps < before.Tune.Steps ||
			now.Last.Steps < before.Last.Steps || now.Search < before.Search || now.Head < before.Head {
			t.Errorf("%v minutes: %+v, fewer: %+v", minutes, now, before)
		}
		before = now
	}
	if now, both := plan(2, false), plan(2, true); now.Tune.Steps <= both.Tune.Steps || now.Last.Steps != 0 {
		t.Errorf("without adapting %+v, with %+v", now, both)
	}
}

// stub are black images of ten classes, so many in each part.
func stub(train, held, test int) (*images, error) {
	classes := make([]string, 10)
	for c := range classes {
		classes[c] = string(rune('a' + c))
	}
	var parts [3]dataset.Dataset
	for i, n := range []int{train, held, test} {
		labels := make([]int, n)
		for k := range labels {
			labels[k] = k % len(classes)
		}
		ds, err := dataset.FromPixels(1, classes, labels, make([]uint8, n))
		if err != nil {
			return nil, err
		}
		parts[i] = ds
	}
	return &images{parts[0], parts[1], parts[2]}, nil
}
