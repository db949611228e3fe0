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

// statsOf is x's per-channel mean and sum of squared deviations, as collected by the operation that
// made x or by a pass now.
func (s *stream) statsOf(x *node) *storage {
	if x.stats == nil {
		s.runRows(x.shape, rowsOp{op: rowsStats, x: x.st,
			stats: s.collectStats(x, newGrid(x.cb, x.rows, 1).rowsPer)})
		s.endStats(x, &s.stats)
	}
	return x.stats
}

// BatchNormAct normalises and activates. The result is pending.
func (s *stream) BatchNormAct(xt tensor.Tensor, p tensor.BatchNorm,
	spec tensor.BatchNormSpec) (y, saved tensor.Tensor) {
	x := s.plain(xt)
	n := x.cb * block
	st := s.arena.floats(bnCount * n)
	v := viewBN(st.data, x.cb)
	gamma, beta, runMean, runVar := vector(p.Gamma), vector(p.Beta), vector(p.Mean), vector(p.Var)
	var sums []float32
	if spec.Train {
		sums = s.statsOf(x).data
		runMean, runVar = moving(p.Mean), moving(p.Var)
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

// BatchNormActBackward adds gamma's and beta's gradients and returns x's, which is pending.
func (s *stream) BatchNormActBackward(xt, savedt, dyt tensor.Tensor, p tensor.BatchNorm,
	spec tensor.BatchNormSpec, grads tensor.BatchNormGrads) tensor.Tensor {
	x, dy, saved := s.plain(xt), s.in(dyt), s.in(savedt).st
	if dy.kind != lazyScaled || dy.d == nil {
		s.materialise(dy)
	}
	formula := dy.pending
	if !dy.lazy() {
		formula.d = dy.st
	}
	formula.kind, formula.act, formula.bn = lazyGradient, kact(spec.Act), saved
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

// gradCoefficients adds gamma's and beta's gradients and gives a, b and c of the input's gradient
// from the parts of its sums.
func (s *stream) gradCoefficients(x *node, v bnView, parts []float32, count int, train bool,
	grads tensor.BatchNormGrads) *storage {
	n := x.cb * block
	coef := s.arena.floats(3 * n)
	a, b, c := coef.data[:n], coef.data[n:2*n], coef.data[2*n:]
	dgamma, dbeta := moving(grads.Gamma), moving(grads.Beta)
	share := 1 / float64(x.rows)
	for plane := range x.cb {
		s1, s2 := gradParts(parts, plane, x.cb, count)
		for l := range block {
			ch := plane*block + l
			inv, scale := float64(v.inv[ch]), float64(v.scale[ch])
			if ch < len(dgamma) {
				dgamma[ch] += float32(s2[l] * inv)
			}
			if ch < len(dbeta) {
				dbeta[ch] += float32(s1[l])
			}
			a[ch], b[ch], c[ch] = float32(scale), 0, 0
			if train {
				b[ch], c[ch] = float32(-scale*inv*inv*s2[l]*share), float32(-scale*s1[l]*share)
			}
		}
	}
	return coef
}
