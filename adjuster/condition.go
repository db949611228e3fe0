package adjuster

import (
	"fmt"
	"math"
)

// Tally counts right answers.
type Tally struct {
	Correct int `json:"correct"`
	Total   int `json:"total"`
}

// Add returns the tally of both sets together.
func (t Tally) Add(u Tally) Tally { return Tally{t.Correct + u.Correct, t.Total + u.Total} }

// Accuracy is Correct/Total; 0 when nothing was counted.
func (t Tally) Accuracy() float64 {
	if t.Total == 0 {
		return 0
	}
	return float64(t.Correct) / float64(t.Total)
}

func (t Tally) check(what string) error {
	if t.Correct < 0 || t.Total < t.Correct {
		return fmt.Errorf("adjuster: %d right of %d %s images", t.Correct, t.Total, what)
	}
	return nil
}

// Reading is what the serving model says about growing data.
//
// The reference is the data that the serving weights were trained on (D_{t−1} as long as every
// snapshot retrains them); everything else of D_t was added since. It advances only when the
// weights are retrained: many small drifts, each below ε, therefore add up until they are answered.
// The two sets are disjoint and together D_t. Images count training images included, with the
// transform used for evaluation; an image with a label that the model does not know counts as
// wrong.
type Reading struct {
	Reference Tally
	Added     Tally
	// Distance is d_t of eq. (1) between D_t and the reference, from features of the serving model.
	Distance float64
}

// H is H_t = Φ(D_{t−1}; α_{t−1}) − Φ(D_t; α_{t−1}) in percentage points. See eq. (4).
func (r Reading) H() float64 {
	return 100 * (r.Reference.Accuracy() - r.Reference.Add(r.Added).Accuracy())
}

func checkDistance(d float64) error {
	if math.IsNaN(d) || math.IsInf(d, 0) || d < 0 {
		return fmt.Errorf("adjuster: distance %v, expected a finite number from 0", d)
	}
	return nil
}

// Condition is the adaptation condition of section 3.3: adjust when H_t > ε.
type Condition struct {
	// Epsilon is the threshold in percentage points; 0 = 1.0, negative = 0 (any loss of accuracy
	// adjusts).
	Epsilon float64
	// Confidence, in (0.5, 1), asks that the drop be real rather than luck: the one-sided lower
	// bound at this level must exceed ε too. 0 = H_t alone decides, as published.
	Confidence float64
}

// Decision is the answer of a Condition.
type Decision struct {
	Adjust  bool
	H       float64 // H_t, percentage points
	Lower   float64 // lower confidence bound of H_t when Condition.Confidence is set, else H_t
	Epsilon float64
}

// Decide applies the condition to a reading. It is cheap and changes nothing: a service may call it
// on every batch.
func (c Condition) Decide(r Reading) (Decision, error) {
	if err := r.Reference.check("reference"); err != nil {
		return Decision{}, err
	}
	if err := r.Added.check("added"); err != nil {
		return Decision{}, err
	}
	if err := checkDistance(r.Distance); err != nil {
		return Decision{}, err
	}
	if r.Reference.Total == 0 {
		return Decision{}, fmt.Errorf("adjuster: reading has no reference images")
	}
	if c.Confidence != 0 && !(c.Confidence > 0.5 && c.Confidence < 1) {
		return Decision{}, fmt.Errorf("adjuster: confidence %v, expected 0 or more than 0.5 and less than 1",
			c.Confidence)
	}
	if math.IsNaN(c.Epsilon) {
		return Decision{}, fmt.Errorf("adjuster: epsilon is not a number")
	}
	d := Decision{H: r.H(), Epsilon: defaulted(c.Epsilon, 1)}
	d.Lower = d.H
	if c.Confidence != 0 && r.Added.Total > 0 {
		share := float64(r.Added.Total) / float64(r.Reference.Total+r.Added.Total)
		d.Lower = 100 * share * differenceLower(r.Reference, r.Added, c.Confidence)
	}
	d.Adjust = d.H > d.Epsilon && d.Lower > d.Epsilon
	return d, nil
}

// differenceLower is a one-sided lower confidence bound of the difference p−q of the proportions
// behind two independent tallies: Newcombe's hybrid of two Wilson intervals, which stays sensible
// at 0 and 1, where new labels put q. See method 10 of R. G. Newcombe, "Interval estimation for the
// difference between independent proportions" (1998).
func differenceLower(t, u Tally, confidence float64) float64 {
	z := math.Sqrt2 * math.Erfinv(2*confidence-1)
	p, q := t.Accuracy(), u.Accuracy()
	low, _ := wilson(t, z)
	_, high := wilson(u, z)
	return p - q - math.Hypot(p-low, high-q)
}

func wilson(t Tally, z float64) (low, high float64) {
	n, p := float64(t.Total), t.Accuracy()
	z2 := z * z / n
	mid := (p + z2/2) / (1 + z2)
	half := z / (1 + z2) * math.Sqrt(p*(1-p)/n+z2/(4*n))
	return mid - half, mid + half
}
