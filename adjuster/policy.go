package adjuster

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/searchspace"
)

// policy is π(α' | α_{t−1}, d_t; θ): one LSTM that makes the decisions of a space in their order.
// Its first input is a linear projection of [embedding of d_t ; encoding of α_{t−1}], every later
// one the embedding of the choice made before.
//
// Decisions that the choices so far have made inactive are passed over: they are not drawn, do not
// step the LSTM, and add nothing to log π or to the entropy. So π is a distribution over
// architectures, log π(α') is exact for every one of them, and nothing that cannot change the
// reward adds noise to the gradient. (The published code draws all 45; the draws that have no
// effect then enter log π and the entropy, which leaves the expected gradient of the reward alone
// but raises its variance.) Choices that a restriction of the space rules out are masked before the
// softmax.
type policy struct {
	hidden    int
	encoding  int
	decisions []searchspace.Decision
	offset    []int // first row of a decision in values, first column in heads

	ps     *nn.ParamSet
	tape   *nn.Tape
	opt    nn.Adam
	lr     float64
	bonus  float64 // weight of the entropy
	grid   nn.Weight
	proj   nn.Weight
	projB  nn.Vector
	lstm   nn.LSTM
	heads  nn.Weight // [hidden, all choices]: a decision's head is a range of columns
	headsB nn.Vector
	values nn.Weight // [all choices, hidden]

	steps  []decided // of the walk on the tape
	logits []float32
}

// decided is one decision of a walk.
type decided struct {
	logits nn.Value
	probs  []float64
	choice int
}

// draw is a walk through all decisions.
type draw struct {
	arch             searchspace.Arch // zero when the space refused the choices
	logProb, entropy float64
}

func newPolicy(space *searchspace.Space, o *Options) (p *policy, err error) {
	defer tensor.Recover(&err)
	p = &policy{hidden: o.Hidden, encoding: space.EncodingLen(), decisions: space.Decisions()}
	if len(p.decisions) == 0 {
		return nil, fmt.Errorf("adjuster: space %q has no decisions", space.Name())
	}
	rows := p.layout(o.HeadPerKind)
	backend := cpu.New(cpu.Options{Workers: 1}) // the matrices are too small to share out
	p.ps = nn.NewParamSet(backend)
	p.tape = nn.NewTape(backend.NewStream())
	h := p.hidden
	p.grid = p.ps.Add("distance", o.GridSize, h).Weight()
	p.proj = p.ps.Add("projection.weight", h+p.encoding, h).Weight()
	p.projB = p.ps.Add("projection.bias", h).Vector()
	p.lstm = nn.NewLSTM(p.ps, "lstm", h, h)
	p.heads = p.ps.Add("heads.weight", h, rows).Weight()
	p.headsB = p.ps.Add("heads.bias", rows).Vector()
	p.values = p.ps.Add("values", rows, h).Weight()
	r := stream.New(o.Seed, "adjuster.init")
	for _, q := range p.ps.All() {
		q.InitUniform(p.tape.Stream(), r, o.InitRange)
	}
	return p, nil
}

// layout gives every decision its rows, and returns how many there are.
func (p *policy) layout(perKind bool) int {
	type group struct {
		kind searchspace.Kind
		n    int
	}
	rows := 0
	first := map[group]int{}
	for _, d := range p.decisions {
		g := group{d.Kind, d.Len()}
		at, ok := first[g]
		if !ok || !perKind {
			at = rows
			rows += d.Len()
			first[g] = at
		}
		p.offset = append(p.offset, at)
	}
	return rows
}

// fits reports whether the policy was made for the decisions of a space.
func (p *policy) fits(space *searchspace.Space) error {
	same := slices.EqualFunc(p.decisions, space.Decisions(), func(x, y searchspace.Decision) bool {
		return x.Name == y.Name && x.Kind == y.Kind && slices.Equal(x.Labels, y.Labels)
	})
	if !same || p.encoding != space.EncodingLen() {
		return fmt.Errorf("adjuster: policy was made for %d other decisions than the %d of space %q",
			len(p.decisions), len(space.Decisions()), space.Name())
	}
	return nil
}

// startTraining begins an adjustment with a fresh optimiser, as the published code does.
func (p *policy) startTraining(o *Options) {
	p.ps.ResetOptimizer()
	p.configure(o)
}

func (p *policy) configure(o *Options) {
	p.opt = nn.Adam{Beta1: o.Beta1, Beta2: o.Beta2, WeightDecay: o.weightDecay()}
	p.lr, p.bonus = o.LearningRate, o.entropy()
}

// propose draws an architecture. With grad the walk stays on the tape for learn.
func (p *policy) propose(space *searchspace.Space, encoding []float32, cell int, r *rand.Rand,
	grad bool) (draw, error) {
	return p.walk(space, encoding, cell, grad, func(_ int, probs []float64) int { return nn.Draw(r, probs) })
}

// walk makes every active decision with choose, which sees the probabilities of the decision's
// choices.
func (p *policy) walk(space *searchspace.Space, encoding []float32, cell int, grad bool,
	choose func(i int, probs []float64) int) (d draw, err error) {
	defer tensor.Recover(&err)
	t := p.tape
	if grad {
		p.ps.BeginStep()
	}
	t.Begin(nn.Step{Grad: grad})
	p.steps = p.steps[:0]
	x := t.Concat(t.Embedding(p.grid, cell), t.Input(tensor.Vector(1, p.encoding), encoding))
	x = t.Linear(x, p.proj, p.projB)
	state := t.ZeroState(1, p.hidden)
	w := space.Walk()
	for w.Next() {
		i := w.Decision()
		state = t.LSTM(p.lstm, x, state)
		n := p.decisions[i].Len()
		logits := t.Linear(state.H, p.head(i, n), p.headBias(i, n))
		s := decided{logits: logits, probs: p.probabilities(logits, w.Allowed())}
		s.choice = choose(i, s.probs)
		if err := w.Choose(s.choice); err != nil {
			return d, err
		}
		p.steps = append(p.steps, s)
		d.logProb += math.Log(s.probs[s.choice])
		d.entropy += entropy(s.probs)
		x = t.Embedding(p.values, p.offset[i]+s.choice)
	}
	a, err := w.Arch()
	if err != nil {
		// Restrictions that contradict each other, or a limit that no prefix shows: the proposal
		// counts as refused.
		return d, nil
	}
	d.arch = a
	return d, nil
}

// head is the columns of decision i, which has n choices.
func (p *policy) head(i, n int) nn.Weight {
	w := p.heads
	w.V.Off += p.offset[i]
	w.V.Out = n
	return w
}

func (p *policy) headBias(i, n int) nn.Vector {
	b := p.headsB
	b.V.Off, b.V.Len = b.V.Off+p.offset[i], n
	return b
}

func (p *policy) probabilities(logits nn.Value, allowed []int) []float64 {
	n := p.tape.Shape(logits).C
	p.logits = p.tape.Read(logits, slices.Grow(p.logits[:0], n)[:n])
	if len(allowed) == n {
		return nn.Probs(p.logits, nil)
	}
	mask := make([]bool, n)
	for _, k := range allowed {
		mask[k] = true
	}
	return nn.Probs(p.logits, mask)
}

func entropy(probs []float64) float64 {
	h := 0.0
	for _, q := range probs {
		if q > 0 {
			h -= q * math.Log(q)
		}
	}
	return h
}

var errNoWalk = errors.New("adjuster: no proposal to learn from")

// learn takes one step of REINFORCE with entropy bonus for the last proposal: it ascends
// advantage·log π(α') + bonus·Σ H(decision). See eq. (3).
func (p *policy) learn(advantage float64) error {
	if err := p.gradient(-advantage, -p.bonus); err != nil {
		return err
	}
	p.opt.Step(p.tape.Stream(), p.ps, p.lr)
	return nil
}

// gradient computes the gradient of logWeight·log π + entropyWeight·entropy of the last walk. The
// derivative by the logits z is written down here in float64: ∂ log p_a/∂z_k = [k = a] − p_k, and
// ∂H/∂z_k = −p_k·(log p_k + H). See Williams (1992).
func (p *policy) gradient(logWeight, entropyWeight float64) (err error) {
	defer tensor.Recover(&err)
	if len(p.steps) == 0 {
		return errNoWalk
	}
	for _, s := range p.steps {
		h := entropy(s.probs)
		p.logits = slices.Grow(p.logits[:0], len(s.probs))[:len(s.probs)]
		for k, q := range s.probs {
			g := -logWeight * q
			if k == s.choice {
				g += logWeight
			}
			if q > 0 {
				g -= entropyWeight * q * (math.Log(q) + h)
			}
			p.logits[k] = float32(g)
		}
		p.tape.Seed(s.logits, p.logits)
	}
	p.steps = p.steps[:0]
	p.tape.Backward()
	return nil
}
