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

// Work takes time of the processor, sleep does not; a process that was waited for counts apart.
func TestCPUSeconds(t *testing.T) {
	before := CPUSeconds()
	if before == 0 {
		return // not known here
	}
	x := 1.0
	for CPUSeconds() < before+0.02 && x > 0 {
		for range 100_000 {
			x = 1 + x/2
		}
	}
	if CPUSeconds() < before+0.02 || ChildrenCPUSeconds() < 0 {
		t.Errorf("%v s, %v s before", CPUSeconds(), before)
	}
}
