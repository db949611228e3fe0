package supernet

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// batchEvaluator is what a search with fresh batches asks for, declared as it declares it.
type batchEvaluator interface {
	Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error)
	EvaluateBatch(ctx context.Context, a searchspace.Arch, batch int) (searchspace.Measurement, error)
}

var _ batchEvaluator = (*Judge)(nil)

// readCounter counts the images that were read.
type readCounter struct {
	dataset.Dataset
	read atomic.Int64
}

func (c *readCounter) Image(i int, dst []uint8) error {
	c.read.Add(1)
	return c.Dataset.Image(i, dst)
}

// judgeOf binds data to a supernet whose weights are away from their start.
func judgeOf(t testing.TB, val dataset.Dataset, o *EvalOptions) *Judge {
	t.Helper()
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 1)
	j, err := n.On(val, o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestEvaluateRange: whatever the ranges, the memory and the order of asking, ranges that make up
// the data add up to the whole.
func TestEvaluateRange(t *testing.T) {
	ctx := context.Background()
	val, train := stripes(t, 30, 16, 4), stripes(t, 20, 16, 5)
	whole := judgeOf(t, val, &EvalOptions{Calibration: train, BatchSize: 8})
	archs := []searchspace.Arch{whole.net.space.Largest(), whole.net.space.Smallest(), sample(t, whole.net.space, 2)}
	for _, cache := range []int64{0, -1} {
		for _, cuts := range [][]int{{0, 30}, {0, 1, 2, 30}, {0, 8, 16, 24, 30}, {0, 13, 29, 30}} {
			j := judgeOf(t, val, &EvalOptions{Calibration: train, BatchSize: 8, CacheBytes: cache})
			correct, samples, loss := make([]int, 3), make([]int, 3), make([]float64, 3)
			for k := len(cuts) - 1; k > 0; k-- {
				for i, a := range archs {
					m, err := j.EvaluateRange(ctx, a, cuts[k-1], cuts[k])
					if err != nil || m.Samples != cuts[k]-cuts[k-1] || m.Arch != a || !m.Recalibrated {
						t.Fatalf("images %d to %d: %+v, error %v", cuts[k-1], cuts[k], m, err)
					}
					correct[i] += m.Correct
					samples[i] += m.Samples
					loss[i] += m.Loss * float64(m.Samples)
				}
			}
			for i, a := range archs {
				want, err := whole.Evaluate(ctx, a)
				if err != nil {
					t.Fatal(err)
				}
				if correct[i] != want.Correct || samples[i] != want.Samples || math.Abs(loss[i]/30-want.Loss) > 1e-5 {
					t.Errorf("cuts %v of %s: %d right of %d, loss %v, expected %+v", cuts, want.Text, correct[i], samples[i], loss[i]/30, want)
				}
			}
		}
	}
	for _, r := range [][2]int{{3, 3}, {4, 3}, {-1, 3}, {0, 31}, {30, 31}} {
		if _, err := whole.EvaluateRange(ctx, archs[0], r[0], r[1]); !errors.Is(err, ErrData) {
			t.Errorf("images %d to %d: error %v, expected ErrData", r[0], r[1], err)
		}
	}
	if whole.Len() != 30 {
		t.Errorf("%d images, expected 30", whole.Len())
	}
}

// TestGatheredOnce: statistics are gathered once for each of the last sub-networks, until the
// weights move, and change nothing for being remembered.
func TestGatheredOnce(t *testing.T) {
	ctx := context.Background()
	val, train := stripes(t, 8, 16, 4), &readCounter{Dataset: stripes(t, 6, 16, 5)}
	j := judgeOf(t, val, &EvalOptions{Calibration: train, CacheBytes: -1})
	reads := func(a searchspace.Arch, from, to int) int64 {
		t.Helper()
		before := train.read.Load()
		if _, err := j.EvaluateRange(ctx, a, from, to); err != nil {
			t.Fatal(err)
		}
		return train.read.Load() - before
	}
	space := j.net.space
	first := space.Largest()
	if n := reads(first, 0, 2); n != 6 {
		t.Errorf("%d calibration images for the first range, expected 6", n)
	}
	others := map[searchspace.Arch]bool{first: true}
	for seed := uint64(0); len(others) < keptStatistics; seed++ {
		a := sample(t, space, seed)
		if others[a] {
			continue
		}
		others[a] = true
		if n := reads(a, 0, 1); n != 6 {
			t.Fatalf("%d calibration images for a new sub-network, expected 6", n)
		}
	}
	if n := reads(first, 2, 4); n != 0 {
		t.Errorf("%d calibration images for another range, expected none", n)
	}
	// One more drives out the one that was used least lately, which is not the first.
	for seed := uint64(10000); len(others) == keptStatistics; seed++ {
		others[sample(t, space, seed)] = true
		reads(sample(t, space, seed), 0, 1)
	}
	if n := reads(first, 4, 6); n != 0 || len(j.gathered.kept) != keptStatistics || len(j.gathered.order) != keptStatistics {
		t.Errorf("%d calibration images after %d sub-networks, %d remembered", n, len(others), len(j.gathered.kept))
	}
	if m, err := j.Evaluate(ctx, first); err != nil || m != must(t)(judgeOf(t, val, &EvalOptions{Calibration: train}).Evaluate(ctx, first)) {
		t.Errorf("with remembered statistics %+v, error %v", m, err)
	}
	jitter(t, j.net.network, 2)
	if n := reads(first, 0, 2); n != 6 {
		t.Errorf("%d calibration images after the weights moved, expected 6", n)
	}
}

func must(t testing.TB) func(m searchspace.Measurement, err error) searchspace.Measurement {
	return func(m searchspace.Measurement, err error) searchspace.Measurement {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// TestFreshBatch: the batches of an order are disjoint, the next order is another one, and a batch
// depends on nothing but its number.
func TestFreshBatch(t *testing.T) {
	for _, c := range []struct{ images, size, batches int }{{30, 7, 4}, {30, 30, 1}, {30, 256, 1}, {1, 1, 1}, {9, 3, 3}} {
		size := min(c.size, c.images)
		for order := range 3 {
			seen := map[int]bool{}
			for k := range c.batches {
				index := freshBatch(c.images, c.size, 5, order*c.batches+k)
				for _, i := range index {
					if seen[i] || i < 0 || i >= c.images {
						t.Fatalf("%+v: batch %d has image %d", c, k, i)
					}
					seen[i] = true
				}
				if len(index) != size || !slices.Equal(index, freshBatch(c.images, c.size, 5, order*c.batches+k)) {
					t.Errorf("%+v: batch %d of %d images", c, k, len(index))
				}
			}
		}
	}
	if a := freshBatch(30, 10, 5, 0); slices.Equal(a, freshBatch(30, 10, 5, 3)) || slices.Equal(a, freshBatch(30, 10, 6, 0)) {
		t.Error("another order or seed draws the same images")
	}
}

// TestEvaluateBatch: the same number means the same images, whatever was asked before and whatever
// is in memory, and the batches of one order add up to the whole.
func TestEvaluateBatch(t *testing.T) {
	ctx := context.Background()
	val, train := stripes(t, 30, 16, 4), stripes(t, 20, 16, 5)
	o := EvalOptions{Calibration: train, BatchSize: 4, BatchImages: 10, Seed: 3}
	j := judgeOf(t, val, &o)
	a := sample(t, j.net.space, 2)
	whole := must(t)(judgeOf(t, val, &o).Evaluate(ctx, a))
	correct, loss := 0, 0.0
	var first []searchspace.Measurement
	for k := range 3 {
		m := must(t)(j.EvaluateBatch(ctx, a, k))
		if m.Samples != 10 || !m.Recalibrated {
			t.Errorf("batch %d: %+v", k, m)
		}
		first = append(first, m)
		correct += m.Correct
		loss += m.Loss / 3
	}
	if correct != whole.Correct || math.Abs(loss-whole.Loss) > 1e-5 {
		t.Errorf("batches have %d right and a loss of %v, expected %+v", correct, loss, whole)
	}
	o.CacheBytes = -1
	other := judgeOf(t, val, &o)
	for _, k := range []int{2, 0, 1} {
		if m := must(t)(other.EvaluateBatch(ctx, a, k)); m != first[k] {
			t.Errorf("batch %d: %+v, expected %+v", k, m, first[k])
		}
	}
	if _, err := j.EvaluateBatch(ctx, a, -1); err == nil {
		t.Error("batch −1 was judged")
	}
	if _, err := j.EvaluateBatch(ctx, searchspace.Arch{}, 0); err == nil {
		t.Error("the zero Arch was judged")
	}
	if m := must(t)(judgeOf(t, val, &EvalOptions{Statistics: Running}).EvaluateBatch(ctx, a, 7)); m.Samples != 30 {
		t.Errorf("%d images of 30 by default, expected all", m.Samples)
	}
}

// TestClassSubset: all classes in any order give what no list gives; a part gives what the
// definition on its logits gives.
func TestClassSubset(t *testing.T) {
	ctx := context.Background()
	val, train := stripes(t, 24, 16, 4), stripes(t, 20, 16, 5)
	plain := judgeOf(t, val, &EvalOptions{Calibration: train})
	a := sample(t, plain.net.space, 2)
	want := must(t)(plain.Evaluate(ctx, a))
	for _, all := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}} {
		got := must(t)(judgeOf(t, val, &EvalOptions{Calibration: train, Classes: all}).Evaluate(ctx, a))
		if got.Correct != want.Correct || math.Abs(got.Loss-want.Loss) > 1e-9 {
			t.Errorf("classes %v: %+v, expected %+v", all, got, want)
		}
	}
	m := tinyModel(t)
	jitter(t, m.network, 1)
	some, err := dataset.KeepClasses(val, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, some, some.Len())
	logits := outputs(t, m.network, m.prog, b)
	correct, loss := 0, 0.0
	for i, label := range b.Labels {
		one, three := float64(logits[i*4+1]), float64(logits[i*4+3])
		if right := label == 1 && one >= three || label == 3 && three > one; right {
			correct++
		}
		loss += math.Log(math.Exp(one)+math.Exp(three)) - float64(logits[i*4+label])
	}
	got, err := m.Evaluate(ctx, some, &EvalOptions{Classes: []int{1, 3}})
	if err != nil || got.Correct != correct || got.Samples != b.N || math.Abs(got.Loss-loss/float64(b.N)) > 1e-5 {
		t.Errorf("%+v, error %v, expected %d right and a loss of %v", got, err, correct, loss/float64(b.N))
	}
	for _, classes := range [][]int{{1, 2}, {4}, {-1, 1, 3}, {1, 3, 1}} {
		if _, err := m.Evaluate(ctx, some, &EvalOptions{Classes: classes}); !errors.Is(err, ErrData) {
			t.Errorf("classes %v: error %v, expected ErrData", classes, err)
		}
	}
	if _, err := plain.net.On(val, &EvalOptions{Statistics: Running, Classes: []int{9}}); !errors.Is(err, ErrData) {
		t.Errorf("class 9 of 4: error %v, expected ErrData", err)
	}
	if _, err := m.Evaluate(ctx, some, &EvalOptions{BatchSize: -1}); err == nil {
		t.Error("batches of −1 images")
	}
	r, err := judgeOf(t, val, &EvalOptions{Statistics: Running, Classes: []int{0, 1}}).EvaluateRange(ctx, a, 0, 2)
	if err != nil || r.Samples != 2 {
		t.Errorf("images of the classes: %+v, error %v", r, err)
	}
}
