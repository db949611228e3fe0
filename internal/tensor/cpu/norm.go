package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// The vectors over the padded channels that batch normalisation keeps.
const (
	bnScale = iota // gamma/√(var+eps)
	bnShift        // beta − mean·scale
	bnMean
	bnInv // 1/√(var+eps)
	bnCount
)

type bnView struct{ scale, shift, mean, inv []float32 }

func viewBN(data []float32, cb int) bnView {
	n := cb * block
	return bnView{data[bnScale*n:][:n], data[bnShift*n:][:n], data[bnMean*n:][:n], data[bnInv*n:][:n]}
}

// batchStats is mean and sum of squared deviations per channel, from partial
// sums of parts of per rows each. Parts are joined pairwise in order by the
// parallel-variance rule, in float64.
func batchStats(parts []float32, cb, rows, per, c int) (mean, m2 float64) {
	b, l := c/block, c%block
	n := 0.0
	for i, r := 0, 0; r < rows; i, r = i+1, r+per {
		p := parts[(i*cb+b)*3*block+l:]
		k := float64(min(per, rows-r))
		s, q := float64(p[block]), float64(p[2*block])
		pm := float64(p[0]) + s/k
		pq := q - s*s/k
		d := pm - mean
		m2 += pq + d*d*n*k/(n+k)
		mean += d * k / (n + k)
		n += k
	}
	return mean, max(m2, 0)
}

// statsOf is x's per-channel mean and sum of squared deviations, as collected by
// the operation that made x or by a pass now.
func (s *stream) statsOf(x *node) *storage {
	if x.stats == nil {
		parts, _ := s.runRows(x.shape, rowsOp{op: rowsStats, x: x.st})
		x.stats = s.finishStats(parts.data, x.cb, x.rows, newGrid(x.cb, x.rows, 1).rowsPer)
		s.arena.release(parts)
	}
	return x.stats
}

func (s *stream) finishStats(parts []float32, cb, rows, per int) *storage {
	st := s.arena.floats(2 * cb * block)
	for c := range cb * block {
		mean, m2 := batchStats(parts, cb, rows, per, c)
		st.data[c], st.data[cb*block+c] = float32(mean), float32(m2)
	}
	return st
}

// BatchNormAct normalises and activates. The result is pending.
func (s *stream) BatchNormAct(xt tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec) (y, saved tensor.Tensor) {
	x := s.plain(xt)
	n := x.cb * block
	st := s.arena.floats(bnCount * n)
	v := viewBN(st.data, x.cb)
	gamma, beta, runMean, runVar := vector(p.Gamma), vector(p.Beta), vector(p.Mean), vector(p.Var)
	var sums []float32
	if spec.Train {
		sums = s.statsOf(x).data
	}
	rows := float64(x.rows)
	for c := range n {
		if c >= x.shape.C {
			v.scale[c], v.shift[c], v.mean[c], v.inv[c] = 0, 0, 0, 0
			continue
		}
		mean, variance := float64(runMean[c]), float64(runVar[c])
		if spec.Train {
			mean, variance = float64(sums[c]), float64(sums[n+c])/rows
			if m := spec.Momentum; m != 0 {
				unbiased := variance * rows / max(rows-1, 1)
				runMean[c] = float32((1-m)*float64(runMean[c]) + m*mean)
				runVar[c] = float32((1-m)*float64(runVar[c]) + m*unbiased)
			}
		}
		inv := 1 / math.Sqrt(variance+spec.Eps)
		scale := float64(gamma[c]) * inv
		v.scale[c], v.shift[c] = float32(scale), float32(float64(beta[c])-mean*scale)
		v.mean[c], v.inv[c] = float32(mean), float32(inv)
	}
	out := s.derive(x.shape, x.st, pending{kind: lazyForward, act: kact(spec.Act), bn: st})
	if !spec.Keep {
		s.arena.release(st)
		return out, nil
	}
	return out, s.arena.node(tensor.Vector(bnCount, n), st)
}

// BatchNormActBackward adds gamma's and beta's gradients and returns x's, which
// is pending.
func (s *stream) BatchNormActBackward(xt, savedt, dyt tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec, grads tensor.BatchNormGrads) tensor.Tensor {
	x, dy, saved := s.plain(xt), in(dyt), in(savedt).st
	if dy.kind != lazyScaled || dy.d == nil {
		s.materialise(dy)
	}
	formula := pending{kind: lazyGradient, act: kact(spec.Act), bn: saved, d: dy.st, mul: dy.mul, add: dy.add}
	if dy.lazy() {
		formula.d = dy.d
	}
	parts, count := dy.sums, dy.sumParts
	if parts == nil || dy.sumsOf != saved {
		parts, count = s.runRows(x.shape, rowsOp{op: rowsGradSums, x: x.st, pending: formula})
	} else {
		hold(parts)
	}
	formula.coef = s.gradCoefficients(x, viewBN(saved.data, x.cb), parts.data, count, spec.Train, grads)
	s.arena.release(parts)
	var dx tensor.Tensor
	if grads.NeedX {
		dx = s.derive(x.shape, x.st, formula)
	}
	s.arena.release(formula.coef)
	return dx
}

// gradCoefficients adds gamma's and beta's gradients and gives a, b and c of the
// input's gradient from the parts of its sums.
func (s *stream) gradCoefficients(x *node, v bnView, parts []float32, count int, train bool, grads tensor.BatchNormGrads) *storage {
	n := x.cb * block
	coef := s.arena.floats(3 * n)
	a, b, c := coef.data[:n], coef.data[n:2*n], coef.data[2*n:]
	dgamma, dbeta := vector(grads.Gamma), vector(grads.Beta)
	rows := float64(x.rows)
	for ch := range n {
		var s1, s2 float64
		for i := range count {
			q := parts[(i*x.cb+ch/block)*3*block+ch%block:]
			s1 += float64(q[block])
			s2 += float64(q[2*block])
		}
		inv := float64(v.inv[ch])
		if ch < x.shape.C {
			if dgamma != nil {
				dgamma[ch] += float32(s2 * inv)
			}
			if dbeta != nil {
				dbeta[ch] += float32(s1)
			}
		}
		scale := float64(v.scale[ch])
		a[ch], b[ch], c[ch] = float32(scale), 0, 0
		if train {
			b[ch], c[ch] = float32(-scale*inv*inv*s2/rows), float32(-scale*s1/rows)
		}
	}
	return coef
}
