package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// run is one golden case on one backend.
type run struct {
	*testing.T
	g       *golden
	backend tensor.Backend
	st      tensor.Stream
	tape    *nn.Tape
	ps      *nn.ParamSet
	used    map[string]bool
	rel     float64            // relative tolerance
	floor   float64            // absolute tolerance
	abs     map[string]float64 // absolute tolerances of single arrays
}

func newRun(t *testing.T, g *golden, b tensor.Backend) *run {
	st := b.NewStream()
	return &run{T: t, g: g, backend: b, st: st, tape: nn.NewTape(st), ps: nn.NewParamSet(b), used: make(map[string]bool), rel: 1e-5, floor: 1e-6}
}

func (r *run) has(name string) bool {
	_, ok := r.g.arrays[name]
	return ok
}

func (r *run) array(name string) array {
	a, ok := r.g.arrays[name]
	if !ok {
		r.Fatalf("no array %s", name)
	}
	r.used[name] = true
	return a
}

func (r *run) number(name string, missing float64) float64 {
	if v, ok := r.g.Attrs[name].(float64); ok {
		return v
	}
	return missing
}

func (r *run) integer(name string, missing int) int { return int(r.number(name, float64(missing))) }

func (r *run) flag(name string) bool {
	v, _ := r.g.Attrs[name].(bool)
	return v
}

func (r *run) text(name string) string {
	v, _ := r.g.Attrs[name].(string)
	return v
}

// actNamed is an activation by name; "h_swish" and "hswish" are the same.
func actNamed(name string) (tensor.Act, bool) {
	name = strings.ReplaceAll(name, "_", "")
	for a := tensor.ActReLU; a <= tensor.ActTanh; a++ {
		if a.String() == name {
			return a, true
		}
	}
	return tensor.ActNone, false
}

// act is actNamed of a name that must be known; empty is none.
func (r *run) act(name string) tensor.Act {
	a, ok := actNamed(name)
	if !ok && name != "" {
		r.Fatalf("unknown activation %q", name)
	}
	return a
}

func narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

func integers(v []float64) []int {
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

// shapeOf is the logical shape of [N,C,H,W] or [N,C].
func shapeOf(dims []int) tensor.Shape {
	if len(dims) == 2 {
		return tensor.Vector(dims[0], dims[1])
	}
	return tensor.Shape{N: dims[0], C: dims[1], H: dims[2], W: dims[3]}
}

// nhwc reorders [N,C,H,W] (or [N,C]) to channels last.
func nhwc(a array) (tensor.Shape, []float32) {
	s := shapeOf(a.dims)
	out := make([]float32, len(a.data))
	for n := range s.N {
		for c := range s.C {
			for p := range s.H * s.W {
				out[(n*s.H*s.W+p)*s.C+c] = float32(a.data[(n*s.C+c)*s.H*s.W+p])
			}
		}
	}
	return s, out
}

// nchw is the inverse of nhwc.
func nchw(s tensor.Shape, v []float32) []float32 {
	out := make([]float32, len(v))
	for n := range s.N {
		for c := range s.C {
			for p := range s.H * s.W {
				out[(n*s.C+c)*s.H*s.W+p] = v[(n*s.H*s.W+p)*s.C+c]
			}
		}
	}
	return out
}

// variable is an input whose gradient is wanted.
func (r *run) variable(name string) nn.Value {
	s, v := nhwc(r.array(name))
	return r.tape.Variable(s, v)
}

// param makes a parameter from an array: 4 dimensions are a convolution, 2 a linear weight, 1 a
// vector.
func (r *run) param(name string) *nn.Param {
	a := r.array(name)
	v := narrow(a.data)
	var p *nn.Param
	switch d := a.dims; len(d) {
	case 4:
		v = nn.ToHWIO(v, d[0], d[1], d[2], d[3])
		p = r.ps.Add(name, d[2], d[3], d[1], d[0])
	case 2:
		v = nn.ToHWIO(v, d[0], d[1], 1, 1)
		p = r.ps.Add(name, d[1], d[0])
	default:
		p = r.ps.Add(name, len(v))
	}
	if err := p.Set(r.st, v); err != nil {
		r.Fatal(err)
	}
	return p
}

// file is a parameter-shaped buffer in the file's order.
func (r *run) file(p *nn.Param, b tensor.Buffer) []float32 {
	v := make([]float32, p.Size())
	r.st.Read(b, 0, v)
	switch d := p.Dims(); len(d) {
	case 4:
		return nn.ToOIHW(v, d[3], d[2], d[0], d[1])
	case 2:
		return nn.ToOIHW(v, d[1], d[0], 1, 1)
	}
	return v
}

// check compares numbers in the file's order with an array.
func (r *run) check(name string, got []float32) {
	r.Helper()
	r.compare(name, r.array(name).data, got)
}

func (r *run) compare(name string, want []float64, got []float32) {
	r.Helper()
	if len(got) != len(want) {
		r.Errorf("%s: got %d numbers, expected %d", name, len(got), len(want))
		return
	}
	tol := r.rel*max(largest(want), r.g.Errors[name].MaxAbs) + r.floor
	if abs, ok := r.abs[name]; ok {
		tol = abs
	}
	worst, at := 0.0, 0
	for i, w := range want {
		d := math.Abs(float64(got[i]) - w)
		if !(d <= worst) { // a NaN is the worst
			worst, at = d, i
			if math.IsNaN(d) {
				break
			}
		}
	}
	if !(worst <= tol) {
		r.Errorf("%s: element %d is %g, expected %g: off by %g, tolerance %g", name, at, got[at], want[at], worst, tol)
	}
}

func (r *run) checkValue(name string, v nn.Value) {
	r.Helper()
	r.check(name, nchw(r.tape.Shape(v), r.tape.Read(v, nil)))
}

func (r *run) checkInputGrad(name string, v nn.Value) {
	r.Helper()
	r.check(name, nchw(r.tape.Shape(v), r.tape.ReadGrad(v, nil)))
}

func (r *run) checkParamGrad(name string, p *nn.Param) {
	r.Helper()
	r.check(name, r.file(p, p.Grad()))
}

// begin starts a training step without dropout.
func (r *run) begin(norm nn.NormMode) {
	r.ps.BeginStep()
	r.tape.Begin(nn.Step{Grad: true, Norm: norm})
}

// finish seeds out with gout, runs backward and checks output, loss and the gradient of the input.
func (r *run) finish(x, out nn.Value) {
	r.Helper()
	_, gout := nhwc(r.array("gout"))
	r.tape.Seed(out, gout)
	r.tape.Backward()
	r.checkValue("output", out)
	r.checkInputGrad("grad.input", x)
	r.checkLoss(r.tape.Read(out, nil), gout)
}

// checkLoss compares Σ out·gout.
func (r *run) checkLoss(out, gout []float32) {
	r.Helper()
	sum, size := 0.0, 0.0
	for i := range out {
		p := float64(out[i]) * float64(gout[i])
		sum += p
		size += math.Abs(p)
	}
	want := r.array("loss").data[0]
	if d := math.Abs(sum - want); !(d <= 1e-6*size+1e-5*math.Abs(want)+1e-6) {
		r.Errorf("loss is %g, expected %g", sum, want)
	}
}

// names is the sorted names of arrays with a prefix, without it.
func (r *run) names(prefix string) []string {
	var out []string
	for name := range r.g.arrays {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			out = append(out, rest)
		}
	}
	slices.Sort(out)
	return out
}
