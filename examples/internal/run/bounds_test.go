package run_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

func TestWithin(t *testing.T) {
	for _, v := range []float64{1, 1.5, 2} {
		if err := run.Within("size", v, 1, 2); err != nil {
			t.Error(err)
		}
	}
	for v, want := range map[float64]string{0.5: "0.5", 3: "3", math.Inf(1): "+Inf", math.Inf(-1): "-Inf"} {
		if err := run.Within("size", v, 1, 2); err == nil || err.Error() != "-size "+want+": expected 1 to 2" {
			t.Errorf("%v: %v", v, err)
		}
	}
	if err := run.Within("count", 1, 2, math.MaxInt32); err == nil ||
		err.Error() != "-count 1: expected 2 to 2147483647" {
		t.Errorf("whole numbers: %v", err)
	}
	if run.Within("size", math.NaN(), 1, 2) == nil || run.Within("size", 3, 1, 2) == nil {
		t.Error("NaN or 3 is within 1 to 2")
	}
}

func TestAbsolute(t *testing.T) {
	empty, there := "", "x"
	if err := run.Absolute(&empty, &there); err != nil || empty != "" || !filepath.IsAbs(there) {
		t.Errorf("%q, %q, %v", empty, there, err)
	}
}
