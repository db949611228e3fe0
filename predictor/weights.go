package predictor

import (
	"fmt"
	"math"
)

// Weights are those of experts under Hedge: each is multiplied by β to the power of its expert's
// loss, and all are divided by their sum (Freund and Schapire, 1997; eq. 4 of the paper). Losses
// lie in [0, 1]. What the experts are does not matter: of a [Hedge] they are its layers.
type Weights struct {
	discount, floor float64
	alpha           []float64
	steps           int
	suffered        float64   // Σ α·loss, α before each update
	losses          []float64 // Σ loss of each expert
}

// NewWeights begins with equal weights of n experts. The discount β lies in (0, 1). With a floor s
// above 0, at most 1, no weight falls below s/n before weights are divided by their sum.
func NewWeights(n int, discount, floor float64) (*Weights, error) {
	if n < 1 || !(discount > 0 && discount < 1) || !(floor >= 0 && floor <= 1) {
		return nil, fmt.Errorf("predictor: weights of %d experts with discount %v and floor %v, expected at "+
			"least one, in (0, 1), in [0, 1]", n, discount, floor)
	}
	w := &Weights{discount: discount, floor: floor, alpha: make([]float64, n), losses: make([]float64, n)}
	for i := range w.alpha {
		w.alpha[i] = 1 / float64(n)
	}
	return w, nil
}

// Discount is β = √T/(√T + C) of Theorem 1 for a stream of so many steps. The constant C is 5 where
// it is 0; the bound is least at √(8·ln n) for n experts.
func Discount(horizon int, constant float64) float64 {
	root := math.Sqrt(float64(max(horizon, 1)))
	return root / (root + orDefault(constant, defaultConstant))
}

// RegretBound is what Theorem 1 says of the average regret after horizon steps with the discount of
// [Discount] and no floor, whatever the losses in [0, 1]: (ln n·(1/C + 1/√T) + C/8)/√T.
func RegretBound(experts, horizon int, constant float64) float64 {
	c, root := orDefault(constant, defaultConstant), math.Sqrt(float64(max(horizon, 1)))
	return (math.Log(float64(max(experts, 1)))*(1/c+1/root) + c/8) / root
}

// defaultConstant is C where T is near 1000: weights then tell experts apart.
const defaultConstant = 5

func orDefault(v, d float64) float64 {
	if v == 0 {
		return d
	}
	return v
}

// Update weighs the experts by their losses of one step. It fails, and changes nothing, unless
// there is one loss in [0, 1] of every expert.
func (w *Weights) Update(losses []float64) error {
	if len(losses) != len(w.alpha) {
		return fmt.Errorf("predictor: %d losses of %d experts", len(losses), len(w.alpha))
	}
	least := 1.0
	for i, l := range losses {
		if !(l >= 0 && l <= 1) {
			return fmt.Errorf("predictor: loss %v of expert %d, expected one in [0, 1]", l, i)
		}
		if w.alpha[i] > 0 { // what has no weight any more does not get it back
			least = min(least, l)
		}
	}
	if w.floor > 0 {
		least = 0 // the floor is one for weights before they are divided
	}
	low, sum := w.floor/float64(len(w.alpha)), 0.0
	for i, l := range losses {
		w.suffered += w.alpha[i] * l
		w.losses[i] += l
		// The least loss cancels when weights are divided by their sum; without it all of them may
		// vanish.
		a := w.alpha[i]
		if a > 0 {
			a *= math.Pow(w.discount, l-least)
		}
		w.alpha[i] = max(a, low)
		sum += w.alpha[i]
	}
	for i := range w.alpha {
		w.alpha[i] /= sum
	}
	w.steps++
	return nil
}

// Len is the number of experts.
func (w *Weights) Len() int { return len(w.alpha) }

// At is the weight of expert i, 0 where there is none.
func (w *Weights) At(i int) float64 {
	if i < 0 || i >= len(w.alpha) {
		return 0
	}
	return w.alpha[i]
}

// Regret is how the mixture of experts has fared beside the best of them.
type Regret struct {
	// Steps is how many losses were seen.
	Steps int
	// Suffered is the mean of Σ αₗ·lossₗ, with the weights before each update.
	Suffered float64
	// Experts is the mean loss of each expert, and Best the place of the least.
	Experts []float64
	Best    int
	// Average is Suffered less the mean loss of the best: what Theorem 1 bounds (see RegretBound).
	Average float64
	// Weights is α now, Evenness its smallest element over its largest, and Effective exp(−Σ α·ln
	// α), the number of experts that count. Weights that hardly differ (an evenness near
	// 1) make the mixture a plain mean of all experts.
	Weights             []float64
	Evenness, Effective float64
}

// Regret is the state of affairs.
func (w *Weights) Regret() Regret {
	if len(w.alpha) == 0 {
		return Regret{}
	}
	r := Regret{Steps: w.steps, Experts: make([]float64, len(w.alpha)), Weights: append([]float64(nil), w.alpha...)}
	steps := float64(max(w.steps, 1))
	lo, hi, entropy := math.Inf(1), 0.0, 0.0
	for i, sum := range w.losses {
		r.Experts[i] = sum / steps
		if r.Experts[i] < r.Experts[r.Best] {
			r.Best = i
		}
		a := w.alpha[i]
		lo, hi = min(lo, a), max(hi, a)
		if a > 0 {
			entropy -= a * math.Log(a)
		}
	}
	r.Suffered = w.suffered / steps
	r.Average = r.Suffered - r.Experts[r.Best]
	r.Evenness, r.Effective = lo/hi, math.Exp(entropy)
	return r
}
