// Package jsonfloat writes numbers to JSON that JSON has no form for: infinities and NaN.
package jsonfloat

import (
	"encoding/json"
	"fmt"
	"math"
)

// Float is a float64 whose JSON form is a number, or "Infinity", "-Infinity" or "NaN" as a string.
type Float float64

const (
	inf    = `"Infinity"`
	negInf = `"-Infinity"`
	nan    = `"NaN"`
)

// MarshalJSON implements json.Marshaler.
func (f Float) MarshalJSON() ([]byte, error) {
	switch x := float64(f); {
	case math.IsInf(x, 1):
		return []byte(inf), nil
	case math.IsInf(x, -1):
		return []byte(negInf), nil
	case math.IsNaN(x):
		return []byte(nan), nil
	default:
		return json.Marshal(x)
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Float) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case inf:
		*f = Float(math.Inf(1))
	case negInf:
		*f = Float(math.Inf(-1))
	case nan:
		*f = Float(math.NaN())
	default:
		var x float64
		if err := json.Unmarshal(text, &x); err != nil {
			return fmt.Errorf("%s is no number, expected one or %s, %s, %s: %w", text, inf, negInf, nan, err)
		}
		*f = Float(x)
	}
	return nil
}
