//go:build race

package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// overlapEnv names, in a child process, the operation whose chunks overlap.
const overlapEnv = "TENDRIL_TEST_OVERLAP"

// overlaps are operations of two goroutines on memory that one of them writes.
func overlaps() map[string][2]func(p Path) {
	x, y := make([]float32, 4*Block), make([]float32, 4*Block)
	c := &Chan{Runs: 1}
	tile := func(p Path) {
		p.Tile(&Tile{A: PtrAt(x, 0), B: PtrAt(x, 0), C: PtrAt(y, 3), ARow: 1, AStep: 1, KIn: 1, KOut: 1, BStep: Block, CRow: Block, Cols: 1}, 1, 1)
	}
	window := func(p Path) {
		p.MaxPool(&Window{In: PtrAt(x, 0), Out: PtrAt(y, 0), InRow: Block, Cols: 1, KW: 1, KH: 1})
	}
	return map[string][2]func(p Path){
		"axpy":    {func(p Path) { p.Axpy(1, x[:32], y[:32]) }, func(p Path) { p.Scale(2, y[16:48]) }},
		"tile":    {tile, tile},
		"read":    {tile, func(p Path) { p.Stats(PtrAt(y, 0), 1, c) }},
		"pooling": {window, func(p Path) { p.SumSquares(y[15:]) }},
		"apart":   {func(p Path) { p.Axpy(1, x[:32], y[:32]) }, func(p Path) { p.Scale(2, y[32:]) }},
	}
}

// TestRaceDetectorSees runs overlapping kernels in child processes, which the race detector must
// end with a report, and some that only touch.
func TestRaceDetectorSees(t *testing.T) {
	if name := os.Getenv(overlapEnv); name != "" {
		for _, p := range Available()[1:] { // plain Go it sees by itself
			var wg sync.WaitGroup
			for _, f := range overlaps()[name] {
				wg.Go(func() { f(p) })
			}
			wg.Wait()
		}
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range overlaps() {
		cmd := exec.Command(exe, "-test.run", "^TestRaceDetectorSees$")
		cmd.Env = append(os.Environ(), overlapEnv+"="+name)
		out, err := cmd.CombinedOutput()
		want := name != "apart" && len(Available()) > 1
		if got := bytes.Contains(out, []byte("DATA RACE")); got != want || (err != nil) != want {
			t.Errorf("%s: race reported: %v, expected %v (%v)\n%s", name, got, want, err, strings.TrimSpace(string(out)))
		}
	}
}
