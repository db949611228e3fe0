package supernet

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// stopwatch is the shortest time that each operation of a cycle took in any cycle so far, in the
// order of the operations. The shortest of several is the one that other programs disturbed least.
type stopwatch struct {
	keys    []string
	seconds []float64
	next    int
	step    float64 // sum of the operations of this step
}

func (w *stopwatch) stop(key string, seconds float64) {
	if w.next == len(w.keys) {
		w.keys, w.seconds = append(w.keys, key), append(w.seconds, seconds)
	}
	w.seconds[w.next] = min(w.seconds[w.next], seconds)
	w.next++
	w.step += seconds
}

// scaling is a table of the time of each kind of operation on one thread and on several, and what
// the second lacks to an even split.
func scaling(one, many *stopwatch, threads, steps int) string {
	type row struct {
		key       string
		one, many float64
		calls     int
	}
	index, rows := map[string]int{}, []row{{key: "all"}}
	for i, key := range one.keys {
		at, ok := index[key]
		if !ok {
			at = len(rows)
			index[key] = at
			rows = append(rows, row{key: key})
		}
		for _, r := range []*row{&rows[at], &rows[0]} {
			r.one, r.many, r.calls = r.one+one.seconds[i], r.many+many.seconds[i], r.calls+1
		}
	}
	lost := func(r row) float64 { return r.many - r.one/float64(threads) }
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(lost(b), lost(a)) })
	var t strings.Builder
	fmt.Fprintf(&t, "\n| operation | calls | ms, one thread | ms, %d threads | ratio | ms lost |\n| --- | --- | --- | --- | --- | --- |\n", threads)
	n := float64(steps)
	for _, r := range rows {
		fmt.Fprintf(&t, "| %s | %.1f | %.2f | %.2f | %.2f | %.2f |\n", r.key, float64(r.calls)/n, 1e3*r.one/n, 1e3*r.many/n, r.one/r.many, 1e3*lost(r)/n)
	}
	return t.String()
}

// BenchmarkScaling logs what the operations of a training step take on one thread and on GOMAXPROCS
// threads, time that passed, the largest loss first. Cycles take turns, so that a change of the
// machine's speed meets both alike.
//
//	go test ./supernet -run '^$' -bench Scaling -benchtime 5x -v
func BenchmarkScaling(b *testing.B) {
	threads := max(2, runtime.GOMAXPROCS(0))
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			var ledgers [2]*ledger
			var runs [2]*bench
			for i, workers := range []int{1, threads} {
				backend, err := newBackend(&Options{Workers: workers})
				if err != nil {
					b.Fatal(err)
				}
				ledgers[i] = &ledger{Backend: backend, costs: map[string]*cost{}}
				runs[i] = newBench(b, ledgers[i], w.size, w.stem, w.batch)
				for j := range runs[i].programs {
					runs[i].train(b, j)
				}
				ledgers[i].watch = &stopwatch{}
			}
			for b.Loop() {
				for i, run := range runs {
					watch := ledgers[i].watch
					watch.next = 0
					for j := range run.programs {
						start := time.Now()
						run.train(b, j)
						whole := time.Since(start).Seconds()
						watch.stop("everything else", max(0, whole-watch.step))
						watch.step = 0
					}
				}
			}
			b.Log(scaling(ledgers[0].watch, ledgers[1].watch, threads, len(runs[0].programs)))
		})
	}
}
