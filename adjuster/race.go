package adjuster

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// race judges architectures on the same blocks of images, round by round, and drops those that fall
// behind. It measures nothing itself: next says what to measure, add takes the measurement. It is
// also the strategy that a search loop asks, one block of one architecture a step.
type race struct {
	blocks
	order  []int                                 // of the blocks; nil = as they lie
	first  int                                   // blocks of the first round; later ones end at twice as many
	errors float64                               // standard errors behind the leader
	keep   int                                   // the race is over when no more than these are left
	value  func(searchspace.Measurement) float64 // V

	runners []*runner
	rounds  int       // that are over
	lap     []*runner // judged in the round under way; nil when the race is over
	at      int       // in lap
	end     int       // blocks that everybody in lap has seen at the end of the round
}

// runner is one architecture of a race.
type runner struct {
	arch     searchspace.Arch
	cost     float64                   // of equal runners the cheaper leads
	charge   float64                   // of the cost, in the reward
	competes bool                      // may win
	guest    bool                      // sees every block, in the race or not: others are compared with it
	seen     []searchspace.Measurement // of each block so far
	dropped  int                       // the round that it was dropped after; 0 = it was not
	behind   float64                   // the leader, when last compared
	se       float64                   // of behind
}

// start begins the first round.
func (r *race) start() { r.begin(r.first) }

// begin starts a round that ends with a number of blocks.
func (r *race) begin(end int) {
	r.at, r.end = 0, min(end, r.count())
	r.lap = nil
	for _, c := range r.runners {
		if c.guest || c.running() {
			r.lap = append(r.lap, c)
		}
	}
}

func (c *runner) running() bool { return c.competes && c.dropped == 0 }

// next is the runner to be judged next, and its images; nil when the race is over.
func (r *race) next() (c *runner, from, to int) {
	if r.at == len(r.lap) {
		return nil, 0, 0
	}
	c = r.lap[r.at]
	block := len(c.seen)
	if r.order != nil {
		block = r.order[block]
	}
	from, to = r.bounds(block)
	return c, from, to
}

// add takes the measurement that next asked for.
func (r *race) add(m searchspace.Measurement) {
	c := r.lap[r.at]
	c.seen = append(c.seen, m)
	if len(c.seen) < r.end {
		return
	}
	if r.at++; r.at == len(r.lap) {
		r.settle()
	}
}

// settle ends a round.
func (r *race) settle() {
	r.rounds++
	leader := r.leader()
	left := 0
	for _, c := range r.runners {
		if !c.running() {
			continue
		}
		c.behind, c.se = 0, 0
		if c != leader {
			c.behind = r.worth(leader) - r.worth(c)
			c.se = standardError(leader.seen, c.seen, r.value)
		}
		if c.behind > r.errors*c.se { // false for ∞·0: nobody is dropped then
			c.dropped = r.rounds
		} else {
			left++
		}
	}
	r.lap, r.at = nil, 0
	if left > r.keep && r.end < r.count() {
		r.begin(2 * r.end)
	}
}

// leader is the best of those that were not dropped, of equal ones the cheapest.
func (r *race) leader() *runner {
	var best *runner
	for _, c := range r.runners {
		if c.running() && (best == nil || cmp.Or(cmp.Compare(r.worth(c), r.worth(best)),
			cmp.Compare(best.cost, c.cost)) > 0) {
			best = c
		}
	}
	return best
}

// worth is the reward but for what is the same for all.
func (r *race) worth(c *runner) float64 { return r.value(combined(c.seen)) - c.charge }

// check refuses a measurement that is not what next asks for.
func (r *race) check(m searchspace.Measurement) error {
	c, from, to := r.next()
	if c == nil || m.Arch != c.arch {
		return fmt.Errorf("images of architecture %v, which is not to be judged now", m.Arch)
	}
	if m.Samples != to-from || m.Correct < 0 || m.Unknown < 0 || m.Correct+m.Unknown > m.Samples {
		return fmt.Errorf("%d right and %d unknown of %d images, expected some of %d", m.Correct, m.Unknown,
			m.Samples, to-from)
	}
	if share := float64(m.Correct) / float64(m.Samples); math.Abs(m.Accuracy-share) > 1e-6 {
		return fmt.Errorf("accuracy is %v, expected %d of %d", m.Accuracy, m.Correct, m.Samples)
	}
	if len(c.seen) > 0 {
		if was, is := search.StampOf(c.seen[0]), search.StampOf(m); was != is {
			return fmt.Errorf("%w: measured with %v, now %v", search.ErrStale, was, is)
		}
	}
	return nil
}

// Ask proposes what next says.
func (r *race) Ask(context.Context, int) ([]searchspace.Arch, error) {
	c, _, _ := r.next()
	if c == nil {
		return nil, nil
	}
	return []searchspace.Arch{c.arch}, nil
}

// Tell adds the measurement.
func (r *race) Tell(_ context.Context, _ int, results []search.Result) ([]struct{}, error) {
	m := results[0].Measurement
	if err := r.check(m); err != nil {
		return nil, err
	}
	r.add(m)
	return make([]struct{}, 1), nil
}

var _ search.Strategy[struct{}] = (*race)(nil)

// better puts first who stayed in a race longer, then the higher reward, then the lower cost.
func better(x, y Candidate) int {
	stayed := func(c Candidate) int {
		if c.Dropped == 0 {
			return math.MaxInt
		}
		return c.Dropped
	}
	return cmp.Or(cmp.Compare(stayed(y), stayed(x)), cmp.Compare(y.Reward, x.Reward),
		cmp.Compare(x.Cost, y.Cost))
}

// ranking is how a race ended.
type ranking struct {
	all   []Candidate // that competed, in the order of better
	guest Candidate   // zero when there was none
}

// ranking of a race that is over. reward is given a runner with its measurement, and that of the
// guest on the same images.
func (r *race) ranking(reward func(c *runner, m, guest searchspace.Measurement) float64) (out ranking) {
	var guest *runner
	for _, c := range r.runners {
		if c.guest {
			guest = c
		}
	}
	for _, c := range r.runners {
		m := combined(c.seen)
		var beside searchspace.Measurement
		if guest != nil {
			beside = combined(guest.seen[:len(c.seen)])
		}
		candidate := Candidate{Arch: c.arch, Measurement: m, Cost: c.cost, Reward: reward(c, m, beside),
			Behind: c.behind, StandardError: c.se, Dropped: c.dropped}
		if c.competes {
			out.all = append(out.all, candidate)
		}
		if c.guest {
			out.guest = candidate
		}
	}
	slices.SortStableFunc(out.all, better)
	return out
}
