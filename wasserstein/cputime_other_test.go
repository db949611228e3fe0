//go:build !unix

package wasserstein

func cpuSeconds() float64 { return 0 }
