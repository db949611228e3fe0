package nasoa

import (
	"testing"
	"time"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

// Times are those that were measured, on a line between them, and for fewer images those of the
// smallest batch.
func TestTimetable(t *testing.T) {
	z, err := zoo.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := zoo.Entry{Name: "A", Space: searchspace.Spec{Family: "etnas"}, Arch: "a"}
	for _, batch := range []int{8, 16, 32} {
		for frozen := range 2 {
			e.SetStep(zoo.Timing{Batch: batch, InputSize: 32, Frozen: frozen, Seconds: float64(batch - frozen)})
		}
	}
	if err := z.Describe(e); err != nil {
		t.Fatal(err)
	}
	if err := z.Describe(zoo.Entry{Name: "untimed", Space: e.Space, Arch: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		batch, frozen int
		want          time.Duration
	}{{2, 0, 8}, {8, 0, 8}, {8, 1, 7}, {12, 0, 12}, {16, 0, 16}, {32, 1, 31}} {
		got, err := timetable{z}.StepTime("A", c.frozen, c.batch, 32)
		if err != nil || got != c.want*time.Second {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
	for name, ask := range map[string]func() (time.Duration, error){
		"more images": func() (time.Duration, error) { return timetable{z}.StepTime("A", 0, 33, 32) },
		"larger ones": func() (time.Duration, error) { return timetable{z}.StepTime("A", 0, 8, 64) },
		"untimed":     func() (time.Duration, error) { return timetable{z}.StepTime("untimed", 0, 8, 32) },
		"no model":    func() (time.Duration, error) { return timetable{z}.StepTime("B", 0, 8, 32) },
	} {
		if got, err := ask(); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
