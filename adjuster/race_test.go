package adjuster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// tables are what every runner would be measured at, block by block.
type tables struct {
	blocks
	runners []runner // arch, cost, charge, competes and guest
	of      map[searchspace.Arch][]searchspace.Measurement
}

// archs are n architectures that no space knows.
func archs(t testing.TB, n int) []searchspace.Arch {
	t.Helper()
	out := make([]searchspace.Arch, n)
	for i := range out {
		if err := out[i].UnmarshalText(fmt.Appendf(nil, "%04x", i)); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func block(a searchspace.Arch, correct, images int, loss float64) searchspace.Measurement {
	return searchspace.Measurement{Arch: a, Accuracy: float64(correct) / float64(images), Loss: loss, Correct: correct,
		Samples: images}
}

// run takes a race to its end and counts what was judged of each runner.
func (x *tables) run(t interface{ Fatalf(string, ...any) }, r race) *race {
	r.blocks = x.blocks
	for i := range x.runners {
		c := x.runners[i]
		r.runners = append(r.runners, &c)
	}
	r.start()
	for {
		c, from, to := r.next()
		if c == nil {
			return &r
		}
		b := len(c.seen)
		if r.order != nil {
			b = r.order[b]
		}
		if wantFrom, wantTo := b*x.size, min((b+1)*x.size, x.images); from != wantFrom || to != wantTo {
			t.Fatalf("block %d is of images %d to %d, expected %d to %d", b, from, to, wantFrom, wantTo)
		}
		m := x.of[c.arch][b]
		if err := r.check(m); err != nil {
			t.Fatalf("block %d: %v", b, err)
		}
		r.add(m)
	}
}

// drawTables draws anything that a race may meet.
func drawTables(t *rapid.T, all []searchspace.Arch) *tables {
	x := &tables{of: map[searchspace.Arch][]searchspace.Measurement{}}
	x.size = rapid.IntRange(1, 30).Draw(t, "block")
	x.images = rapid.IntRange(1, 600).Draw(t, "images")
	n := rapid.IntRange(1, 7).Draw(t, "runners")
	guest := rapid.IntRange(-1, n-1).Draw(t, "guest")
	outside := n > 1 && rapid.Bool().Draw(t, "outside the race")
	for i := range n {
		a := all[i]
		x.runners = append(x.runners, runner{arch: a, guest: i == guest, competes: !(i == guest && outside),
			cost:   float64(rapid.IntRange(1, 3).Draw(t, "cost")),
			charge: float64(rapid.IntRange(-1, 1).Draw(t, "charge")) / 50})
		low := rapid.IntRange(0, 8).Draw(t, "low")
		for b := range x.count() {
			from, to := x.bounds(b)
			right := min(to-from, rapid.IntRange(low*(to-from)/10, to-from).Draw(t, "right"))
			x.of[a] = append(x.of[a], block(a, right, to-from, rapid.Float64Range(0, 3).Draw(t, "loss")))
		}
	}
	return x
}

// A race does what its description says, told once more from the tables: the same blocks are
// judged, none beyond, the same runners are dropped, and the ranking follows.
func TestRaceAgainstItsDescription(t *testing.T) {
	all := archs(t, 7)
	rapid.Check(t, func(t *rapid.T) {
		x := drawTables(t, all)
		objective := Objective(rapid.IntRange(0, 1).Draw(t, "objective"))
		o := race{first: rapid.IntRange(1, 6).Draw(t, "first"), keep: rapid.IntRange(1, 3).Draw(t, "keep"),
			errors: rapid.SampledFrom([]float64{0, 0.5, 2, math.Inf(1)}).Draw(t, "errors"), value: objective.Value}
		inOrder := x.of
		if rapid.Bool().Draw(t, "in an order of its own") {
			o.order = rapid.Permutation(indices(x.count())).Draw(t, "order")
			inOrder = map[searchspace.Arch][]searchspace.Measurement{}
			for a, ms := range x.of {
				for _, b := range o.order {
					inOrder[a] = append(inOrder[a], ms[b])
				}
			}
		}
		r := x.run(t, o)

		out := map[searchspace.Arch]int{} // round of being dropped
		saw := map[searchspace.Arch]int{}
		rounds := 0
		worth := func(c runner, blocks int) float64 { return worthOf(objective, inOrder[c.arch][:blocks]) - c.charge }
		for end := min(o.first, x.count()); ; end = min(2*end, x.count()) {
			rounds++
			var field []runner
			for _, c := range x.runners {
				in := c.competes && out[c.arch] == 0
				if in {
					field = append(field, c)
				}
				if in || c.guest {
					saw[c.arch] = end
				}
			}
			leader := slices.MinFunc(field, func(a, b runner) int {
				return cmp.Or(cmp.Compare(worth(b, end), worth(a, end)), cmp.Compare(a.cost, b.cost))
			})
			left := len(field)
			for _, c := range field {
				behind := worth(leader, end) - worth(c, end)
				se := errorOf(objective, inOrder[leader.arch][:end], inOrder[c.arch][:end])
				if c.arch != leader.arch && !math.IsInf(se, 1) && !math.IsInf(o.errors, 1) && behind > o.errors*se {
					out[c.arch] = rounds
					left--
				}
			}
			if left <= o.keep || end == x.count() {
				break
			}
		}
		if r.rounds != rounds {
			t.Fatalf("%d rounds, expected %d", r.rounds, rounds)
		}
		for _, c := range r.runners {
			if len(c.seen) != saw[c.arch] || c.dropped != out[c.arch] {
				t.Fatalf("%v was judged on %d blocks and dropped after round %d, expected %d and %d", c.arch,
					len(c.seen), c.dropped, saw[c.arch], out[c.arch])
			}
		}
		ranked := r.ranking(func(c *runner, m, _ searchspace.Measurement) float64 { return objective.Value(m) - c.charge })
		if first := ranked.all[0]; first.Dropped != 0 || first.Behind != 0 || first.StandardError != 0 {
			t.Fatalf("the winner is %+v", first)
		}
		for i := 1; i < len(ranked.all); i++ {
			a, b := ranked.all[i-1], ranked.all[i]
			if b.Dropped == 0 && a.Dropped > 0 || a.Dropped > 0 && b.Dropped > a.Dropped ||
				a.Dropped == b.Dropped && (a.Reward < b.Reward || a.Reward == b.Reward && a.Cost > b.Cost) {
				t.Fatalf("%+v is ranked before %+v", a, b)
			}
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// worthOf is V by counting images one by one.
func worthOf(o Objective, ms []searchspace.Measurement) float64 {
	right, loss, n := 0, 0.0, 0
	for _, m := range ms {
		right += m.Correct
		n += m.Samples
		loss += m.Loss * float64(m.Samples)
	}
	if o == Likelihood {
		return math.Exp(-loss / float64(n))
	}
	return float64(right) / float64(n)
}

// errorOf is the standard error in the order of its definition; see Candidate.
func errorOf(o Objective, x, y []searchspace.Measurement) float64 {
	if len(x) == 1 {
		return math.Inf(1)
	}
	n, sum := 0.0, 0.0
	d := func(b int) float64 { return worthOf(o, x[b:b+1]) - worthOf(o, y[b:b+1]) }
	for b := range x {
		n += float64(x[b].Samples)
		sum += float64(x[b].Samples) * d(b)
	}
	squares := 0.0
	for b := range x {
		squares += float64(x[b].Samples) * math.Pow(d(b)-sum/n, 2)
	}
	return math.Sqrt(squares / float64(len(x)-1) / n)
}

// With infinitely many standard errors everything is judged, and the winner is the best on all
// images.
func TestRaceOfEverything(t *testing.T) {
	all := archs(t, 7)
	rapid.Check(t, func(t *rapid.T) {
		x := drawTables(t, all)
		r := x.run(t, race{first: rapid.IntRange(1, 6).Draw(t, "first"), errors: math.Inf(1), value: Accuracy.Value})
		reward := func(c *runner, m, _ searchspace.Measurement) float64 { return m.Accuracy - c.charge }
		var want []Candidate
		for _, c := range r.runners {
			if len(c.seen) != x.count() {
				t.Fatalf("%d blocks of %d", len(c.seen), x.count())
			}
			m := block(c.arch, 0, x.images, 0)
			for _, b := range x.of[c.arch] {
				m.Correct += b.Correct
			}
			m.Accuracy = float64(m.Correct) / float64(x.images)
			if c.competes {
				want = append(want, Candidate{Arch: c.arch, Cost: c.cost, Reward: reward(c, m, m)})
			}
		}
		slices.SortStableFunc(want, func(a, b Candidate) int {
			return cmp.Or(cmp.Compare(b.Reward, a.Reward), cmp.Compare(a.Cost, b.Cost))
		})
		for i, c := range r.ranking(reward).all {
			if c.Arch != want[i].Arch || c.Reward != want[i].Reward {
				t.Fatalf("place %d: %v with %v, expected %v with %v", i, c.Arch, c.Reward, want[i].Arch, want[i].Reward)
			}
		}
	})
}

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

// What a race did not ask for is refused.
func TestRaceRefuses(t *testing.T) {
	all := archs(t, 2)
	r := race{blocks: blocks{10, 25}, first: 2, errors: 2, keep: 1, value: Accuracy.Value,
		runners: []*runner{{arch: all[0], competes: true}, {arch: all[1], competes: true}}}
	r.start()
	good := block(all[0], 4, 10, 0)
	if err := r.check(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *searchspace.Measurement){
		"another architecture": func(m *searchspace.Measurement) { m.Arch = all[1] },
		"too few images":       func(m *searchspace.Measurement) { *m = block(all[0], 4, 9, 0) },
		"no images":            func(m *searchspace.Measurement) { m.Samples = 0 },
		"more than all right":  func(m *searchspace.Measurement) { m.Correct = 11 },
		"less than none right": func(m *searchspace.Measurement) { m.Correct = -1 },
		"more unknown":         func(m *searchspace.Measurement) { m.Unknown = 7 },
		"no counts":            func(m *searchspace.Measurement) { m.Correct = 0 },
	} {
		m := good
		if change(&m); r.check(m) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r.add(good)
	moved := good
	moved.WeightVersion++
	if err := r.check(moved); err == nil {
		t.Error("other weights for the second block: accepted")
	}
	if got, err := r.Ask(context.Background(), 1); err != nil || len(got) != 1 || got[0] != all[0] {
		t.Errorf("asks %v, %v", got, err)
	}
}

func TestRaceJSON(t *testing.T) {
	for _, want := range []Race{{}, {Block: 50, First: 3, Errors: -1}, {Errors: math.Inf(1)}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Race
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%+v comes back as %+v through %s: %v", want, got, text, err)
		}
		if err := got.UnmarshalJSON([]byte(`[]`)); err == nil {
			t.Error("read a list")
		}
	}
}
