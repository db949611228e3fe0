//go:build !amd64 || noasm || purego

package kernel

func (p Path) sumRows64(Matrix64, []float64, []float64) int { return 0 }

func (p Path) stepRows64(Matrix64, []float64, float64, []float64, []float64) int { return 0 }
