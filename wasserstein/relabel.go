package wasserstein

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/stream"
)

// RelabelOptions tune Relabellings. The zero value, or nil, is the default.
type RelabelOptions struct {
	// Times is the number of relabellings, 1 to 1000; 0 = 8 (ours). Each holds 8·dim² bytes.
	Times int
	// Seed decides which images are chosen.
	Seed uint64
}

// maxTimes bounds RelabelOptions.Times.
const maxTimes = 1000

// Relabellings measure how far growing data seem to be from their past by chance alone. Moments of
// few vectors are noisy, and the squared distance between noisy moments is above zero even where
// the distributions are equal. Relabellings choose, several times over, n_{t−1} of the n_t images
// of D_t at random and measure the distance from the chosen ones to all, nested as D_{t−1} ⊂ D_t
// is. Where old and new images are alike, the distance of D_t from D_{t−1} is one more such number:
// less the mean of the others it is zero on average, exactly. See Good, "Permutation, Parametric
// and Bootstrap Tests of Hypotheses", 2005. Where they differ, chance is that of the mixture of
// both, and the rest slightly too small.
//
// The images pass once, in the order of the data set, in batches of any size. Whether a relabelling
// chooses an image is drawn from a stream of its own (seed, relabelling, image) with the odds that
// leave every set of n_{t−1} images equally likely (selection sampling, algorithm S of Knuth, "The
// Art of Computer Programming", volume 2, section 3.4.2). Results have the same bits for any
// batches and any GOMAXPROCS.
//
// Memory: (Times + 1)·8·dim² bytes and a little more. Time: only the smaller side of a relabelling
// is gathered, since the other is what is left of all: n_t + Times·min(n_{t−1}, n_t − n_{t−1})
// vectors are added to moments, and each relabelling costs one distance at the end. Not safe for
// concurrent use while it changes. A pass that was interrupted begins again.
type Relabellings struct {
	images, chosen int
	seed           uint64
	seen           int
	whole          *gather
	picks          []*gather // the smaller side of each relabelling
	source         *rand.PCG // seeded anew for every draw
	random         *rand.Rand
}

// NewRelabellings begins a pass over the embeddings of all images of D_t, of which each relabelling
// chooses as many as reference, the moments of D_{t−1}, has seen; dimension and version are the
// reference's too. The error wraps ErrEmpty for an empty reference, ErrCount for one that has seen
// more than images, ErrValue for options out of range.
func NewRelabellings(reference *Moments, images int, o *RelabelOptions) (*Relabellings, error) {
	if reference == nil || reference.count == 0 {
		return nil, fmt.Errorf("relabel: reference: %w", ErrEmpty)
	}
	return newRelabellings(reference.dim, reference.version, images, reference.count, o)
}

func newRelabellings(dim int, version string, images, chosen int, o *RelabelOptions) (*Relabellings,
	error) {
	if o == nil {
		o = &RelabelOptions{}
	}
	times := o.Times
	if times == 0 {
		times = 8
	}
	if times < 0 || times > maxTimes {
		return nil, fmt.Errorf("relabel: %w: %d times, expected 1 to %d, or 0 for 8", ErrValue, times, maxTimes)
	}
	if images < chosen {
		return nil, fmt.Errorf("relabel: %w: %d images, expected at least the reference's %d", ErrCount,
			images, chosen)
	}
	r := &Relabellings{images: images, chosen: chosen, seed: o.Seed, picks: make([]*gather, times),
		source: rand.NewPCG(0, 0)}
	r.random = rand.New(r.source)
	var err error
	if r.whole, err = newGather(dim, version); err != nil {
		return nil, fmt.Errorf("relabel: %w", err)
	}
	for i := range r.picks {
		if r.picks[i], err = newGather(dim, version); err != nil {
			return nil, fmt.Errorf("relabel: %w", err)
		}
	}
	return r, nil
}

// Add takes the next batch of n images' features: a tensor of shape [n, dim], float32 or float64.
// When it is refused (ErrDim, ErrValue, or ErrCount for more images than were announced) nothing
// has changed.
func (r *Relabellings) Add(batch *tensor.Dense) error {
	src, err := denseRows(batch)
	if err == nil {
		err = r.add(src)
	}
	if err != nil {
		return fmt.Errorf("add to relabellings: %w", err)
	}
	return nil
}

var errNotRelabel = fmt.Errorf("%w: relabellings are made by NewRelabellings", ErrDim)

func (r *Relabellings) add(src rows) error {
	if r.whole == nil {
		return errNotRelabel
	}
	if err := src.checkFor(r.whole.moments.dim); err != nil {
		return err
	}
	if src.n > r.images-r.seen {
		return fmt.Errorf("%w: %d images after %d, expected %d in all", ErrCount, src.n, r.seen, r.images)
	}
	x := make([]float64, src.q)
	for i := range src.n {
		src.load(x, i)
		if err := r.take(x); err != nil {
			return err
		}
	}
	if r.seen < r.images {
		return nil
	}
	return flush(append(slices.Clone(r.picks), r.whole))
}

// take hands the next image to all and to those relabellings that pick it.
func (r *Relabellings) take(x []float64) error {
	if err := r.whole.take(x); err != nil {
		return err
	}
	for i, g := range r.picks {
		r.source.Seed(stream.Key(r.seed, "wasserstein.relabelling", uint64(i), uint64(r.seen)))
		if wanted := r.smaller() - g.count(); r.random.IntN(r.images-r.seen) >= wanted {
			continue
		}
		if err := g.take(x); err != nil {
			return err
		}
	}
	r.seen++
	return nil
}

// smaller is the number of images on the smaller side of a relabelling.
func (r *Relabellings) smaller() int { return min(r.chosen, r.images-r.chosen) }

// side is the moments of the images that relabelling i has chosen, or of the others.
func (r *Relabellings) side(i int, chosen bool) *Moments {
	picked := r.picks[i].moments
	if chosen == (r.chosen == r.smaller()) {
		return picked
	}
	return r.whole.moments.without(picked)
}

// Distances are the distances from the chosen images of each relabelling to all images, in order of
// the relabellings, as measure (nil = Squared) gives them. measure must not keep or change what it
// is called with. The error wraps ErrCount before all images have passed.
func (r *Relabellings) Distances(measure Measure) ([]float64, error) {
	return r.each(func(i int) (float64, error) { return measure.of(r.whole.moments, r.side(i, true)) })
}

// apart is Distances from the chosen images to the others.
func (r *Relabellings) apart(measure Measure) ([]float64, error) {
	return r.each(func(i int) (float64, error) { return measure.of(r.side(i, false), r.side(i, true)) })
}

func (r *Relabellings) each(distance func(i int) (float64, error)) ([]float64, error) {
	if r.seen < r.images {
		return nil, fmt.Errorf("relabellings: %w: %d images so far, expected %d", ErrCount, r.seen, r.images)
	}
	d := make([]float64, len(r.picks))
	for i := range d {
		var err error
		if d[i], err = distance(i); err != nil {
			return nil, fmt.Errorf("relabelling %d: %w", i, err)
		}
	}
	return d, nil
}

// fits refuses relabellings of other data than those that a distance is asked for.
func (r *Relabellings) fits(now, reference *Moments) error {
	if r.whole == nil {
		return errNotRelabel
	}
	all := r.whole.moments
	if err := checkVersions(all.version, now.version); err != nil {
		return fmt.Errorf("relabellings: %w", err)
	}
	if all.dim != now.dim {
		return fmt.Errorf("relabellings: %w: %d dimensions, expected %d", ErrDim, all.dim, now.dim)
	}
	if r.images != now.count || r.chosen != reference.count {
		return fmt.Errorf("relabellings: %w: %d of %d images, expected %d of %d", ErrCount, r.chosen, r.images,
			reference.count, now.count)
	}
	return nil
}
