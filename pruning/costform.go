package pruning

import (
	"fmt"
	"math"
)

// CostForm says how the cost C of an architecture enters the loss of the architecture weights, as a
// factor of the cross-entropy. β is Options.Target and γ Options.Gamma.
type CostForm string

// Forms of the factor.
const (
	// Absolute is 1 + γ·|ln(C/β)|, which is least at C = β. It is the default, and ours.
	Absolute CostForm = "absolute"
	// OneSided is 1 + γ·max(0, ln(C/β)): cheaper than β is as good as β.
	OneSided CostForm = "one-sided"
	// LogPower is ln(C/β)^γ, as printed in eq. (10). It turns negative below β, where lower
	// accuracy is rewarded, and with γ not a whole number it is no number there, which ends a
	// search with ErrNotFinite. For comparison only.
	LogPower CostForm = "log-power"
	// LogQuotient is (ln C / ln β)^γ. It is (ln C)^γ times a constant, so that what is found does
	// not depend on β. For comparison only.
	LogQuotient CostForm = "log-quotient"
	// NoCost is 1.
	NoCost CostForm = "none"
)

// CostForms lists the forms.
func CostForms() []CostForm { return []CostForm{Absolute, OneSided, LogPower, LogQuotient, NoCost} }

// factor is the factor at cost c and its derivative.
func (f CostForm) factor(c, target, gamma float64) (value, slope float64) {
	x := math.Log(c / target)
	switch f {
	case OneSided:
		if x <= 0 {
			return 1, 0
		}
		return 1 + gamma*x, gamma / c
	case LogPower:
		return math.Pow(x, gamma), gamma * math.Pow(x, gamma-1) / c
	case LogQuotient:
		q := math.Log(c) / math.Log(target)
		return math.Pow(q, gamma), gamma * math.Pow(q, gamma-1) / (c * math.Log(target))
	case NoCost:
		return 1, 0
	}
	switch {
	case x > 0:
		return 1 + gamma*x, gamma / c
	case x < 0:
		return 1 - gamma*x, -gamma / c
	}
	return 1, 0
}

// check finds a target that makes no factor.
func (f CostForm) check(target, gamma float64) error {
	switch f {
	case Absolute, OneSided, LogPower, LogQuotient:
		least := 0.0
		if f == LogQuotient {
			least = 1
		}
		if !(target > least) || math.IsInf(target, 0) {
			return fmt.Errorf("pruning: target cost %v, expected more than %v", target, least)
		}
	case NoCost:
	default:
		return fmt.Errorf("pruning: cost form %q, expected one of %q", f, CostForms())
	}
	if !(gamma >= 0 && gamma <= 1e6) {
		return fmt.Errorf("pruning: gamma %v, expected up to 1e6", gamma)
	}
	return nil
}
