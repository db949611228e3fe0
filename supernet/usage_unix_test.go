//go:build unix

package supernet

import (
	"runtime"
	"syscall"
)

// usage is the processor time that this process has used so far, of all threads, in seconds, and
// the most memory that it has held, in MiB. On a machine with other work, processor time says more
// than the time that has passed.
func usage() (seconds, peak float64) {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0, 0
	}
	unit := 1024.0 // of Maxrss, in bytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9, float64(r.Maxrss) * unit / (1 << 20)
}
