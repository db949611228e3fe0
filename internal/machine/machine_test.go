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
