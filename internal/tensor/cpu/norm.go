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
	st := s.arena.floats(bnCount * x.cb * block)
	if spec.Train {
		s.normaliseBatch(st.data, x, p, spec)
	} else {
		copy(st.data, constantNorm(p, spec.Eps))
	}
	out := s.derive(x.shape, x.st, pending{kind: lazyForward, act: kact(spec.Act), bn: st})
	if !spec.Keep {
		s.arena.release(st)
		return out, nil
	}
	return out, s.arena.node(tensor.Vector(bnCount, x.cb*block), st)
}

// normaliseBatch writes the vectors of a normalisation by the batch's own statistics and moves the
// running ones.
func (s *stream) normaliseBatch(to []float32, x *node, p tensor.BatchNorm, spec tensor.BatchNormSpec) {
	v, n, rows := viewBN(to, x.cb), x.cb*block, float64(x.rows)
	gamma, beta := vector(p.Gamma), vector(p.Beta)
	runMean, runVar := moving(p.Mean), moving(p.Var)
	sums := s.statsOf(x).data
	for c := range x.shape.C {
		mean, variance := float64(sums[c]), float64(sums[n+c])/rows
		if m := spec.Momentum; m != 0 {
			unbiased := variance * rows / max(rows-1, 1)
			runMean[c] = float32((1-m)*float64(runMean[c]) + m*mean)
			runVar[c] = float32((1-m)*float64(runVar[c]) + m*unbiased)
		}
		v.set(c, mean, variance, spec.Eps, gamma[c], beta[c])
	}
	v.clear(x.shape.C)
}

// set writes the four numbers of channel c.
func (v bnView) set(c int, mean, variance, eps float64, gamma, beta float32) {
	inv := 1 / math.Sqrt(variance+eps)
	scale := float64(gamma) * inv
	v.scale[c], v.shift[c] = float32(scale), float32(float64(beta)-mean*scale)
	v.mean[c], v.inv[c] = float32(mean), float32(inv)
}

// clear writes zeros for the channels from c on, which are padding.
func (v bnView) clear(c int) {
	for _, x := range [][]float32{v.scale, v.shift, v.mean, v.inv} {
		clear(x[c:])
	}
}

// constantNorm is the vectors of a normalisation by running statistics, from the last time if
// nothing was written since.
func constantNorm(p tensor.BatchNorm, eps float64) []float32 {
	buffers := [4]*buffer{p.Gamma.Buf.(*buffer), p.Beta.Buf.(*buffer), p.Mean.Buf.(*buffer), p.Var.Buf.(*buffer)}
	k := buffers[0].norm.Load()
	if k != nil && k.of == p && k.eps == eps && k == buffers[1].norm.Load() && k == buffers[2].norm.Load() &&
		k == buffers[3].norm.Load() {
		return k.data
	}
	gamma, beta, mean, variance := vector(p.Gamma), vector(p.Beta), vector(p.Mean), vector(p.Var)
	cb := blocks(len(gamma))
	k = &knownNorm{of: p, eps: eps, data: make([]float32, bnCount*cb*block)}
	v := viewBN(k.data, cb)
	for c := range gamma {
		v.set(c, float64(mean[c]), float64(variance[c]), eps, gamma[c], beta[c])
	}
	for _, b := range buffers {
		b.norm.Store(k)
	}
	return k.data
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
