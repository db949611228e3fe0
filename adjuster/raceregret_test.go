package adjuster

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// On ten candidates whose true accuracies are known, the winner is as good as the winner of
// everything, at little more than half of the images.
func TestRegretOfARace(t *testing.T) {
	const images, trials = 2000, 150
	all := archs(t, 10)
	var raced, judged, used float64
	for trial := range uint64(trials) {
		random := stream.New(1, "test.regret", trial)
		x, truth := correlated(random, all, images)
		r := x.run(t, race{first: 5, errors: 2, keep: 1, value: Accuracy.Value})
		whole := x.run(t, race{first: 5, errors: math.Inf(1), keep: 1, value: Accuracy.Value})
		top := slices.Max(truth)
		raced += (top - truth[slices.Index(all, winner(r))]) / trials
		judged += (top - truth[slices.Index(all, winner(whole))]) / trials
		for _, c := range r.runners {
			used += float64(len(c.seen)*100) / (images * trials * float64(len(all)))
		}
	}
	if raced > 0.003 || raced > judged+0.0005 || used > 0.6 {
		t.Errorf("regret %.5f on %.2f of the images, judging everything gives %.5f", raced, used, judged)
	}
}

func winner(r *race) searchspace.Arch {
	return r.ranking(func(c *runner, m, _ searchspace.Measurement) float64 { return m.Accuracy - c.charge }).all[0].Arch
}

// correlated are architectures of true accuracies around 0.6 that mostly fail on the same images.
func correlated(random *rand.Rand, all []searchspace.Arch, images int) (*tables, []float64) {
	x := &tables{blocks: blocks{100, images}, of: map[searchspace.Arch][]searchspace.Measurement{}}
	truth := make([]float64, len(all))
	right := make([][]int, len(all))
	for i, a := range all {
		truth[i] = 0.6 + 0.02*random.NormFloat64()
		right[i] = make([]int, x.count())
		x.runners = append(x.runners, runner{arch: a, cost: 1, competes: true})
	}
	for k := range images {
		shared := random.Float64()
		for i := range all {
			difficulty := shared
			if random.Float64() < 0.2 {
				difficulty = random.Float64()
			}
			if difficulty < truth[i] {
				right[i][k/100]++
			}
		}
	}
	for i, a := range all {
		for _, k := range right[i] {
			x.of[a] = append(x.of[a], block(a, k, 100, 0))
		}
	}
	return x, truth
}

// Equal candidates: the cheaper wins, whatever the order.
func TestRaceOfEquals(t *testing.T) {
	all := archs(t, 3)
	for _, costs := range [][]float64{{1, 2, 3}, {3, 1, 2}, {2, 3, 1}} {
		x := &tables{blocks: blocks{10, 95}, of: map[searchspace.Arch][]searchspace.Measurement{}}
		for i, a := range all {
			x.runners = append(x.runners, runner{arch: a, cost: costs[i], competes: true})
			for b := range x.count() {
				from, to := x.bounds(b)
				x.of[a] = append(x.of[a], block(a, (b*3)%(to-from), to-from, 1))
			}
		}
		r := x.run(t, race{first: 2, errors: 2, keep: 1, value: Accuracy.Value})
		if got := x.runners[slices.Index(all, winner(r))].cost; got != 1 {
			t.Errorf("costs %v: the one of %v wins", costs, got)
		}
	}
}
