// Package fake is a device made to be different from the CPU: tensors lie in N×C×H×W order,
// operations wait in a queue that another goroutine works through, nothing can be read before it
// ran, and freed memory is overwritten with NaN. It shows that package nn needs nothing but the
// tensor interface, and it is the plain reading of what every operation means: one loop per
// formula, sums in float64.
//
// It is slow on purpose and for tests only. Streams may be used concurrently as the interface
// allows; results do not depend on GOMAXPROCS.
package fake
