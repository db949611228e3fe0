//go:build unix

package wasserstein

import "syscall"

// cpuSeconds is the processor time that this process has used, of all threads: on a machine with
// other work it says more than the time that has passed.
func cpuSeconds() float64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}
