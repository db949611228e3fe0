package searchspace

import (
	"fmt"
	"math"
	"slices"
)

// Resolution says whether a LatencyTable can tell architectures apart: how far their predicted
// times differ, and how far measuring may have moved those differences.
type Resolution struct {
	Pairs      int     // pairs of architectures compared, those of equal layers left out
	Difference float64 // median distance of the two times of a pair, seconds
	Spread     float64 // median spread of these distances, seconds; see LatencyTable.Difference
	Within     float64 // share of the pairs whose distance is not larger than its spread, 0 to 1
}

// Drowned reports whether the spread drowns the differences: most pairs are not told apart. A
// program that searches by such a table should warn; to measure more often or on an idle machine
// helps. That most pairs decide is our choice, Within allows others.
func (r Resolution) Drowned() bool { return r.Within > 0.5 }

// String is the resolution in one line.
func (r Resolution) String() string {
	return fmt.Sprintf(
		"%d pairs: %.3g ms apart with a spread of %.3g ms (medians), %.0f %% within their spread",
		r.Pairs, 1e3*r.Difference, 1e3*r.Spread, 100*r.Within)
}

// Resolution compares all pairs of some architectures of a space, for example a sample of it or the
// candidates of a search. The error wraps ErrNoLatency where the table lacks layers and ErrInvalid
// where an architecture is not of the space.
func (t *LatencyTable) Resolution(space *Space, archs []Arch) (Resolution, error) {
	if len(archs) < 2 {
		return Resolution{}, fmt.Errorf("searchspace: resolution over %d architectures, expected at least 2",
			len(archs))
	}
	if space == nil {
		return Resolution{}, errNoSpace
	}
	uses := make([]layerUse, len(archs))
	for i, a := range archs {
		g, err := space.Lower(a)
		if err != nil {
			return Resolution{}, err
		}
		if uses[i], err = t.use(g); err != nil {
			return Resolution{}, err
		}
	}
	var r Resolution
	var differences, spreads []float64
	within := 0
	for i, a := range uses {
		for _, b := range uses[:i] {
			if slices.Equal(a, b) {
				continue
			}
			d, s := t.difference(a, b)
			d = math.Abs(d)
			if d <= s {
				within++
			}
			differences, spreads = append(differences, d), append(spreads, s)
		}
	}
	if r.Pairs = len(differences); r.Pairs > 0 {
		r.Difference, r.Spread = median(differences), median(spreads)
		r.Within = float64(within) / float64(r.Pairs)
	}
	return r, nil
}

// Difference is how many seconds longer b takes than a, and the spread of that number: layers that
// both have alike cancel, the spreads of the others, times how often one network has them more, add
// up in quadrature. A difference within its spread says little about which network is faster. The
// error wraps ErrNoLatency where the table lacks layers.
func (t *LatencyTable) Difference(a, b *Graph) (seconds, spread float64, err error) {
	if a == nil || b == nil {
		return 0, 0, errNoGraph
	}
	ua, err := t.use(a)
	if err != nil {
		return 0, 0, err
	}
	ub, err := t.use(b)
	if err != nil {
		return 0, 0, err
	}
	seconds, spread = t.difference(ua, ub)
	return seconds, spread, nil
}

// layerUse is how often a network has the layer of each of a table's entries.
type layerUse []int

func (t *LatencyTable) use(g *Graph) (layerUse, error) {
	out := make(layerUse, len(t.Entries))
	for _, l := range g.Latencies() {
		i := t.find(l)
		if i < 0 {
			return nil, lacks(t.Missing(g))
		}
		out[i]++
	}
	return out, nil
}

func (t *LatencyTable) difference(a, b layerUse) (seconds, spread float64) {
	for i := range t.Entries {
		if more := float64(b[i] - a[i]); more != 0 {
			e := &t.Entries[i]
			seconds += more * e.Seconds
			spread = math.Hypot(spread, more*e.Spread)
		}
	}
	return seconds, spread
}

// median is the middle of xs, which it sorts.
func median(xs []float64) float64 {
	slices.Sort(xs)
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}
