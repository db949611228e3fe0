package pruning

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// Purposes of streams.
const (
	forUpdate = "pruning.update" // noise of rows for weights
	forStep   = "pruning.step"   // noise of rows for the architecture
	forImages = "pruning.images"
)

// draw writes the rows of an update or a step to rows, and gives the pairs with TwoPaths.
func (s *search) draw(purpose string, rows searchspace.Relaxed, temperature float64) pairs {
	gumbel(s.noise, stream.New(s.plan.Seed, purpose, uint64(s.phase), uint64(s.walk.update)))
	if s.plan.TwoPaths {
		drawn := s.walk.draw(s.noise)
		drawn.rows(&s.walk.logits, rows)
		return drawn
	}
	s.walk.softmax(rows, s.noise, temperature)
	return nil
}

// temperature is τ before the update that comes.
func (s *search) temperature() float64 {
	var done, all float64
	for i, p := range s.plan.Phases {
		all += float64(p.Epochs)
		switch {
		case i < s.phase:
			done += float64(p.Epochs)
		case i == s.phase:
			done += float64(p.Epochs) * float64(s.walk.update) / float64(s.updates)
		}
	}
	return s.plan.Temperature * math.Pow(s.plan.LastTemperature/s.plan.Temperature, done/all)
}

// batch is the validation images of the step that comes: every image once, in an order of its own,
// then again in another.
func (s *search) batch() []int {
	n := min(s.plan.BatchSize, s.images)
	round, k := s.walk.steps/(s.images/n), s.walk.steps%(s.images/n)
	order := stream.New(s.plan.Seed, forImages, uint64(s.phase), uint64(round)).Perm(s.images)
	return order[k*n:][:n]
}

// learn makes a step on the architecture: it lowers L_cls · factor(C), L_cls on validation images
// at noisy rows and C without noise.
func (s *search) learn(ctx context.Context) (*Step, error) {
	w, temperature := s.walk, s.temperature()
	rows, grad := s.space.Zeros(), s.space.Zeros()
	drawn := s.draw(forStep, rows, temperature)
	if drawn != nil {
		temperature = 1
	}
	loss, slope, err := s.net.Gradient(ctx, copyRows(rows), s.batch())
	if err != nil {
		return nil, err
	}
	if err := s.checkGradient(loss, slope); err != nil {
		return nil, err
	}
	st := &Step{Number: w.steps + 1, Temperature: temperature, Loss: loss}
	probabilities := s.space.Zeros()
	w.softmax(probabilities, nil, 1)
	costSlope, factorSlope, err := s.price(st, probabilities)
	if err != nil {
		return nil, err
	}
	backward(grad, rows, slope, st.Factor, temperature)
	backward(grad, probabilities, costSlope, loss*factorSlope, 1)
	if !finite(loss * st.Factor) {
		return nil, fmt.Errorf("loss %v times %v: %w", loss, st.Factor, ErrNotFinite)
	}
	if err := checkRows("gradient", grad); err != nil {
		return nil, err
	}
	s.move(grad, drawn)
	w.softmax(probabilities, nil, 1)
	w.means.add(probabilities)
	st.Probabilities = probabilities
	w.steps++
	return st, nil
}

// price is the cost, its factor, and the derivatives of both.
func (s *search) price(st *Step, probabilities searchspace.Relaxed) (slope searchspace.Relaxed, factorSlope float64,
	err error) {
	if st.Cost, slope, err = s.cost.Expected(probabilities); err != nil {
		return nil, 0, err
	}
	hard, _ := s.walk.argMax()
	var hardSlope searchspace.Relaxed
	if st.ArgMaxCost, hardSlope, err = s.cost.Expected(hard); err != nil {
		return nil, 0, err
	}
	c := st.Cost
	if s.plan.StraightThrough {
		c, slope = st.ArgMaxCost, hardSlope
	}
	st.Factor, factorSlope = s.plan.Form.factor(c, s.plan.Target, s.plan.Gamma)
	return slope, factorSlope, nil
}

// move makes the step of Adam.
func (s *search) move(grad searchspace.Relaxed, drawn pairs) {
	w := s.walk
	if drawn == nil {
		w.adam.step(w.values, grad, w.allow)
		return
	}
	before := copyRows(w.values)
	w.adam.step(w.values, grad, drawn)
	drawn.keep(&w.logits, before)
}

// checkGradient finds a gradient that is none. With TwoPaths zero entries may hold anything.
func (s *search) checkGradient(loss float64, grad searchspace.Relaxed) error {
	if !finite(loss) {
		return fmt.Errorf("loss %v: %w", loss, ErrNotFinite)
	}
	if len(grad) != len(s.walk.values) {
		return fmt.Errorf("gradient of %d decisions, expected %d", len(grad), len(s.walk.values))
	}
	for i, row := range grad {
		if len(row) != len(s.walk.values[i]) {
			return fmt.Errorf("gradient of %d choices of decision %d, expected %d", len(row), i,
				len(s.walk.values[i]))
		}
	}
	return nil
}
