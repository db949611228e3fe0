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
func (p *phase) draw(purpose string, rows searchspace.Relaxed, temperature float64) pairs {
	gumbel(p.noise, stream.New(p.plan.Seed, purpose, uint64(p.number), uint64(p.walk.update)))
	if p.plan.TwoPaths {
		drawn := p.walk.draw(p.noise)
		drawn.rows(&p.walk.logits, rows)
		return drawn
	}
	p.walk.softmax(rows, p.noise, temperature)
	return nil
}

// temperature is τ before the update that comes.
func (p *phase) temperature() float64 {
	var done, all float64
	for i, other := range p.plan.Phases {
		all += float64(other.Epochs)
		switch {
		case i < p.number:
			done += float64(other.Epochs)
		case i == p.number:
			done += float64(other.Epochs) * float64(p.walk.update) / float64(p.updates)
		}
	}
	return p.plan.Temperature * math.Pow(p.plan.LastTemperature/p.plan.Temperature, done/all)
}

// batch is the validation images of the step that comes: every image once, in an order of its own,
// then again in another.
func (p *phase) batch() []int {
	n := min(p.plan.BatchSize, len(p.images))
	k, rounds := p.walk.steps-p.begun, len(p.images)/n
	order := stream.New(p.plan.Seed, forImages, uint64(p.number), uint64(k/rounds)).Perm(len(p.images))
	out := make([]int, n)
	for i := range out {
		out[i] = p.images[order[k%rounds*n+i]]
	}
	return out
}

// learn makes a step on the architecture: it lowers L_cls · factor(C), L_cls on validation images
// at noisy rows and C without noise.
func (p *phase) learn(ctx context.Context, progress *Progress) error {
	w, temperature := p.walk, p.temperature()
	rows, grad := p.space.Zeros(), p.space.Zeros()
	st := Step{Number: w.steps + 1, Update: w.update, Temperature: temperature}
	drawn := p.draw(forStep, rows, temperature)
	if drawn != nil {
		temperature, st.Temperature = 1, 0
	}
	loss, slope, err := p.net.Gradient(ctx, copyRows(rows), p.batch())
	if err != nil {
		return err
	}
	if st.Loss = loss; !finite(loss) {
		return fmt.Errorf("loss %v: %w", loss, ErrNotFinite)
	}
	if err := sameShape(slope, rows); err != nil {
		return err
	}
	probabilities := p.space.Zeros()
	w.softmax(probabilities, nil, 1)
	costSlope, factorSlope, err := p.price(&st, probabilities)
	if err != nil {
		return err
	}
	if !finite(loss * st.Factor) {
		return fmt.Errorf("loss %v times %v: %w", loss, st.Factor, ErrNotFinite)
	}
	backward(grad, rows, slope, st.Factor, temperature)
	if drawn != nil {
		probabilities = rows // between the two, as the loss
	}
	backward(grad, probabilities, costSlope, loss*factorSlope, 1)
	if err := checkRows("gradient", grad); err != nil {
		return err
	}
	p.move(grad, drawn)
	probabilities = p.space.Zeros()
	w.softmax(probabilities, nil, 1)
	w.means.add(probabilities)
	w.records = append(w.records, st)
	w.steps++
	progress.Step, progress.Probabilities = &st, probabilities
	return nil
}

// price is the cost, its factor, and the derivatives of both.
func (s *search) price(st *Step, probabilities searchspace.Relaxed) (slope searchspace.Relaxed,
	factorSlope float64,
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

// sameShape is an error where a gradient has other rows than what it is the gradient in.
func sameShape(grad, rows searchspace.Relaxed) error {
	if len(grad) != len(rows) {
		return fmt.Errorf("gradient of %d decisions, expected %d", len(grad), len(rows))
	}
	for i, row := range grad {
		if len(row) != len(rows[i]) {
			return fmt.Errorf("gradient of %d choices of decision %d, expected %d", len(row), i, len(rows[i]))
		}
	}
	return nil
}
