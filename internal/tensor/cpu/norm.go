package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// bnVectors is the layout of what batch normalisation keeps: five vectors over
// the padded channels, then the number of rows is the shape's.
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
		s.rowsOp = rowsOp{kind: rowsStats, x: x}
		s.runRows(x)
		x.stats = s.finishStats(s.rowsOp.parts, x.cb, x.rows, s.rowsOp.grid.rowsPer)
		s.clearRows()
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

// BatchNormAct normalises and activates.
func (s *stream) BatchNormAct(xt tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec) (y, saved tensor.Tensor) {
	x := in(xt)
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
	out := s.make(x.shape)
	s.rowsOp = rowsOp{kind: rowsApply, act: kact(spec.Act), dst: out, x: x, scale: v.scale, shift: v.shift}
	s.runRows(x)
	s.clearRows()
	if !spec.Keep {
		s.arena.release(st)
		return out, nil
	}
	return out, s.arena.node(tensor.Vector(bnCount, n), st)
}

// BatchNormActBackward adds gamma's and beta's gradients and returns x's.
func (s *stream) BatchNormActBackward(xt, savedt, dyt tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec, grads tensor.BatchNormGrads) tensor.Tensor {
	x, dy := in(xt), in(dyt)
	n := x.cb * block
	v := viewBN(in(savedt).data(), x.cb)
	act := kact(spec.Act)
	s.rowsOp = rowsOp{kind: rowsGradSums, act: act, d: dy, x: x, scale: v.scale, shift: v.shift, mean: v.mean}
	s.runRows(x)
	parts, g := s.rowsOp.parts, s.rowsOp.grid
	s.clearRows()

	dgamma, dbeta := vector(grads.Gamma), vector(grads.Beta)
	coef := s.arena.floats(3 * n)
	a, b, c := coef.data[:n], coef.data[n:2*n], coef.data[2*n:]
	rows := float64(x.rows)
	for ch := range n {
		var s1, s2 float64
		for i := range g.rowParts {
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
		if spec.Train {
			b[ch], c[ch] = float32(-scale*inv*inv*s2/rows), float32(-scale*s1/rows)
		}
	}
	if !grads.NeedX {
		s.arena.release(coef)
		return nil
	}
	dx := s.make(x.shape)
	s.rowsOp = rowsOp{kind: rowsGradApply, act: act, dst: dx, d: dy, x: x, scale: v.scale, shift: v.shift, mean: v.mean, a: a, b: b, c: c}
	s.runRows(x)
	s.clearRows()
	s.arena.release(coef)
	return dx
}
