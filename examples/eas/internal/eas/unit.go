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

// exact writes a cost with all its digits: parse gives it back.
func (u unit) exact(cost float64) string {
	return strconv.FormatFloat(shifted(cost, -u.decimals()), 'f', -1, 64) + u.Name
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
	if v = u.cost(v); !ok || err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("budget %q, expected a number and the unit, like %s", text, u.Text(4.5*u.Of))
	}
	return v, nil
}

// cost is the cost of a number of units. It is the number nearest to the decimal digits: a product
// may miss it, and with it the budget of a network by a rounding.
func (u unit) cost(v float64) float64 { return shifted(v, u.decimals()) }

// decimals is the power of ten that the unit is.
func (u unit) decimals() int { return int(math.Round(math.Log10(u.Of))) }

// shifted moves the decimal point of v to the right.
func shifted(v float64, places int) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return math.NaN() // never: FormatFloat wrote it
	}
	out, _ := strconv.ParseFloat(digits+"e"+strconv.Itoa(e+places), 64) // infinite where it is out of range
	return out
}
