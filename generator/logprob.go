package generator

import "math"

// leastProbability is what a probability counts as at least in logarithms: float32 may round it
// to 0.
const leastProbability = 1e-30

// logsTogether probabilities of at least leastProbability have a product that is a normal number.
const logsTogether = 10

// logProb is the log-probability of canon, over active decisions.
func (x *inference) logProb() float64 {
	sum, product, n := 0.0, 1.0, 0
	for k := range x.g.plan.decisions {
		d := &x.g.plan.decisions[k]
		if !x.active[d.index] {
			continue
		}
		product *= max(float64(x.rows[d.row+d.candidate(x.canon[d.index])]), leastProbability)
		if n++; n%logsTogether == 0 {
			sum += math.Log(product)
			product = 1
		}
	}
	return sum + math.Log(product)
}

// takeLogs computes the logarithms of all probabilities of the scenario.
func (x *inference) takeLogs() {
	for i, p := range x.rows {
		x.logs[i] = math.Log(max(float64(p), leastProbability))
	}
}

// candidate is the place of a choice among the candidates.
func (d *decided) candidate(choice int) int {
	for j, c := range d.candidates {
		if c == choice {
			return j
		}
	}
	return 0
}
