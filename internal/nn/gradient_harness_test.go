package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"pgregory.net/rapid"
)

// probe checks the gradients of one graph by finite differences.
type probe struct {
	*rapid.T
	rng    *rand.Rand
	st     tensor.Stream
	ps     *nn.ParamSet
	tape   *nn.Tape
	step   nn.Step
	inputs []input
	eps    float64
}

type input struct {
	shape tensor.Shape
	data  []float32
}

// property draws random graphs on every backend. prepare makes operands and returns the graph as a
// function of the inputs.
func property(t *testing.T, prepare func(p *probe) func(x []nn.Value) []nn.Value) {
	t.Helper()
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			b := backend()
			st := b.NewStream()
			tape := nn.NewTape(st)
			rapid.Check(t, func(rt *rapid.T) {
				seed := rapid.Uint64().Draw(rt, "seed")
				p := &probe{T: rt, rng: rand.New(rand.NewPCG(seed, 1)), st: st, ps: nn.NewParamSet(b), tape: tape, eps: 1.0 / 32}
				p.step = nn.Step{Grad: true, Norm: nn.NormTrain, Dropout: true, Seed: seed}
				p.check(prepare(p))
			})
		})
	}
}

func (p *probe) between(lo, hi int, name string) int { return rapid.IntRange(lo, hi).Draw(p.T, name) }

func (p *probe) coin(name string) bool { return rapid.Bool().Draw(p.T, name) }

func (p *probe) shape() tensor.Shape {
	return tensor.Shape{N: p.between(1, 3, "n"), H: p.between(1, 6, "h"), W: p.between(1, 6, "w"), C: p.between(1, 10, "c")}
}

// normal adds an input of normal numbers.
func (p *probe) normal(s tensor.Shape) {
	p.input(s, func() float64 { return p.rng.NormFloat64() })
}

func (p *probe) input(s tensor.Shape, next func() float64) {
	v := make([]float32, s.Size())
	for i := range v {
		v[i] = float32(next())
	}
	p.inputs = append(p.inputs, input{s, v})
}

// spaced adds an input whose numbers differ from each other by at least 0.2 within a channel and
// sample, so that neither maxima nor variances are touchy.
func (p *probe) spaced(s tensor.Shape) {
	v := make([]float32, s.Size())
	order := p.rng.Perm(s.Rows())
	for i := range v {
		v[i] = float32(order[i/s.C])*0.2 - float32(s.Rows())*0.1 + 0.3*float32(i%s.C)
	}
	p.inputs = append(p.inputs, input{s, v})
}

// awayFromKinks is a number at least 0.1 from every kink of the activations.
func (p *probe) awayFromKinks() float64 {
	x := p.rng.NormFloat64() * 4
	for _, k := range []float64{-3, 0, 3, 6} {
		if math.Abs(x-k) < 0.1 {
			x = k + math.Copysign(0.1+p.rng.Float64()*0.2, x-k)
		}
	}
	return x
}

// param is a parameter of normal numbers.
func (p *probe) param(dims ...int) *nn.Param {
	q := p.ps.Add("p"+string(rune('a'+len(p.ps.All()))), dims...)
	q.InitNormal(p.st, p.rng, 1)
	return q
}

// run is one forward pass and its outputs on the host.
func (p *probe) run(graph func([]nn.Value) []nn.Value, step nn.Step) (xs, outs []nn.Value, host [][]float32) {
	p.tape.Begin(step)
	for _, in := range p.inputs {
		xs = append(xs, p.tape.Variable(in.shape, in.data))
	}
	outs = graph(xs)
	for _, o := range outs {
		host = append(host, p.tape.Read(o, nil))
	}
	return xs, outs, host
}

// check compares the gradient along a random direction of every input and parameter with central
// differences (extrapolated once). The loss Σ out·G is summed in float64.
func (p *probe) check(graph func([]nn.Value) []nn.Value) {
	p.ps.BeginStep()
	xs, outs, host := p.run(graph, p.step)
	var weights [][]float32
	size := 0.0
	for i, o := range outs {
		g := make([]float32, len(host[i]))
		for j := range g {
			g[j] = float32(p.rng.NormFloat64())
			size += math.Abs(float64(g[j]) * float64(host[i][j]))
		}
		weights = append(weights, g)
		p.tape.Seed(o, g)
	}
	p.tape.Backward()
	forward := p.step
	forward.Grad = false
	loss := func() float64 {
		_, _, host := p.run(graph, forward)
		sum := 0.0
		for i, h := range host {
			for j, v := range h {
				sum += float64(v) * float64(weights[i][j])
			}
		}
		return sum
	}
	var grads [][]float32
	for _, x := range xs {
		grads = append(grads, p.tape.ReadGrad(x, nil))
	}
	for i, g := range grads {
		data := p.inputs[i].data
		p.along("input", i, g, size, func(moved []float32) float64 {
			p.inputs[i].data = moved
			l := loss()
			p.inputs[i].data = data
			return l
		}, data)
	}
	for i, q := range p.ps.All() {
		if q.Frozen() {
			if q.Touched() {
				p.Fatalf("parameter %d is frozen and has a gradient", i)
			}
			continue
		}
		g := make([]float32, q.Size())
		if q.Touched() {
			p.st.Read(q.Grad(), 0, g)
		}
		data := q.Get(p.st)
		p.along("parameter", i, g, size, func(moved []float32) float64 {
			p.st.Write(q.Value(), 0, moved)
			l := loss()
			p.st.Write(q.Value(), 0, data)
			return l
		}, data)
	}
}

func (p *probe) along(kind string, i int, g []float32, size float64, loss func([]float32) float64, data []float32) {
	dir := make([]float64, len(g))
	want, norm := 0.0, 0.0
	for j := range dir {
		dir[j] = 1
		if p.rng.IntN(2) == 0 {
			dir[j] = -1
		}
		norm += float64(g[j]) * float64(g[j])
		want += dir[j] * float64(g[j])
	}
	norm = math.Sqrt(norm)
	central := func(eps float64) float64 {
		plus, minus := slices.Clone(data), slices.Clone(data)
		width := 0.0
		for j := range data {
			plus[j] += float32(eps * dir[j])
			minus[j] -= float32(eps * dir[j])
			width += (float64(plus[j]) - float64(minus[j])) * dir[j] / float64(len(data))
		}
		return (loss(plus) - loss(minus)) / width
	}
	got := (4*central(p.eps/2) - central(p.eps)) / 3
	// Intermediate values of order one carry roundings of 6e-8, however small the outputs are.
	tol := 2e-3*norm + 1e-6/p.eps*size + max(1e-5, 2e-7/p.eps)
	if d := math.Abs(got - want); !(d <= tol) {
		p.Fatalf("%s %d: differences give %g, the tape %g: off by %g, tolerance %g (gradient norm %g)", kind, i, got, want, d, tol, norm)
	}
}
