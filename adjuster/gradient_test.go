package adjuster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// parameters is the policy's parameters as one list of (parameter, element) with access to values
// and gradients.
type parameters struct {
	p *policy
}

func (q parameters) values() [][]float32 {
	var out [][]float32
	for _, x := range q.p.ps.All() {
		out = append(out, x.Get(q.p.tape.Stream()))
	}
	return out
}

func (q parameters) set(t testing.TB, v [][]float32) {
	for i, x := range q.p.ps.All() {
		if err := x.Set(q.p.tape.Stream(), v[i]); err != nil {
			t.Fatal(err)
		}
	}
}

// gradients of the last call of policy.gradient; zeros where a parameter was not touched.
func (q parameters) gradients() [][]float64 {
	var out [][]float64
	for _, x := range q.p.ps.All() {
		g := make([]float64, x.Size())
		if x.Touched() {
			h := make([]float32, x.Size())
			q.p.tape.Stream().Read(x.Grad(), 0, h)
			for i, v := range h {
				g[i] = float64(v)
			}
		}
		out = append(out, g)
	}
	return out
}

func axpy(y [][]float64, alpha float64, x [][]float64) {
	for i := range y {
		for j := range y[i] {
			y[i][j] += alpha * x[i][j]
		}
	}
}

func like(x [][]float64) [][]float64 {
	out := make([][]float64, len(x))
	for i := range x {
		out[i] = make([]float64, len(x[i]))
	}
	return out
}

func dot(x, y [][]float64) float64 {
	sum := 0.0
	for i := range x {
		for j := range x[i] {
			sum += x[i][j] * y[i][j]
		}
	}
	return sum
}

// directions are unit vectors in parameter space, one dense and one per parameter tensor, so that
// every tensor counts.
func directions(r *rand.Rand, shape [][]float64) [][][]float64 {
	var out [][][]float64
	for k := -1; k < len(shape); k++ {
		d := like(shape)
		norm := 0.0
		for i := range d {
			for j := range d[i] {
				if k < 0 || i == k {
					d[i][j] = r.NormFloat64()
					norm += d[i][j] * d[i][j]
				}
			}
		}
		scaled := like(d)
		axpy(scaled, 1/math.Sqrt(norm), d)
		out = append(out, scaled)
	}
	return out
}

// slope is the central difference of f along a direction.
func slope(t testing.TB, q parameters, dir [][]float64, step float64, f func() float64) float64 {
	t.Helper()
	base := q.values()
	at := func(alpha float64) float64 {
		v := make([][]float32, len(base))
		for i := range base {
			v[i] = make([]float32, len(base[i]))
			for j := range v[i] {
				v[i][j] = float32(float64(base[i][j]) + alpha*dir[i][j])
			}
		}
		q.set(t, v)
		return f()
	}
	up, down := at(step), at(-step)
	q.set(t, base)
	return (up - down) / (2 * step)
}

// loud is options with parameters large enough for gradients to stand out of float32 rounding.
var loud = Options{Hidden: 12, InitRange: 0.6, GridSize: 5, GridStep: 0.5, Seed: 3, Iterations: 10}

func TestGradientOfLogProbabilityAndEntropy(t *testing.T) {
	narrowed, err := small(t).Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Keep: []int{1}},
		searchspace.Restriction{Decisions: []string{"stage1.depth", "stage2.depth"}, Combinations: [][]int{{0, 1}, {1, 0}, {1, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*searchspace.Space{"chain": chain(t, []int{1, 3, 5}, []int{1, 3}, []int{3, 5}), "mobilenetv3": small(t), "restricted": narrowed} {
		for _, shared := range []bool{false, true} {
			t.Run(fmt.Sprint(name, shared), func(t *testing.T) {
				o := loud
				o.HeadPerKind = shared
				a := newAdjuster(t, s, o)
				q := parameters{a.policy}
				r := rand.New(rand.NewPCG(1, 2))
				for range 3 {
					prev, err := s.Sample(r)
					if err != nil {
						t.Fatal(err)
					}
					arch, err := s.Sample(r)
					if err != nil {
						t.Fatal(err)
					}
					cell := r.IntN(o.GridSize)
					for _, w := range []struct{ logProb, entropy float64 }{{1, 0}, {0, 1}, {-0.7, 0.4}} {
						probability(t, a, prev, arch, cell, true)
						if err := a.policy.gradient(w.logProb, w.entropy); err != nil {
							t.Fatal(err)
						}
						g := q.gradients()
						for i, dir := range directions(r, g) {
							want := slope(t, q, dir, 2e-2, func() float64 {
								d := probability(t, a, prev, arch, cell, false)
								return w.logProb*d.logProb + w.entropy*d.entropy
							})
							if got := dot(g, dir); math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
								t.Errorf("weights %v, direction %d: gradient %g, central difference %g", w, i, got, want)
							}
						}
					}
				}
			})
		}
	}
}

// The probabilities of all architectures add up to 1, inactive decisions and restrictions included.
func TestProbabilitiesAddUp(t *testing.T) {
	s, err := small(t).Restrict(searchspace.Restriction{Decisions: []string{"stage3.*", "stage4.*", "stage5.*"}, Keep: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := s.Restrict(searchspace.Restriction{Decisions: []string{"stage1.layer0.kernel", "stage2.layer0.kernel"}, Combinations: [][]int{{0, 1}, {1, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*searchspace.Space{"restricted": s, "pairs": pairs} {
		a := newAdjuster(t, s, loud)
		// Depths 1 and 2 in two stages, two decisions a layer.
		archs := every(t, s)
		if want := map[string]int{"restricted": 20 * 20, "pairs": 20 * 20 / 2}[name]; len(archs) != want {
			t.Fatalf("%s: %d architectures, expected %d", name, len(archs), want)
		}
		sum := 0.0
		for _, arch := range archs {
			sum += math.Exp(probability(t, a, s.Largest(), arch, 2, false).logProb)
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("%s: probabilities sum to %v", name, sum)
		}
	}
}

// The policy sees its whole state: the same architecture has another probability after another one,
// or at another distance.
func TestPolicySeesItsState(t *testing.T) {
	s := small(t)
	a := newAdjuster(t, s, loud)
	base := probability(t, a, s.Smallest(), s.Largest(), 1, false)
	if again := probability(t, a, s.Smallest(), s.Largest(), 1, false); again != base {
		t.Errorf("asked twice: %v and %v", base, again)
	}
	for name, d := range map[string]draw{
		"previous architecture": probability(t, a, s.Largest(), s.Largest(), 1, false),
		"no previous one":       probability(t, a, searchspace.Arch{}, s.Largest(), 1, false),
		"distance":              probability(t, a, s.Smallest(), s.Largest(), 2, false),
	} {
		if d.logProb == base.logProb {
			t.Errorf("%s changes nothing", name)
		}
	}
	if rows := a.policy.values.V.In; rows != 2*5*(1+2*2) {
		t.Errorf("%d rows for choices of 25 decisions", rows)
	}
	o := loud
	o.HeadPerKind = true
	if rows := newAdjuster(t, s, o).policy.values.V.In; rows != 2*3 {
		t.Errorf("%d rows for choices of three kinds", rows)
	}
}

// On a space that can be listed, REINFORCE's estimate is compared with the gradient of the expected
// reward itself: Σ_α R(α)·π(α)·∇log π(α) equals the derivative of Σ_α R(α)·π(α), and the mean over
// samples comes near it.
func TestReinforceIsTheGradientOfTheExpectedReward(t *testing.T) {
	s := chain(t, []int{1, 3, 5}, []int{1, 3, 5})
	a := newAdjuster(t, s, loud)
	q := parameters{a.policy}
	prev, cell := s.Smallest(), 1
	enc := s.Encode(prev)
	archs := every(t, s)
	if len(archs) != 9 {
		t.Fatalf("%d architectures, expected 9", len(archs))
	}
	reward := map[searchspace.Arch]float64{}
	r := rand.New(rand.NewPCG(5, 5))
	for _, arch := range archs {
		reward[arch] = r.NormFloat64()
	}
	grad := func(weight float64) [][]float64 {
		if err := a.policy.gradient(weight, 0); err != nil {
			t.Fatal(err)
		}
		return q.gradients()
	}

	exact := like(q.gradients())
	for _, arch := range archs {
		d := probability(t, a, prev, arch, cell, true)
		axpy(exact, math.Exp(d.logProb), grad(reward[arch]))
	}
	dirs := directions(r, exact)
	for i, dir := range dirs {
		want := slope(t, q, dir, 2e-2, func() float64 {
			sum := 0.0
			for _, arch := range archs {
				sum += reward[arch] * math.Exp(probability(t, a, prev, arch, cell, false).logProb)
			}
			return sum
		})
		if got := dot(exact, dir); math.Abs(got-want) > 2e-4*(1+math.Abs(want)) {
			t.Errorf("direction %d: enumerated gradient %g, derivative of the expected reward %g", i, got, want)
		}
	}

	const n = 4000
	sums, squares := make([]float64, len(dirs)), make([]float64, len(dirs))
	for i := range n {
		d, err := a.policy.propose(s, enc, cell, stream.New(9, "adjuster.proposal", 0, uint64(i)), true)
		if err != nil {
			t.Fatal(err)
		}
		g := grad(reward[d.arch])
		for k, dir := range dirs {
			x := dot(g, dir)
			sums[k] += x
			squares[k] += x * x
		}
	}
	for k, dir := range dirs {
		mean := sums[k] / n
		se := math.Sqrt((squares[k]/n - mean*mean) / n)
		if want := dot(exact, dir); math.Abs(mean-want) > 4*se+1e-12 {
			t.Errorf("direction %d: mean of %d samples %g, enumerated %g, standard error %g", k, n, mean, want, se)
		}
	}
}

// Adam, weight decay and signs: one step of learn moves every parameter as the formula says.
func TestLearnIsOneAdamStep(t *testing.T) {
	s := chain(t, []int{1, 3, 5}, []int{1, 3})
	o := loud
	o.LearningRate, o.WeightDecay, o.Entropy = 0.01, 0.1, 0.3
	a := newAdjuster(t, s, o)
	a.policy.startTraining(&a.opts)
	q := parameters{a.policy}
	before := q.values()
	const advantage = 0.8
	probability(t, a, s.Smallest(), s.Largest(), 1, true)
	if err := a.policy.learn(advantage); err != nil {
		t.Fatal(err)
	}
	g, after := q.gradients(), q.values()
	// learn descends the gradient it leaves behind; which way is up is checked by the direction of
	// the sum itself.
	up := like(g)
	axpy(up, -1, g)
	want := slope(t, q, unit(up), 1e-3, func() float64 {
		d := probability(t, a, s.Smallest(), s.Largest(), 1, false)
		return advantage*d.logProb + 0.3*d.entropy
	})
	if !(want > 0) {
		t.Errorf("slope along the step is %g, expected an ascent", want)
	}
	for i, p := range a.policy.ps.All() {
		if !p.Touched() {
			t.Fatalf("%s is not touched", p.Name())
		}
		for j := range before[i] {
			d := g[i][j] + 0.1*float64(before[i][j])
			step := 0.01 * d / (math.Abs(d) + 1e-8)
			if got := float64(before[i][j]) - float64(after[i][j]); math.Abs(got-step) > 1e-5 {
				t.Fatalf("%s[%d] moved by %g, expected %g", p.Name(), j, got, step)
			}
		}
	}
}

func unit(x [][]float64) [][]float64 {
	out := like(x)
	axpy(out, 1/math.Sqrt(dot(x, x)), x)
	return out
}

func TestLearnNeedsAProposal(t *testing.T) {
	a := newAdjuster(t, chain(t, []int{1, 3}), loud)
	if err := a.policy.learn(1); err == nil {
		t.Error("learnt from nothing")
	}
}
