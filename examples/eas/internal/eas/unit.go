package eas

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// unit is what budgets are written in.
type unit struct {
	Name string  `json:"name"`
	Of   float64 `json:"of"` // the size of one
}

var (
	mega  = unit{"M", 1e6}   // multiply-adds
	milli = unit{"ms", 1e-3} // seconds
)

// Text writes a cost for people.
func (u unit) Text(cost float64) string {
	return strconv.FormatFloat(cost/u.Of, 'g', 4, 64) + u.Name
}

// long is the unit in words, of axes.
func (u unit) long() string {
	if u == milli {
		return "milliseconds by the latency table"
	}
	return "multiply-adds, millions"
}

// parse reads a cost with its unit: "4.5M", or "3ms".
func (u unit) parse(text string) (float64, error) {
	number, ok := strings.CutSuffix(text, u.Name)
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("budget %q, expected a number and the unit, like %s", text, u.Text(4.5*u.Of))
	}
	return v * u.Of, nil
}
