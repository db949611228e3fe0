package generator

import "math"

// leastProbability is what a probability counts as at least in logarithms: float32 may round it to
// 0.
const leastProbability = 1e-30

// takeLogs computes the logarithms of the probabilities of the scenario, once.
func (x *inference) takeLogs() {
	if x.haveLog {
		return
	}
	x.haveLog = true
	for i, p := range x.rows {
		x.logs[i] = math.Log(max(float64(p), leastProbability))
	}
}

// logProb is the log-probability of canon, over active decisions.
func (x *inference) logProb() float64 {
	x.takeLogs()
	sum := 0.0
	for k := range x.g.plan.decisions {
		if d := &x.g.plan.decisions[k]; x.active[d.index] {
			sum += x.logs[d.row+d.candidate(x.canon[d.index])]
		}
	}
	return sum
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
