//go:build !unix

package supernet

func usage() (seconds, peak float64) { return 0, 0 }
