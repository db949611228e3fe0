package pruning

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/rank"
	"github.com/tendril-nas/tendril/internal/stream"
)

// Agreement is the rank correlation of two orders of classes.
type Agreement struct {
	A       string `json:"a,omitempty"` // names of models
	B       string `json:"b,omitempty"`
	Classes int    `json:"classes"` // that both have
	// Rank correlations, each with a percentile interval of the bootstrap.
	Spearman      float64    `json:"spearman"`
	SpearmanRange [2]float64 `json:"spearman_range"`
	Kendall       float64    `json:"kendall"`
	KendallRange  [2]float64 `json:"kendall_range"`
	// P is how often a random order agrees, or disagrees, as much by Spearman: (1 + such orders)/(1
	// + all that were drawn).
	P float64 `json:"p"`
}

// AgreementOptions sets up Agree and Correlate. The zero value of a field is its default.
type AgreementOptions struct {
	// OverClasses resamples classes: the interval is then that of other classes like these. Default
	// for Agree: the images of every class, for other images of the same classes. Resampled images
	// are noisier than images, which puts the interval lower.
	OverClasses bool
	Resamples   int     // of the bootstrap, and random orders; 0 = 1000
	Level       float64 // of the intervals; 0 = 0.95
	Seed        uint64
}

const (
	forBootstrap   = "pruning.bootstrap"
	forPermutation = "pruning.permutation"
)

func (o *AgreementOptions) clean() (AgreementOptions, error) {
	var c AgreementOptions
	if o != nil {
		c = *o
	}
	c.Resamples, c.Level = cmp.Or(c.Resamples, 1000), cmp.Or(c.Level, 0.95)
	if c.Resamples < 1 || c.Resamples > 1<<24 || !(c.Level > 0 && c.Level < 1) {
		return c, fmt.Errorf("%d resamples at level %v, expected at least 1, between 0 and 1", c.Resamples,
			c.Level)
	}
	return c, nil
}

// Agree correlates how easy two models find classes, by mean entropies of the same images. Classes
// without images have no part; the error says so where fewer than three are left, or all are alike.
func Agree(a, b *Answers, o *AgreementOptions) (*Agreement, error) {
	c, err := o.clean()
	if err == nil {
		err = alike([]*Answers{a, b})
	}
	if err != nil {
		return nil, fmt.Errorf("pruning: agreement: %w", err)
	}
	index := slices.DeleteFunc(a.byClass(), func(images []int) bool { return len(images) == 0 })
	x, y := a.entropies(index), b.entropies(index)
	resample := func(r *rand.Rand) ([]float64, []float64) {
		drawn := make([][]int, len(index))
		for c, images := range index {
			for range images {
				drawn[c] = append(drawn[c], images[r.IntN(len(images))])
			}
		}
		return a.entropies(drawn), b.entropies(drawn)
	}
	if c.OverClasses {
		resample = pairsOf(x, y)
	}
	out, err := agree(x, y, c, resample)
	if err != nil {
		return nil, fmt.Errorf("pruning: agreement of %s and %s: %w", a.Model, b.Model, err)
	}
	out.A, out.B = a.Model, b.Model
	return out, nil
}

// Correlate correlates two numbers of every class, of easiness and of when it is learnt say, and
// resamples classes. Classes with NaN have no part.
func Correlate(x, y []float64, o *AgreementOptions) (*Agreement, error) {
	c, err := o.clean()
	if err == nil && len(x) != len(y) {
		err = fmt.Errorf("%d and %d classes, expected equally many", len(x), len(y))
	}
	if err != nil {
		return nil, fmt.Errorf("pruning: correlation: %w", err)
	}
	var xs, ys []float64
	for i := range x {
		if !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			xs, ys = append(xs, x[i]), append(ys, y[i])
		}
	}
	out, err := agree(xs, ys, c, pairsOf(xs, ys))
	if err != nil {
		return nil, fmt.Errorf("pruning: correlation: %w", err)
	}
	return out, nil
}

// pairsOf resamples places of two lists.
func pairsOf(x, y []float64) func(r *rand.Rand) ([]float64, []float64) {
	return func(r *rand.Rand) (xs, ys []float64) {
		for range x {
			i := r.IntN(len(x))
			xs, ys = append(xs, x[i]), append(ys, y[i])
		}
		return xs, ys
	}
}

// agree is the correlations of x and y.
func agree(x, y []float64, o AgreementOptions,
	resample func(r *rand.Rand) ([]float64, []float64)) (*Agreement, error) {
	out := &Agreement{Classes: len(x), Spearman: rank.Spearman(x, y), Kendall: rank.Kendall(x, y)}
	if len(x) < 3 || !finite(out.Spearman) || !finite(out.Kendall) {
		return nil, fmt.Errorf("%d classes, expected at least 3 that are not all alike", len(x))
	}
	var rhos, taus []float64
	random := rand.NewPCG(0, 0)
	r := rand.New(random)
	for i := range o.Resamples {
		random.Seed(stream.Key(o.Seed, forBootstrap, uint64(i)))
		xs, ys := resample(r)
		if rho, tau := rank.Spearman(xs, ys), rank.Kendall(xs, ys); finite(rho) && finite(tau) {
			rhos, taus = append(rhos, rho), append(taus, tau)
		}
	}
	out.SpearmanRange, out.KendallRange = interval(rhos, o.Level), interval(taus, o.Level)
	as := 0
	shuffled := slices.Clone(y)
	for i := range o.Resamples {
		random.Seed(stream.Key(o.Seed, forPermutation, uint64(i)))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if math.Abs(rank.Spearman(x, shuffled)) >= math.Abs(out.Spearman)-1e-12 {
			as++
		}
	}
	out.P = float64(1+as) / float64(1+o.Resamples)
	return out, nil
}

// interval is the middle part of values, as large as level; both ends 0 of nothing.
func interval(values []float64, level float64) [2]float64 {
	if len(values) == 0 {
		return [2]float64{}
	}
	slices.Sort(values)
	at := func(q float64) float64 { // between neighbours
		k := q * float64(len(values)-1)
		low := int(k)
		high := min(low+1, len(values)-1)
		return values[low] + (k-float64(low))*(values[high]-values[low])
	}
	return [2]float64{at((1 - level) / 2), at((1 + level) / 2)}
}
