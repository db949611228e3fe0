package evolution

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Vectors makes genomes of real vectors within bounds, which vary by simulated binary crossover and
// polynomial mutation, both in the form that keeps to the bounds:
//
//	K. Deb, R. B. Agrawal: Simulated binary crossover for continuous search space. Complex Systems
//	9, 1995.
//	K. Deb, M. Goyal: A combined genetic adaptive search (GeneAS) for engineering design. Computer
//	Science and Informatics 26, 1996.
type Vectors struct {
	// Low and High bound every variable; of the same length, finite, Low ≤ High.
	Low, High []float64
	// CrossIndex is η of crossover, the larger the nearer children are to their parents; 0 = 15.
	CrossIndex float64
	// MutateIndex is η of mutation; 0 = 20.
	MutateIndex float64
	// Rate is the probability that a variable mutates; 0 = the smaller of ½ and 1/len(Low).
	Rate float64
}

// check refuses bounds and numbers that make no sense.
func (x *Vectors) check() error {
	if len(x.Low) == 0 || len(x.Low) != len(x.High) {
		return fmt.Errorf("evolution: %d lower and %d upper bounds, expected as many of both, at least one",
			len(x.Low), len(x.High))
	}
	for i, low := range x.Low {
		if high := x.High[i]; !(low <= high && high-low <= math.MaxFloat64) {
			return fmt.Errorf("evolution: variable %d between %g and %g, expected finite bounds in order",
				i, low, high)
		}
	}
	if !(x.CrossIndex >= 0) || !(x.MutateIndex >= 0) || !(x.Rate >= 0 && x.Rate <= 1) ||
		math.IsInf(x.CrossIndex+x.MutateIndex, 0) {
		return fmt.Errorf("evolution: crossover index %g, mutation index %g, rate %g, expected finite numbers "+
			"of at least 0 and a rate of at most 1", x.CrossIndex, x.MutateIndex, x.Rate)
	}
	return nil
}

// draws refuses random numbers that are not there, and what check refuses.
func (x *Vectors) draws(r *rand.Rand) error {
	if r == nil {
		return errors.New("evolution: vectors without random numbers")
	}
	return x.check()
}

// varies is draws, and refuses vectors that are not of these.
func (x *Vectors) varies(r *rand.Rand, vectors ...[]float64) error {
	if err := x.draws(r); err != nil {
		return err
	}
	for _, g := range vectors {
		if err := x.fits(g); err != nil {
			return err
		}
	}
	return nil
}

// fits refuses a vector that is not one of these.
func (x Vectors) fits(g []float64) error {
	low, high := x.Low, x.High
	if len(g) != len(low) || len(g) != len(high) {
		return fmt.Errorf("evolution: vector of %d variables, expected %d", len(g), len(x.Low))
	}
	for i, v := range g {
		if !(v >= low[i] && v <= high[i]) {
			return fmt.Errorf("evolution: variable %d is %g, expected %g to %g", i, v, x.Low[i], x.High[i])
		}
	}
	return nil
}

// Random draws every variable uniformly.
func (x Vectors) Random(r *rand.Rand) ([]float64, error) {
	if err := x.draws(r); err != nil {
		return nil, err
	}
	g := make([]float64, len(x.Low))
	for i := range g {
		g[i] = x.clip(i, x.Low[i]+float64(r.Float64()*(x.High[i]-x.Low[i])))
	}
	return g, nil
}

func (x *Vectors) clip(i int, v float64) float64 { return min(max(v, x.Low[i]), x.High[i]) }

// Mutate is polynomial mutation.
func (x Vectors) Mutate(g []float64, r *rand.Rand) ([]float64, error) {
	if err := x.varies(r, g); err != nil {
		return nil, err
	}
	return x.alter(slices.Clone(g), r)
}

// alter mutates in place.
func (x Vectors) alter(out []float64, r *rand.Rand) ([]float64, error) {
	if err := x.varies(r, out); err != nil {
		return nil, err
	}
	index, rate := exponentOf(cmp.Or(x.MutateIndex, 20)+1), cmp.Or(x.Rate, min(0.5, 1/float64(len(out))))
	skip := 0.0
	if rate < 1 {
		skip = 1 / math.Log1p(-rate)
	}
	// The gaps between variables that mutate are geometric: one draw for each of these, not one for
	// every variable.
	for i := gap(r, skip); i < len(out); i += 1 + gap(r, skip) {
		span := x.High[i] - x.Low[i]
		if span == 0 {
			continue
		}
		u := r.Float64()
		var step float64
		if u < 0.5 {
			far := 1 - (out[i]-x.Low[i])/span
			v := 2*u + float64((1-2*u)*index.power(far))
			step = index.root(v) - 1
		} else {
			far := 1 - (x.High[i]-out[i])/span
			v := 2*(1-u) + float64(2*(u-0.5)*index.power(far))
			step = 1 - index.root(v)
		}
		out[i] = x.clip(i, out[i]+float64(step*span))
	}
	return out, nil
}

// gap draws how many variables to pass over; skip is 1/log(1−rate), 0 for none.
func gap(r *rand.Rand, skip float64) int {
	if skip == 0 {
		return 0
	}
	const most = 1 << 30
	if n := math.Log(1-r.Float64()) * skip; n < most { // not when it is NaN
		return int(n)
	}
	return most
}

// Cross is simulated binary crossover: every variable takes part with probability ½.
func (x Vectors) Cross(a, b []float64, r *rand.Rand) (c, d []float64, err error) {
	if err := x.varies(r, a, b); err != nil {
		return nil, nil, err
	}
	n := len(a)
	both := make([]float64, 2*n)
	c, d = both[:n:n], both[n:]
	copy(c, a)
	copy(d, b)
	index := exponentOf(cmp.Or(x.CrossIndex, 15) + 1)
	for from := 0; from < n; from += 64 {
		take, turn := r.Uint64(), r.Uint64()
		if n-from < 64 {
			take &= 1<<(n-from) - 1
		}
		for ; take != 0; take &= take - 1 {
			k := bits.TrailingZeros64(take)
			i := from + k
			low, high := min(a[i], b[i]), max(a[i], b[i])
			gap := high - low
			if gap <= 1e-14*(x.High[i]-x.Low[i]) {
				continue
			}
			u := r.Float64()
			p := 0.5 * (low + high - spread(u, 1+2*(low-x.Low[i])/gap, &index)*gap)
			q := 0.5 * (low + high + spread(u, 1+2*(x.High[i]-high)/gap, &index)*gap)
			if turn>>k&1 == 1 {
				p, q = q, p
			}
			c[i], d[i] = x.clip(i, p), x.clip(i, q)
		}
	}
	return c, d, nil
}

// spread is β of crossover: how far apart children are, in distances of their parents, when no
// child may lie further out than β = beta allows. n is η + 1.
func spread(u, beta float64, n *exponent) float64 {
	alpha := 2 - 1/n.power(beta)
	if u *= alpha; u <= 1 {
		return n.root(u)
	}
	return n.root(1 / (2 - u))
}

// exponent is a power that many numbers are raised to.
type exponent struct {
	n     float64
	whole int // n where multiplications suffice, else 0
	roots int // of how many square roots the n-th is; −1 = of none
}

// exponentOf prepares n: small whole numbers take multiplications, and powers of two, such as that
// of the usual index of crossover, square roots.
func exponentOf(n float64) exponent {
	e := exponent{n: n, roots: -1}
	k := uint(min(n, 128))
	if float64(k) == n {
		e.whole = int(k)
		if bits.OnesCount(k) == 1 {
			e.roots = bits.TrailingZeros(k)
		}
	}
	return e
}

// power is x to the n.
func (e *exponent) power(x float64) float64 {
	if e.whole == 0 {
		return math.Pow(x, e.n)
	}
	y := 1.0
	for k := e.whole; k > 0; k >>= 1 {
		if k&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}

// root is the n-th root of x.
func (e *exponent) root(x float64) float64 {
	if e.roots < 0 {
		return math.Pow(x, 1/e.n)
	}
	for range e.roots {
		x = math.Sqrt(x)
	}
	return x
}

// Key is the bytes of the numbers; −0 is 0.
func (x Vectors) Key(g []float64) string { return string(x.appendKey(make([]byte, 0, 256), g)) }

func (x Vectors) appendKey(to []byte, g []float64) []byte {
	for _, v := range g {
		to = binary.LittleEndian.AppendUint64(to, math.Float64bits(v+0))
	}
	return to
}

// Encode is the place of every variable between its bounds, from −1 to 1.
func (x Vectors) Encode(g []float64) []float64 {
	out := make([]float64, len(g))
	for i, v := range g {
		if i < len(x.Low) && i < len(x.High) && x.High[i] > x.Low[i] {
			out[i] = 2*(v-x.Low[i])/(x.High[i]-x.Low[i]) - 1
		}
	}
	return out
}
