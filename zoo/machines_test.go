package zoo_test

import (
	"testing"

	"github.com/tendril-nas/tendril/zoo"
)

// Times of different machines are not mixed: any machine is one that knows, the last measured of
// those.
func TestStepTimeOfAnyMachine(t *testing.T) {
	var e zoo.Entry
	for _, s := range []zoo.Timing{{Batch: 8, Seconds: 1, Machine: "old"}, {Batch: 32, Seconds: 2, Machine: "old"},
		{Batch: 32, Seconds: 10, Machine: "new"}, {Batch: 64, Seconds: 20, Machine: "new"}} {
		s.InputSize = 16
		e.SetStep(s)
	}
	for batch, want := range map[int]float64{8: 1, 20: 1.5, 32: 10, 48: 15, 64: 20} {
		if got, ok := e.StepTime("", batch, 16, 0); !ok || got != want {
			t.Errorf("batch of %d: %v, %v, expected %v", batch, got, ok, want)
		}
	}
	if got, ok := e.StepTime("new", 16, 16, 0); ok {
		t.Errorf("%v on a machine that does not know", got)
	}
}
