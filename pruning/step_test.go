package pruning

import (
	"context"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// The gradient of a step is that of L_cls · factor(C) at the noise of the step, as differences give
// it. The first step of Adam keeps its square.
func TestStepGradient(t *testing.T) {
	space := toySpace(t, 3)
	net := newToy(space)
	net.answer = func(rows searchspace.Relaxed) (float64, searchspace.Relaxed) {
		loss, grad := 2.0, space.Zeros() // neither linear nor alike in choices
		for i, row := range rows {
			for c, v := range row {
				loss += math.Sin(float64(3*i+c)) * v * v
				grad[i][c] = 2 * math.Sin(float64(3*i+c)) * v
			}
		}
		return loss, grad
	}
	if err := net.Narrow(context.Background(), space, []int{0}); err != nil {
		t.Fatal(err)
	}
	cost, err := space.CostModel(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range CostForms() {
		o := &Options{Phases: toyPhases(t, 1), Target: toyTarget(t, space) / 4, Form: form, Gamma: 2,
			Temperature: 0.8}
		plan, err := o.plan()
		if err != nil {
			t.Fatal(err)
		}
		p := &phase{search: &search{space: space, net: net, plan: plan, cost: cost, walk: newWalk(space,
			1e-3)},
			noise: space.Zeros(), updates: 10, images: []int{0, 10}}
		objective := func() float64 {
			rows, plain := space.Zeros(), space.Zeros()
			p.draw(forStep, rows, 0.8)
			p.walk.softmax(plain, nil, 1)
			loss, _ := net.answer(rows)
			c, _, err := cost.Expected(plain)
			if err != nil {
				t.Fatal(err)
			}
			f, _ := form.factor(c, plan.Target, plan.Gamma)
			return loss * f
		}
		slopes := space.Zeros()
		for i, row := range p.walk.values {
			for c := range row {
				const h = 1e-5
				row[c] = h
				up := objective()
				row[c] = -h
				slopes[i][c] = (up - objective()) / (2 * h)
				row[c] = 0
			}
		}
		if err := p.learn(context.Background(), &Progress{}); err != nil {
			t.Fatal(err)
		}
		for i, row := range slopes {
			for c, want := range row {
				got := -math.Copysign(math.Sqrt(p.walk.adam.second[i][c]/(1-adamDecay)), p.walk.values[i][c])
				if math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
					t.Errorf("%s: decision %d, choice %d: %v, of differences %v", form, i, c, got, want)
				}
			}
		}
	}
}

// The gradient of a step with two paths is that of the loss at the rows of the pair and of the cost
// as far as the pair moves it; with StraightThrough cost and slope are those of the arg max, as if
// softmax(a) were its rows.
func TestStepGradientOfOptions(t *testing.T) {
	space := toySpace(t, 3)
	net := newToy(space)
	net.answer = func(rows searchspace.Relaxed) (float64, searchspace.Relaxed) {
		loss, grad := 2.0, space.Zeros()
		for i, row := range rows {
			for c, v := range row {
				loss += math.Sin(float64(3*i+c)) * v * v
				grad[i][c] = 2 * math.Sin(float64(3*i+c)) * v
			}
		}
		return loss, grad
	}
	cost, err := space.CostModel(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Narrow(context.Background(), space, []int{0}); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*Options{"two paths": {TwoPaths: true}, "straight": {StraightThrough: true},
		"both": {TwoPaths: true, StraightThrough: true}} {
		o.Phases, o.Target, o.Temperature = toyPhases(t, 1), toyTarget(t, space)/4, 0.8
		plan, err := o.plan()
		if err != nil {
			t.Fatal(err)
		}
		w := newWalk(space, 1e-3)
		for i, row := range w.values {
			for c := range row {
				row[c] = math.Cos(float64(5*i + 2*c))
			}
		}
		p := &phase{search: &search{space: space, net: net, plan: plan, cost: cost, walk: w},
			noise: space.Zeros(), updates: 10, images: []int{0, 10}}
		rows, moved := space.Zeros(), space.Zeros() // of the loss and of the cost
		drawn := p.draw(forStep, rows, 0.8)
		loss, _ := net.answer(rows)
		at, _ := w.argMax()
		if !o.StraightThrough {
			w.softmax(at, nil, 1)
		}
		c0, slope, err := cost.Expected(at)
		if err != nil {
			t.Fatal(err)
		}
		factor, factorSlope := plan.Form.factor(c0, plan.Target, plan.Gamma)
		objective := func() float64 {
			p.draw(forStep, rows, 0.8)
			w.softmax(moved, nil, 1)
			if drawn != nil {
				moved = copyRows(rows)
			}
			l, _ := net.answer(rows)
			sum := factor * l
			for i, row := range moved {
				for c, v := range row {
					sum += loss * factorSlope * slope[i][c] * v
				}
			}
			return sum
		}
		want := space.Zeros()
		for i, row := range w.values {
			for c, v := range row {
				const h = 1e-5
				row[c] = v + h
				up := objective()
				row[c] = v - h
				want[i][c] = (up - objective()) / (2 * h)
				row[c] = v
			}
		}
		if err := p.learn(context.Background(), &Progress{}); err != nil {
			t.Fatal(err)
		}
		for i, row := range want {
			for c, g := range row {
				if got := math.Sqrt(w.adam.second[i][c] / (1 - adamDecay)); math.Abs(got-math.Abs(g)) > 1e-6*(1+math.Abs(g)) {
					t.Errorf("%s: decision %d, choice %d: %v, of differences %v", name, i, c, got, g)
				}
			}
		}
	}
}

// τ goes from the first to the last geometrically over the epochs of all phases, and is the same
// throughout without a last one.
func TestTemperature(t *testing.T) {
	space := toySpace(t, 1)
	phases := toyPhases(t, 4) // 2 epochs of warm-up and three times 4, of ten updates each
	for _, last := range []float64{0, 0.75} {
		var got []Step
		o := &Options{Phases: phases, Form: NoCost, Temperature: 3, LastTemperature: last, Every: 20,
			Recorder: RecorderFunc(func(p Progress) error {
				if p.Step != nil {
					got = append(got, *p.Step)
				}
				return nil
			})}
		if _, err := Search(context.Background(), space, newToy(space), o); err != nil {
			t.Fatal(err)
		}
		if len(got) != 6 {
			t.Fatalf("%d steps, expected 6", len(got))
		}
		for i, st := range got {
			done := 20 + 40*(i/2) + st.Update
			want := 3.0
			if last > 0 {
				want *= math.Pow(0.25, float64(done)/140)
			}
			if st.Update != 19+20*(i%2) || math.Abs(st.Temperature-want) > 1e-12 {
				t.Errorf("step %d before update %d at %v, expected %v", i, st.Update, st.Temperature, want)
			}
		}
	}
}
