package run

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// One program runs inside another, in a folder of its own, and goes on there.
func TestCall(t *testing.T) {
	dir := t.TempDir()
	outer := NewJob(dir, nil, nil)
	a, err := toy().Call(t.Context(), outer.Sub("inner"), []string{"-phases", "2"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "inner", "phase-2.json")); err != nil {
		t.Error(err)
	}
	b, err := toy().Call(t.Context(), outer.Sub("inner"),
		[]string{"-phases", "2", "-at", "phase-1", "-do", "fail"})
	if err != nil || a.Walker != b.Walker {
		t.Errorf("the second call did the work again: %v", err)
	}
	if _, err := toy().Call(t.Context(), outer.Sub("inner"), []string{"-phases", "3"}); err == nil ||
		!strings.Contains(err.Error(), "phases is 2 there and 3 here") {
		t.Errorf("other settings: %v", err)
	}
	if c, err := toy().Call(t.Context(), NewJob("", nil, nil), []string{"-phases", "2"}); err != nil ||
		c.Walker != a.Walker {
		t.Errorf("in memory: %v", err)
	}
	if _, err := toy().Call(t.Context(), outer.Sub("x"), []string{"-out", "y"}); err == nil {
		t.Error("a flag of the runner's was accepted")
	}
	if c, err := toy().Settings([]string{"-quick", "-seed", "5"}); err != nil || c.Phases != 1 ||
		c.Seed != 5 {
		t.Errorf("settings %+v, %v", c, err)
	}
}

// Time counts for the innermost phase alone, and adds up over starts.
func TestClock(t *testing.T) {
	s := NewStore(t.TempDir())
	log := slog.New(slog.DiscardHandler)
	for start := 1; start <= 2; start++ {
		c := newClock(s, log)
		now := time.Unix(0, 0)
		c.now = func() time.Time { return now }
		outer := c.Start("outer")
		now = now.Add(time.Second)
		inner := c.Start("inner")
		now = now.Add(4 * time.Second)
		inner()
		now = now.Add(2 * time.Second)
		outer()
		now = now.Add(time.Hour)
		if o, i := c.Seconds("outer"), c.Seconds("inner"); o != 3*float64(start) || i != 4*float64(start) ||
			len(c.All()) != 2 {
			t.Errorf("start %d: outer %v s, inner %v s", start, o, i)
		}
	}
}

// The time of processors is that of the start that did a phase, of the innermost phase alone, and
// not known where an earlier start had done a part.
func TestClockOfProcessors(t *testing.T) {
	dir := t.TempDir()
	did := func(fail bool, spent float64) (outer, inner float64) {
		j := NewJob(dir, nil, nil)
		cpu := 0.0
		j.Clock.cpuNow = func() float64 { return cpu }
		_, err := Once(j, "outer", func() (int, error) {
			cpu++
			_, err := Once(j, "inner", func() (int, error) {
				cpu += spent
				if fail {
					return 0, errors.Join(os.WriteFile(j.Scratch("inner"), nil, 0o644), errors.New("stopped"))
				}
				return 0, nil
			})
			cpu += 2
			return 0, err
		})
		if (err != nil) != fail {
			t.Fatal(err)
		}
		j = NewJob(dir, nil, nil)
		return j.Clock.CPU("outer"), j.Clock.CPU("inner")
	}
	if o, i := did(true, 4); o != 0 || i != 0 {
		t.Errorf("stopped: outer %v s, inner %v s", o, i)
	}
	if o, i := did(false, 4); o != 3 || i != 0 {
		t.Errorf("gone on: outer %v s, inner %v s, expected 3 and unknown", o, i)
	}
	dir = t.TempDir()
	for range 2 { // the second start does nothing
		if o, i := did(false, 4); o != 3 || i != 4 {
			t.Errorf("outer %v s, inner %v s, expected 3 and 4", o, i)
		}
	}
}

func TestTrainingOptions(t *testing.T) {
	tr := Training{Epochs: 3, MinSteps: 100, Batch: 32, LR: 0.1, Crop: 2}
	for images, want := range map[int][2]int{320: {10, 10}, 3200: {3, 100}, 10: {100, 1}} {
		if e, s := tr.Plan(images); e != want[0] || s != want[1] {
			t.Errorf("%d images: %d epochs of %d steps, want %v", images, e, s, want)
		}
	}
	dir := t.TempDir()
	j := NewJob(dir, nil, nil)
	o, err := j.TrainOptions(&tr, 320, 5, "retrain-1", "retrain 1/3")
	if err != nil {
		t.Fatal(err)
	}
	if o.Epochs != 10 || o.WeightDecay >= 0 || o.Augment.CropPadding != 2 || o.Seed != 5 ||
		o.Checkpoint != filepath.Join(dir, "retrain-1.part") {
		t.Errorf("%+v", o)
	}
	tr.Crop = 0
	if o := tr.Options(320, 1); o.Augment != nil || o.Checkpoint != "" {
		t.Errorf("%+v", o)
	}
}

func TestSeeds(t *testing.T) {
	seen := map[uint64]bool{}
	for _, s := range []Seed{1, 2} {
		for _, purpose := range []string{"a", "b"} {
			for _, item := range [][]int{nil, {0}, {1}, {0, 1}} {
				seen[s.For(purpose, item...)] = true
				if s.Stream(purpose, item...).Uint64() != s.Stream(purpose, item...).Uint64() {
					t.Error("a stream does not repeat")
				}
			}
		}
	}
	if len(seen) != 16 {
		t.Errorf("%d different seeds of 16", len(seen))
	}
}

func TestLists(t *testing.T) {
	var shares []float64
	if err := Percents(&shares).Set("12.5, 100%"); err != nil || Percents(&shares).String() != "12.5,100" ||
		shares[1] != 1 {
		t.Errorf("%v, %v", shares, err)
	}
	var counts []int
	if err := Counts(&counts).Set("2,4"); err != nil || Counts(&counts).String() != "2,4" {
		t.Errorf("%v, %v", counts, err)
	}
	for _, text := range []string{"", "0", "x", "101", "5,"} {
		if err := Percents(&shares).Set(text); err == nil {
			t.Errorf("percentages %q were accepted", text)
		}
	}
	if err := Counts(&counts).Set("2,0"); err == nil || len(counts) != 2 {
		t.Errorf("counts: %v, %v", counts, err)
	}
}

// What a phase needs while it is unfinished may be a folder; it goes when the phase is over.
func TestScratchFolder(t *testing.T) {
	j := NewJob(t.TempDir(), nil, nil)
	folder := j.Scratch("phase")
	if _, err := Once(j, "phase", func() (int, error) {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return 0, err
		}
		return 1, os.WriteFile(filepath.Join(folder, "part"), []byte("x"), 0o644)
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}
