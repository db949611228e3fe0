package kernel

import (
	"math"
	"runtime"
	"testing"
)

// TestBuild holds the probe to the exact difference, and the name to what is known of processors.
func TestBuild(t *testing.T) {
	x, y := 1+0x1p-30, -1-0x1p-29
	if math.FMA(x, x, y) != 0x1p-60 || float64(x*x)+y != 0 {
		t.Fatal("these numbers do not tell a fused sum from one that is not")
	}
	got := Build()
	if runtime.GOARCH == "amd64" && got != "" && got != "+fma" ||
		runtime.GOARCH != "amd64" && got != "-"+runtime.GOARCH {
		t.Errorf("%s: %q", runtime.GOARCH, got)
	}
	t.Logf("this build is %q", got)
	if fused, known := map[string]bool{"arm64": true, "s390x": true, "386": false}[runtime.GOARCH]; known &&
		fuses(x, y) != fused {
		t.Errorf("%s: fuses is %t", runtime.GOARCH, !fused)
	}
}
