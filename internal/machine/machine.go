// Package machine names the machine that measures, for tables of times and pages of results.
package machine

import (
	"bufio"
	"os"
	"runtime"
	"strings"
)

// CPU is the name of the processor where Linux tells it, elsewhere its architecture ("arm64").
func CPU() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
