package run

import (
	"fmt"
	"path/filepath"
)

// Within is an error that names the flag where its value is outside the bounds, which are both
// allowed. NaN is outside any.
func Within[T int | float64](flag string, value, least, most T) error {
	if value >= least && value <= most {
		return nil
	}
	return fmt.Errorf("-%s %v: expected %v to %v", flag, value, least, most)
}

// Absolute makes paths absolute. Empty ones stay.
func Absolute(paths ...*string) error {
	for _, path := range paths {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = abs
	}
	return nil
}
