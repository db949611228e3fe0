//go:build !unix

package machine

// CPUSeconds is the time of processors that this process has taken so far; 0 = not known, as here.
func CPUSeconds() float64 { return 0 }

// ChildrenCPUSeconds is that of the processes that this one has started and waited for.
func ChildrenCPUSeconds() float64 { return 0 }
