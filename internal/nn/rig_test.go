package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

// rig is a backend with a parameter set and a tape.
type rig struct {
	*testing.T
	b    tensor.Backend
	st   tensor.Stream
	ps   *nn.ParamSet
	tape *nn.Tape
	rng  *rand.Rand
}

func newRig(t *testing.T, b tensor.Backend) *rig {
	st := b.NewStream()
	return &rig{T: t, b: b, st: st, ps: nn.NewParamSet(b), tape: nn.NewTape(st), rng: rand.New(rand.NewPCG(1, 2))}
}

func fakeRig(t *testing.T) *rig { return newRig(t, fake.New()) }

func (r *rig) normal(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.rng.NormFloat64())
	}
	return v
}

func (r *rig) param(name string, dims ...int) *nn.Param {
	p := r.ps.Add(name, dims...)
	p.InitNormal(r.st, r.rng, 0.5)
	return p
}

func (r *rig) norm(name string, c int) nn.BatchNorm {
	gamma := r.ps.Add(name+".weight", c)
	gamma.InitConstant(r.st, 1)
	mean, variance := r.ps.AddState(name+".running_mean", c), r.ps.AddState(name+".running_var", c)
	variance.InitConstant(r.st, 1)
	return nn.BatchNorm{Gamma: gamma.Vector(), Beta: r.ps.Add(name+".bias", c).Vector(), Stats: statsOf(mean, variance)}
}

// statsOf views two parameters as running statistics.
func statsOf(mean, variance *nn.Param) *nn.Stats {
	return &nn.Stats{Mean: mean.Vector().V, Var: variance.Vector().V}
}

// squeezeExcite is x times h-sigmoid(expand(ReLU(reduce(mean of x)))), weights [1,1,C,M] and
// [1,1,M,C] with biases.
func squeezeExcite(t *nn.Tape, x nn.Value, reduce nn.Weight, reduceBias nn.Vector, expand nn.Weight,
	expandBias nn.Vector) nn.Value {
	one := tensor.ConvSpec{Stride: 1, Groups: 1}
	h := t.Act(t.Conv(t.GlobalAvgPool(x), reduce, reduceBias, one), tensor.ActReLU)
	return t.ScaleChannels(x, t.Act(t.Conv(h, expand, expandBias, one), tensor.ActHSigmoid))
}

func (r *rig) grad(p *nn.Param) []float32 {
	v := make([]float32, p.Size())
	r.st.Read(p.Grad(), 0, v)
	return v
}

// mustPanic calls f and checks that it fails with a *tensor.Error of the given text.
func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	var err error
	func() {
		defer tensor.Recover(&err)
		f()
	}()
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, expected %q", err, want)
	}
}

func close32(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, expected %d", what, len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol) {
			t.Fatalf("%s: element %d is %g, expected %g", what, i, got[i], want[i])
		}
	}
}

func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, expected %v", what, got, want)
	}
}
