package logistic

import (
	"context"
	"errors"
	"slices"
)

// Point is one strength that was tried.
type Point struct {
	Strength   float64
	Accuracy   float64 // of the examples held out
	Loss       float64 // mean cross entropy of those whose class is known, in nats
	Iterations int
}

// patience is the number of strengths in a row that may do worse than the best one before weaker
// ones are left out: held-out losses fall and rise once along the strengths, but for noise.
const patience = 2

// Choose fits with every strength, the strongest first, each from where the one before ended, and
// returns the fit with the least loss on examples held out, the strongest of equals. Loss tells
// strengths apart where a hundred examples or less are held out and accuracy does not. Fits are
// rough: let Minimize go on from there. The points are in the order tried.
func (p *Problem) Choose(ctx context.Context, strengths []float64, held []int) (*Fit, []Point, error) {
	strengths = slices.Compact(slices.Sorted(slices.Values(strengths)))
	var best, last *Fit
	var points []Point
	least, worse := 0.0, 0
	for _, strength := range slices.Backward(strengths) {
		f, err := p.minimize(ctx, strength, last, roughly)
		if err != nil {
			return best, points, err
		}
		point := p.Judge(f, held)
		points = append(points, point)
		last = f
		if best == nil || point.Loss < least {
			best, least, worse = f, point.Loss, 0
		} else if worse++; worse == patience {
			break
		}
	}
	if best == nil {
		return nil, nil, errors.New("no strengths")
	}
	return best, points, nil
}

// Judge says how a fit does on examples.
func (p *Problem) Judge(f *Fit, rows []int) Point {
	s := p.sum(rows, f.theta, nil)
	return Point{Strength: f.Strength, Accuracy: float64(s.right) / float64(max(len(rows), 1)),
		Loss: s.loss / float64(max(s.known, 1)), Iterations: f.Iterations}
}
