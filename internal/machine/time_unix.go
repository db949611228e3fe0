//go:build unix

package machine

import "syscall"

// CPUSeconds is the time of processors that this process has taken so far, on its own behalf and
// the kernel's: unlike wall time it hardly depends on what else runs. 0 = not known.
func CPUSeconds() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}
