package supernet

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestSteadyState trains 360 steps of changing sub-networks. After the first sixty a step makes at
// most 200 allocations, and the memory that is held does not grow.
func TestSteadyState(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 8, StemStride: 1, Classes: 4, Dropout: -1})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(space, &Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 5))
	batch := &dataset.Batch{X: make([]float32, 2*8*8*3), N: 2, Size: 8, Labels: []int{1, 3}}
	for i := range batch.X {
		batch.X[i] = float32(r.NormFloat64())
	}
	var programs []*program
	for range 8 {
		a, err := space.Sample(r)
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.program(a)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
	}
	run := &training{network: n.network, plan: &plan{}}
	run.sgd.Momentum = 0.9
	train := func(steps int) (mallocs, held uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range steps {
			if _, _, err := run.step(batch, plain(programs[i%len(programs)]), 1e-3, i); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs, after.HeapAlloc
	}
	const warm, steps = 60, 300
	_, start := train(warm)
	mallocs, end := train(steps)
	if per := float64(mallocs) / float64(steps); per > 200 {
		t.Errorf("%.0f allocations in a step, expected at most 200", per)
	}
	if grown := int64(end) - int64(start); grown > 24<<10 {
		t.Errorf("memory grew by %d bytes in %d steps, from %d", grown, steps, start)
	}
}
