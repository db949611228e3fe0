package wasserstein

import "math"

// Numbers held as an unevaluated sum hi + lo of two float64, |lo| ≤ ulp(hi)/2: about 32 digits. See
// Dekker, "A floating-point technique for extending the available precision", 1971.

// twoSum is a+b with its rounding error. The conversions round the arguments: where the processor
// has a fused multiply-add, a product passed here would otherwise enter the sum unrounded and its
// error be counted twice.
func twoSum(a, b float64) (s, e float64) {
	a, b = float64(a), float64(b)
	s = a + b
	t := s - a
	return s, (a - (s - t)) + (b - t)
}

func ddAdd(ah, al, bh, bl float64) (hi, lo float64) {
	s, e := twoSum(ah, bh)
	t, f := twoSum(al, bl)
	s, e = twoSum(s, e+t)
	return twoSum(s, e+f)
}

// ddDiv divides by an exact n.
func ddDiv(ah, al, n float64) (hi, lo float64) {
	hi = ah / n
	rest := math.FMA(-hi, n, ah) + al
	return twoSum(hi, rest/n)
}

// ddDiff is a−b, rounded.
func ddDiff(ah, al, bh, bl float64) float64 {
	s, e := twoSum(ah, -bh)
	return s + (e + (al - bl))
}
