package cells

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// MeanAndError is the mean of x and its standard error, NaN for fewer than two values.
func MeanAndError(x []float64) (mean, err float64) {
	m, s := stat.MeanStdDev(x, nil)
	return m, s / math.Sqrt(float64(len(x)))
}

// Interval is the mean of x and half the width of its 95 % interval by Student's t with len(x) − 1
// degrees of freedom, which is infinite for fewer than two values.
func Interval(x []float64) (mean, half float64) { return IntervalAt(x, 0.95) }

// IntervalAt is Interval with another confidence than 0.95.
func IntervalAt(x []float64, confidence float64) (mean, half float64) {
	if len(x) < 2 {
		return stat.Mean(x, nil), math.Inf(1)
	}
	mean, err := MeanAndError(x)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(len(x) - 1)}
	return mean, t.Quantile((1+confidence)/2) * err
}

// Sign says where the 95 % interval of Interval lies: +1 above zero, −1 below, 0 when it includes
// zero, as that of fewer than two values always does.
func Sign(x []float64) int {
	switch mean, half := Interval(x); {
	case mean-half > 0:
		return 1
	case mean+half < 0:
		return -1
	}
	return 0
}

// Spread is "mean ± sample standard deviation", the value alone when there is one, or "not run".
// The format is that of one number.
func Spread(format string, x []float64) string {
	switch len(x) {
	case 0:
		return NotRun
	case 1:
		return fmt.Sprintf(format, x[0])
	}
	m, s := stat.MeanStdDev(x, nil)
	return fmt.Sprintf(format+" ± "+unsigned(format), m, s)
}

// Verdict is the sentence for where the 95 % interval of differences lies; nothing before there is
// one.
func Verdict(differences []float64, above, below, neither string) string {
	if len(differences) < 2 {
		return ""
	}
	switch Sign(differences) {
	case 1:
		return above
	case -1:
		return below
	}
	return neither
}

// Contrast says what a difference is, from its value for every seed so far of those planned: "+1.20
// (95 % interval +0.30 to +2.10, 3 of 5 seeds)".
func Contrast(format string, differences []float64, planned int) string {
	n := len(differences)
	seeds := fmt.Sprintf("%d seeds", n)
	switch {
	case n == 0:
		return NotRun
	case n < planned:
		seeds = fmt.Sprintf("%d of %d seeds", n, planned)
	case n == 1:
		seeds = "one seed"
	}
	if n == 1 {
		return fmt.Sprintf(format+" (%s)", differences[0], seeds)
	}
	m, h := Interval(differences)
	return fmt.Sprintf(format+" (95 %% interval "+format+" to "+format+", %s)", m, m-h, m+h, seeds)
}

// unsigned is a format without the flag that writes a plus sign.
func unsigned(format string) string { return strings.Replace(format, "%+", "%", 1) }
