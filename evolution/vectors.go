package evolution

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
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
		if high := x.High[i]; !(low <= high) || math.IsInf(high-low, 0) {
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

// fits refuses a vector that is not one of these.
func (x *Vectors) fits(g []float64) error {
	if len(g) != len(x.Low) {
		return fmt.Errorf("evolution: vector of %d variables, expected %d", len(g), len(x.Low))
	}
	for i, v := range g {
		if !(v >= x.Low[i] && v <= x.High[i]) {
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
	if err := x.draws(r); err != nil {
		return nil, err
	}
	if err := x.fits(g); err != nil {
		return nil, err
	}
	eta, rate := cmp.Or(x.MutateIndex, 20), cmp.Or(x.Rate, min(0.5, 1/float64(len(g))))
	out := make([]float64, len(g))
	copy(out, g)
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
			v := 2*u + float64((1-2*u)*power(far, eta+1))
			step = root(v, eta+1) - 1
		} else {
			far := 1 - (x.High[i]-out[i])/span
			v := 2*(1-u) + float64(2*(u-0.5)*power(far, eta+1))
			step = 1 - root(v, eta+1)
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
	return int(min(math.Log(1-r.Float64())*skip, 1<<30))
}

// Cross is simulated binary crossover: every variable takes part with probability ½.
func (x Vectors) Cross(a, b []float64, r *rand.Rand) (c, d []float64, err error) {
	if err := x.draws(r); err != nil {
		return nil, nil, err
	}
	if err := x.fits(a); err != nil {
		return nil, nil, err
	}
	if err := x.fits(b); err != nil {
		return nil, nil, err
	}
	n := len(a)
	c, d = make([]float64, n), make([]float64, n)
	copy(c, a)
	copy(d, b)
	eta := cmp.Or(x.CrossIndex, 15)
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
			if gap <= 1e-14 {
				continue
			}
			u := r.Float64()
			p := 0.5 * (low + high - spread(u, 1+2*(low-x.Low[i])/gap, eta)*gap)
			q := 0.5 * (low + high + spread(u, 1+2*(x.High[i]-high)/gap, eta)*gap)
			if turn>>k&1 == 1 {
				p, q = q, p
			}
			c[i], d[i] = x.clip(i, p), x.clip(i, q)
		}
	}
	return c, d, nil
}

// spread is β of crossover: how far apart children are, in distances of their parents, when no
// child may lie further out than β = beta allows.
func spread(u, beta, eta float64) float64 {
	alpha := 2 - 1/power(beta, eta+1)
	if u *= alpha; u <= 1 {
		return root(u, eta+1)
	}
	return root(1/(2-u), eta+1)
}

// power is x to the n, by multiplications where n is a small whole number.
func power(x, n float64) float64 {
	k := int(min(n, 128))
	if float64(k) != n {
		return math.Pow(x, n)
	}
	y := 1.0
	for ; k > 0; k >>= 1 {
		if k&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}

// root is the n-th root of x, by square roots where n is a small power of two, as it is for the
// usual index of crossover.
func root(x, n float64) float64 {
	k := int(min(n, 128))
	if float64(k) != n || k&(k-1) != 0 {
		return math.Pow(x, 1/n)
	}
	for ; k > 1; k >>= 1 {
		x = math.Sqrt(x)
	}
	return x
}

// Key is the bytes of the numbers; −0 is 0.
func (x Vectors) Key(g []float64) string {
	b := make([]byte, 0, 256)
	for _, v := range g {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v+0))
	}
	return string(b)
}

// Encode is the place of every variable between its bounds, from −1 to 1.
func (x Vectors) Encode(g []float64) []float64 {
	out := make([]float64, len(g))
	for i, v := range g {
		if i < len(x.Low) && x.High[i] > x.Low[i] {
			out[i] = 2*(v-x.Low[i])/(x.High[i]-x.Low[i]) - 1
		}
	}
	return out
}
