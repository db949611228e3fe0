//go:build !unix

package machine

// CPUSeconds is the time of processors that this process has taken so far; 0 = not known, as here.
func CPUSeconds() float64 { return 0 }
