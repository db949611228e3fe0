//go:build !amd64 || noasm || purego

package kernel

func (p Path) tile64(k int, a, b, c []float64, ldc int) { tile64Go(k, a, b, c, ldc) }

func (p Path) dotAxpy64(Rows4, []float64, *[4]float64, []float64, *[4]float64) int { return 0 }

func (p Path) dot64(Rows4, []float64, *[4]float64) int { return 0 }

func (p Path) axpy64(Rows4, []float64, *[4]float64) int { return 0 }
