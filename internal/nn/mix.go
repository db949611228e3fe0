package nn

import "github.com/tendril-nas/tendril/internal/tensor"

// Mix is Σ p_i·x_i. A stand-in.
func (t *Tape) Mix(xs []Value, p Vector) Value {
	coef := make([]float32, len(xs))
	t.st.Read(p.V.Buf, p.V.Off, coef)
	needs := t.wants(p.P)
	var y tensor.Tensor
	for i, x := range xs {
		z := t.st.ScaleTensor(t.get("mix", x), float64(coef[i]))
		if y == nil {
			y = z
		} else {
			y = t.st.Add(y, z, tensor.ActNone)
		}
		needs = needs || t.needs(x)
	}
	out := t.push(y, needs)
	if r := t.remember(out); r != nil {
		lo := len(t.lists)
		t.lists = append(t.lists, xs...)
		r.op, r.lo, r.hi, r.bias = opMix, lo, len(t.lists), p
	}
	return out
}

func (t *Tape) backwardMix(r *record, dy tensor.Tensor) {
	xs := t.lists[r.lo:r.hi]
	coef := make([]float32, len(xs))
	t.st.Read(r.bias.V.Buf, r.bias.V.Off, coef)
	g := gradVec(r.bias)
	for i, x := range xs {
		if g.Buf != nil {
			var one, old [1]float32
			t.st.Download(t.st.Sum(t.st.Mul(dy, t.nodes[x].t), 1), one[:])
			t.st.Read(g.Buf, g.Off+i, old[:])
			t.st.Write(g.Buf, g.Off+i, []float32{old[0] + one[0]})
		}
		if t.needs(x) {
			t.give(x, t.st.ScaleTensor(dy, float64(coef[i])))
		}
	}
}
