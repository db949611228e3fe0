package nn_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

// TestNextAddsUp: the gradients of a step of two passes are the sum of those of two steps, dropout
// included.
func TestNextAddsUp(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			m := newNet(r)
			shape := tensor.Shape{N: 6, H: 13, W: 13, C: 3}
			x := r.normal(shape.Size())
			pass := func(width, kernel int, weight float64) {
				logits := m.run(r.tape, r.tape.Input(shape, x), width, kernel)
				loss := r.tape.CrossEntropy(logits, r.tape.Goal(5, nn.Labels(netLabels)))
				r.tape.Backward(r.tape.Sum(loss, weight))
			}
			want := map[string][]float32{}
			for i, width := range []int{24, 8} {
				r.ps.BeginStep()
				r.tape.Begin(nn.Training(uint64(7 + i)))
				pass(width, 5-2*i, 0.3+float64(i))
				for _, p := range r.ps.Touched() {
					if want[p.Name()] == nil {
						want[p.Name()] = make([]float32, p.Size())
					}
					for j, g := range r.grad(p) {
						want[p.Name()][j] += g
					}
				}
			}
			r.ps.BeginStep()
			r.tape.Begin(nn.Training(7))
			pass(24, 5, 0.3)
			r.tape.Next(nn.Training(8))
			pass(8, 3, 1.3)
			for _, p := range r.ps.Touched() {
				close32(t, p.Name(), r.grad(p), want[p.Name()], 2e-5)
			}
			if len(r.ps.Touched()) != len(want) {
				t.Errorf("%d parameters have gradients, expected %d", len(r.ps.Touched()), len(want))
			}
		})
	}
}

// TestNextTeaches: logits of an inference pass teach the next one, targets are uploaded once, and
// the second pass computes what it would compute alone.
func TestNextTeaches(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			m := newNet(r)
			shape := tensor.Shape{N: 6, H: 13, W: 13, C: 3}
			pixels := r.normal(shape.Size())
			r.tape.Begin(nn.Step{})
			soft := r.tape.Read(m.run(r.tape, r.tape.Input(shape, pixels), 24, 5), nil)
			mask := slices.Repeat([]bool{true, true, true, true, true}, 6)
			mask[3] = false
			targets := nn.Targets{Labels: netLabels, Mask: mask}
			student := func(x, teacher nn.Value, goal nn.Goal) []float64 {
				logits := m.run(r.tape, x, 16, 3)
				loss := r.tape.Mean(r.tape.CrossEntropy(logits, goal))
				taught := r.tape.Mean(r.tape.Distill(logits, teacher, 2, goal.Mask))
				right := r.tape.Sum(r.tape.Correct(logits, goal), 1)
				r.tape.Pin(right)
				r.tape.Backward(loss, taught)
				return r.tape.ReadScalars(nil, loss, taught, right)
			}
			r.ps.BeginStep()
			r.tape.Begin(nn.Step{})
			x, goal := r.tape.Input(shape, pixels), r.tape.Goal(5, targets)
			logits := m.run(r.tape, x, 24, 5)
			lost := r.tape.Mean(logits)
			r.tape.Pin(logits)
			r.tape.Next(nn.Training(3))
			mustPanic(t, "mean: value "+valueText(lost)+" was released; Pin values that are read after Backward", func() { r.tape.Mean(lost) })
			got := student(x, logits, goal)
			gradient := r.grad(m.project.P)
			r.tape.Next(nn.Step{})
			same(t, "teacher two passes later", r.tape.Read(logits, nil), soft)

			r.ps.BeginStep()
			r.tape.Begin(nn.Training(3))
			teacher := r.tape.Input(tensor.Vector(6, 5), soft)
			want := student(r.tape.Input(shape, pixels), teacher, r.tape.Goal(5, targets))
			if !slices.Equal(got, want) {
				t.Errorf("losses and right answers are %v, expected %v", got, want)
			}
			same(t, "gradient", gradient, r.grad(m.project.P))
		})
	}
}

// TestNextAfterAnything: a pass may be given up before, within and after its backward pass,
// whatever was shared in it.
func TestNextAfterAnything(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			m := newNet(r)
			shape := tensor.Shape{N: 6, H: 9, W: 9, C: 3}
			x := r.normal(shape.Size())
			r.ps.BeginStep()
			step := nn.Training(1)
			r.tape.Begin(step)
			for i := range 8 {
				v := r.tape.Variable(shape, x)
				logits := m.run(r.tape, v, 16, 3)
				both := r.tape.Add(logits, logits, tensor.ActNone)
				seeded := r.tape.Concat(both, logits)
				if i%2 == 0 {
					r.tape.Seed(seeded, r.normal(60))
				}
				if step.Grad && i%3 > 0 {
					r.tape.Backward(r.tape.Mean(both))
				}
				step = nn.Step{Grad: i%4 < 3, Norm: nn.NormTrain}
				r.tape.Next(step)
				same(t, "variable's gradient in the next pass", r.tape.ReadGrad(v, nil)[:2], []float32{0, 0})
			}
			if err := r.st.Sync(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestNextMemory: a step of several passes takes the memory of its largest one, inputs of the
// others left aside, and no more after many steps.
func TestNextMemory(t *testing.T) {
	shape := tensor.Shape{N: 6, H: 29, W: 29, C: 3}
	held := func(widths ...int) int {
		r := newRig(t, cpu.New(cpu.Options{}))
		m := newNet(r)
		x := r.normal(shape.Size())
		for range 5 {
			r.ps.BeginStep()
			r.tape.Begin(nn.Training(1))
			image, goal := r.tape.Input(shape, x), r.tape.Goal(5, nn.Labels(netLabels))
			for i, width := range widths {
				if i > 0 {
					r.tape.Next(nn.Training(uint64(i)))
				}
				loss := r.tape.CrossEntropy(m.run(r.tape, image, width, 3), goal)
				if i != 1 {
					r.tape.Backward(r.tape.Mean(loss))
				}
			}
		}
		return r.st.(interface{ Held() int }).Held()
	}
	if one, many := held(24), held(24, 20, 8, 24, 12); many > one+one/50 {
		t.Errorf("five passes hold %d floats, the largest one %d", many, one)
	}
}

func TestReadScalars(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			r.tape.Begin(nn.Step{})
			x := r.tape.Input(tensor.Vector(2, 2), []float32{1, 2, 3, 5})
			a, b := r.tape.Sum(x, 1), r.tape.Sum(x, -2)
			if got := r.tape.ReadScalars(nil, a, b, a); !slices.Equal(got, []float64{11, -22, 11}) {
				t.Errorf("got %v", got)
			}
			if got := r.tape.ReadScalars(nil); len(got) != 0 {
				t.Errorf("no scalars give %v", got)
			}
			if got := r.tape.Item(b); got != -22 {
				t.Errorf("item is %g", got)
			}
		})
	}
}

func valueText(v nn.Value) string { return strconv.Itoa(int(v)) }
