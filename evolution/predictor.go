package evolution

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/stream"
)

// PredictorOptions sets up a Predictor.
type PredictorOptions struct {
	// Nets is how many networks are trained, whose predictions are averaged; 0 = 3.
	Nets int
	// Hidden is the units of each; 0 = 32.
	Hidden int
	// Epochs is how often each sees every example; 0 = 60.
	Epochs int
	// Rate is Adam's, which falls linearly to nothing; 0 = 0.01.
	Rate float64
	// Decay pulls weights to 0, as AdamW does; 0 = 200 over the number of examples, at most 1
	// (ours: of the values tried the best for 60 to 400 examples); negative = none.
	Decay float64
	// Seed of initial weights and of the order of examples.
	Seed uint64
}

func (o *PredictorOptions) resolved() (PredictorOptions, error) {
	var p PredictorOptions
	if o != nil {
		p = *o
	}
	p.Nets, p.Hidden, p.Epochs = cmp.Or(p.Nets, 3), cmp.Or(p.Hidden, 32), cmp.Or(p.Epochs, 60)
	p.Rate = cmp.Or(p.Rate, 0.01)
	if p.Nets < 0 || p.Hidden < 0 || p.Epochs < 0 || !(p.Rate > 0) || math.IsInf(p.Rate+p.Decay, 0) ||
		math.IsNaN(p.Decay) {
		return p, fmt.Errorf("evolution: predictor of %d nets with %d units, %d epochs, rate %g, decay %g, "+
			"expected counts of at least 1 and a finite rate above 0", p.Nets, p.Hidden, p.Epochs, p.Rate, p.Decay)
	}
	return p, nil
}

// Predictor predicts a number of a genome from those of others: the mean of small networks with one
// hidden layer of ReLUs, trained on the squared error of standardised targets. It is for some
// hundred to some thousand examples with some hundred inputs most of which are 0, such as one-hot
// encodings of architectures. A Predictor may be used by several goroutines.
type Predictor struct {
	inputs, hidden int
	mean, scale    float64 // of targets
	nets           []perceptron
}

// perceptron is a network: for every input the weights of all hidden units, their biases, the
// weights of the output, its bias.
type perceptron []float64

// FitPredictor trains on examples: targets[i] belongs to inputs[i], and all inputs are of one
// length. It depends on nothing but its arguments. o may be nil.
func FitPredictor(inputs [][]float64, targets []float64, o *PredictorOptions) (*Predictor, error) {
	opts, err := o.resolved()
	if err != nil {
		return nil, err
	}
	if len(inputs) == 0 || len(inputs) != len(targets) {
		return nil, fmt.Errorf("evolution: %d inputs and %d targets, expected as many of both and at least one",
			len(inputs), len(targets))
	}
	opts.Decay = max(cmp.Or(opts.Decay, min(1, 200/float64(len(inputs)))), 0)
	p := &Predictor{inputs: len(inputs[0]), hidden: opts.Hidden}
	data := make([]example, len(inputs))
	for i, x := range inputs {
		if data[i], err = newExample(x, p.inputs); err != nil {
			return nil, fmt.Errorf("%w: example %d", err, i)
		}
		if math.IsNaN(targets[i]) || math.IsInf(targets[i], 0) {
			return nil, fmt.Errorf("evolution: target %d is %g", i, targets[i])
		}
		p.mean += targets[i] / float64(len(targets))
	}
	for _, t := range targets {
		p.scale += float64((t-p.mean)*(t-p.mean)) / float64(len(targets))
	}
	if p.scale = math.Sqrt(p.scale); p.scale == 0 || math.IsInf(p.scale, 1) {
		p.scale = 0 // also where squares are out of range: then the largest deviation
		for _, t := range targets {
			p.scale = max(p.scale, math.Abs(t-p.mean))
		}
		p.scale = cmp.Or(p.scale, 1)
	}
	for i := range data {
		data[i].target = (targets[i] - p.mean) / p.scale
	}
	for k := range opts.Nets {
		p.nets = append(p.nets, trained(data, p.inputs, &opts, uint64(k)))
	}
	return p, nil
}

// Predict is the prediction for one input.
func (p *Predictor) Predict(x []float64) (float64, error) {
	if len(p.nets) == 0 {
		return 0, errors.New("evolution: a predictor that was not trained")
	}
	e, err := newExample(x, p.inputs)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, n := range p.nets {
		sum += n.forward(&e, p.inputs, make([]float64, p.hidden))
	}
	return p.mean + float64(p.scale*sum/float64(len(p.nets))), nil
}

// example is an input by its entries that are not 0, with its target.
type example struct {
	at     []int
	values []float64
	target float64
}

func newExample(x []float64, n int) (e example, err error) {
	if len(x) != n {
		return e, fmt.Errorf("evolution: %d inputs, expected %d", len(x), n)
	}
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return e, fmt.Errorf("evolution: input %d is %g", i, v)
		}
		if v != 0 {
			e.at, e.values = append(e.at, i), append(e.values, v)
		}
	}
	return e, nil
}

// forward is the output; hidden takes the activations.
func (w perceptron) forward(e *example, inputs int, hidden []float64) float64 {
	h := len(hidden)
	biases, out := w[inputs*h:][:h], w[(inputs+1)*h:]
	copy(hidden, biases)
	for k, i := range e.at {
		v := e.values[k]
		for j, x := range w[i*h:][:h] {
			hidden[j] += float64(v * x)
		}
	}
	y := out[h]
	for j, a := range hidden {
		hidden[j] = max(a, 0)
		y += float64(hidden[j] * out[j])
	}
	return y
}

// backward adds the gradient of half the squared error to g.
func (w perceptron) backward(e *example, inputs int, hidden []float64, g []float64) {
	h := len(hidden)
	d := w.forward(e, inputs, hidden) - e.target
	out, gOut := w[(inputs+1)*h:], g[(inputs+1)*h:]
	gOut[h] += d
	for j, a := range hidden {
		gOut[j] += float64(d * a)
		if hidden[j] = 0; a > 0 {
			hidden[j] = d * out[j] // from here on the gradient before the ReLU
		}
		g[inputs*h+j] += hidden[j]
	}
	for k, i := range e.at {
		v := e.values[k]
		row := g[i*h:][:h]
		for j, x := range hidden {
			row[j] += float64(v * x)
		}
	}
}

// trained is network k. Weights begin as He et al. (2015) have it, for as many inputs as are not 0
// on average.
func trained(data []example, inputs int, o *PredictorOptions, k uint64) perceptron {
	const batch = 16
	r := stream.New(o.Seed, "evolution.predictor", k)
	h := o.Hidden
	w := make(perceptron, (inputs+2)*h+1)
	filled := 0
	for i := range data {
		filled += len(data[i].at)
	}
	normal(w[:inputs*h], max(1, float64(filled)/float64(len(data))), r)
	normal(w[(inputs+1)*h:][:h], float64(h), r)
	order := r.Perm(len(data))
	steps := o.Epochs * ((len(data) + batch - 1) / batch)
	a := adam{rate: o.Rate, decay: o.Decay, steps: steps, m: make([]float64, len(w)), v: make([]float64, len(w))}
	g, hidden := make([]float64, len(w)), make([]float64, h)
	for range o.Epochs {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for from := 0; from < len(order); from += batch {
			some := order[from:min(from+batch, len(order))]
			clear(g)
			for _, i := range some {
				w.backward(&data[i], inputs, hidden, g)
			}
			a.step(w, g, 1/float64(len(some)))
		}
	}
	return w
}

// normal draws weights with variance 2/inputs.
func normal(w []float64, inputs float64, r *rand.Rand) {
	s := math.Sqrt(2 / inputs)
	for i := range w {
		w[i] = r.NormFloat64() * s
	}
}

// adam is the optimiser of D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR
// 2015, with the decay of I. Loshchilov, F. Hutter: Decoupled weight decay regularization, ICLR
// 2019.
type adam struct {
	rate, decay float64
	t, steps    int
	m, v        []float64
}

// step changes w by a gradient that is scaled first.
func (a *adam) step(w, g []float64, scale float64) {
	const b1, b2, eps = 0.9, 0.999, 1e-8
	rate := a.rate * (1 - float64(a.t)/float64(a.steps))
	a.t++
	c := math.Sqrt(1 - math.Pow(b2, float64(a.t)))
	move, keep := rate*c/(1-math.Pow(b1, float64(a.t))), 1-rate*a.decay
	for i, x := range g {
		x *= scale
		a.m[i] = float64(b1*a.m[i]) + float64((1-b1)*x)
		a.v[i] = float64(b2*a.v[i]) + float64((1-b2)*x*x)
		w[i] = float64(keep*w[i]) - float64(move*a.m[i]/(math.Sqrt(a.v[i])+eps*c))
	}
}

// predictorState is the JSON form of a Predictor.
type predictorState struct {
	Inputs int          `json:"inputs"`
	Hidden int          `json:"hidden"`
	Mean   float64      `json:"mean"`
	Scale  float64      `json:"scale"`
	Nets   []perceptron `json:"nets"`
}

// MarshalJSON writes the predictor with all bits of its weights.
func (p *Predictor) MarshalJSON() ([]byte, error) {
	return json.Marshal(predictorState{p.inputs, p.hidden, p.mean, p.scale, p.nets})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Predictor) UnmarshalJSON(text []byte) error {
	var s predictorState
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("evolution: predictor: %w", err)
	}
	if s.Inputs < 0 || s.Hidden < 1 || len(s.Nets) == 0 {
		return errors.New("evolution: predictor without networks")
	}
	for _, n := range s.Nets {
		// Written so that absurd counts cannot overflow.
		if rest := len(n) - 1; rest%s.Hidden != 0 || rest/s.Hidden-2 != s.Inputs {
			return fmt.Errorf("evolution: predictor network of %d weights, expected those of %d inputs and %d units",
				len(n), s.Inputs, s.Hidden)
		}
	}
	*p = Predictor{s.Inputs, s.Hidden, s.Mean, s.Scale, s.Nets}
	return nil
}
