package kernel

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// Path is a family of kernels: plain Go, AVX2+FMA or AVX-512.
type Path uint8

// The paths, from the most portable to the fastest.
const (
	Go Path = iota
	AVX2
	AVX512
)

// PathEnv is the environment variable that overrides the detected path.
const PathEnv = "TENDRIL_KERNEL"

// Block is the number of channels in one plane of the blocked layout.
const Block = 16

// String gives the name used by [ParsePath] and by checkpoints.
func (p Path) String() string {
	switch p {
	case AVX512:
		return "avx512"
	case AVX2:
		return "avx2"
	default:
		return "go"
	}
}

// ParsePath returns the path with the given name. It fails when the name is unknown and when this
// CPU or this build cannot run it.
func ParsePath(name string) (Path, error) {
	for _, p := range []Path{Go, AVX2, AVX512} {
		if p.String() != strings.ToLower(name) {
			continue
		}
		if p > best() {
			return Go, fmt.Errorf("kernel path %q: not available here, the best is %q", name, best())
		}
		return p, nil
	}
	return Go, fmt.Errorf("kernel path %q: unknown, expected avx512, avx2 or go", name)
}

// Available lists the paths this CPU and this build can run.
func Available() []Path {
	paths := []Path{Go}
	for p := AVX2; p <= best(); p++ {
		paths = append(paths, p)
	}
	return paths
}

// Default is the path named by TENDRIL_KERNEL or, when that is empty or [CheckDefault] objects to
// it, the best one. It is decided once per process.
func Default() Path {
	p, _ := defaultPath()
	return p
}

// CheckDefault reports a TENDRIL_KERNEL that names no path, or none that can run here. The path
// decides the bits of results, so that public functions that can fail do.
func CheckDefault() error {
	_, err := defaultPath()
	return err
}

var defaultPath = sync.OnceValues(func() (Path, error) {
	name := os.Getenv(PathEnv)
	if name == "" {
		return best(), nil
	}
	p, err := ParsePath(name)
	if err != nil {
		return best(), fmt.Errorf("environment variable %s: %w", PathEnv, err)
	}
	return p, nil
})
