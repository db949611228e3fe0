package cpu

import (
	"sync/atomic"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// countdown counts what is still missing of each part of a result. Whoever finishes the last piece
// of a part goes on with it, while the others work on: nobody waits, and because that work reads
// all pieces in order, it does not matter who does it.
type countdown struct{ left []atomic.Int32 }

// start expects pieces of each of n parts.
func (c *countdown) start(n, pieces int) {
	if len(c.left) < n {
		c.left = make([]atomic.Int32, n)
	}
	for i := range n {
		c.left[i].Store(int32(pieces))
	}
}

// last reports whether a piece of part i was the last one.
func (c *countdown) last(i int) bool { return c.left[i].Add(-1) == 0 }

// collector gathers the statistics of an output while it is made: sums of parts of its rows, joined
// plane by plane.
type collector struct {
	parts         *storage // [part][plane][3 vectors]
	stats         *storage // mean and sum of squared deviations per channel
	cb, rows, per int
	missing       countdown
}

// collectStats prepares the collector for an output whose parts are per rows long.
func (s *stream) collectStats(out *node, per int) *collector {
	c := &s.stats
	c.cb, c.rows, c.per = out.cb, out.rows, per
	n := ceilDiv(out.rows, per)
	c.parts, c.stats = s.arena.floats(n*c.cb*3*block), s.arena.floats(2*c.cb*block)
	c.missing.start(c.cb, n)
	return c
}

// endStats gives the output its statistics; c may be nil.
func (s *stream) endStats(out *node, c *collector) {
	if c == nil {
		return
	}
	out.stats = c.stats
	s.arena.release(c.parts)
	c.parts, c.stats = nil, nil
}

// store takes the sums of one part of plane b.
func (c *collector) store(part, b int, ch *kernel.Chan) {
	storePart(c.parts.data, part*c.cb+b, ch)
	if c.missing.last(b) {
		mean, m2 := batchStats(c.parts.data, b, c.cb, c.rows, c.per)
		copy(c.stats.data[b*block:], mean[:])
		copy(c.stats.data[(c.cb+b)*block:], m2[:])
	}
}

// sum is the statistics of n rows at plane b's row r, as one part.
func (c *collector) sum(path kernel.Path, out *node, part, b, r, n int, ch *kernel.Chan) {
	p := out.plane(b, r)
	ch.Mean = *(*kernel.Vec)(p)
	path.Stats(p, n, ch)
	c.store(part, b, ch)
}

// part is the sums that storePart wrote for one part and plane.
type part = [3 * block]float32

func partOf(parts []float32, i int) *part { return (*part)(parts[i*3*block:]) }

// storePart writes mean, sum and second sum of one part and plane.
func storePart(parts []float32, i int, ch *kernel.Chan) {
	p := partOf(parts, i)
	copy(p[:block], ch.Mean[:])
	copy(p[block:2*block], ch.Sum[:])
	copy(p[2*block:], ch.Sum2[:])
}

// addPart adds sums to those of the part.
func addPart(parts []float32, i int, ch *kernel.Chan) {
	p := partOf(parts, i)
	for l := range block {
		p[block+l] += ch.Sum[l]
		p[2*block+l] += ch.Sum2[l]
	}
}

// batchStats is mean and sum of squared deviations of a plane's channels, from partial sums of
// parts of per rows each. Parts are joined in order by the parallel-variance rule, in float64.
func batchStats(parts []float32, b, cb, rows, per int) (mean, m2 kernel.Vec) {
	var m, q [block]float64
	n := 0.0
	for i, r := 0, 0; r < rows; i, r = i+1, r+per {
		p := partOf(parts, i*cb+b)
		k := float64(min(per, rows-r))
		inv, weight, share := 1/k, n*k/(n+k), k/(n+k)
		for l := range block {
			s := float64(p[block+l])
			d := float64(p[l]) + s*inv - m[l]
			q[l] += float64(p[2*block+l]) - s*s*inv + d*d*weight
			m[l] += d * share
		}
		n += k
	}
	for l := range block {
		mean[l], m2[l] = float32(m[l]), float32(max(q[l], 0))
	}
	return mean, m2
}

// gradParts adds up the parts of a gradient's two sums for plane b.
func gradParts(parts []float32, b, cb, count int) (s1, s2 [block]float64) {
	for i := range count {
		p := partOf(parts, i*cb+b)
		for l := range block {
			s1[l] += float64(p[block+l])
			s2[l] += float64(p[2*block+l])
		}
	}
	return s1, s2
}
