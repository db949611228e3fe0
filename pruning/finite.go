package pruning

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// finiteOr is v, or the other number where JSON has no form for v.
func finiteOr(v, other float64) float64 {
	if finite(v) {
		return v
	}
	return other
}

// checkRows is an error if a number of rows is not finite.
func checkRows(what string, rows searchspace.Relaxed) error {
	for i, row := range rows {
		for c, v := range row {
			if !finite(v) {
				return fmt.Errorf("%s of choice %d of decision %d is %v: %w", what, c, i, v, ErrNotFinite)
			}
		}
	}
	return nil
}
