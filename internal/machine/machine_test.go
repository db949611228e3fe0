package machine

import (
	"strings"
	"testing"
)

// The name is one line, and always the same.
func TestCPU(t *testing.T) {
	name := CPU()
	if name == "" || name != strings.TrimSpace(name) || strings.Contains(name, "\n") || name != CPU() {
		t.Errorf("name %q, then %q", name, CPU())
	}
}

// Work takes time of processors.
func TestCPUSeconds(t *testing.T) {
	before := CPUSeconds()
	if before == 0 {
		return // not known here
	}
	// Where the time stood still this would not end.
	for x := 1.0; x > 0 && CPUSeconds() < before+0.02; {
		for range 100_000 {
			x = 1 + x/2
		}
	}
}
