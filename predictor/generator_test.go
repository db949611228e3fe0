package predictor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a made-up zoo and what comes of fine-tuning it.
type world struct{}

var zooOfWorld = []Model{{"small", 0.55}, {"middle", 0.65}, {"large", 0.75}}

func (world) place(model string) int {
	return slices.IndexFunc(zooOfWorld, func(m Model) bool { return m.Name == model })
}

// StepTime is longer for larger models, and shorter the more is frozen.
func (w world) StepTime(model string, frozen, batch, size int) (time.Duration, error) {
	i := w.place(model)
	if i < 0 || frozen > 5 {
		return 0, errors.New("no such model")
	}
	return time.Duration(1+3*i) * time.Duration(6-frozen) * time.Duration(batch*size*size) * 10, nil
}

// accuracy has a best rate, which is lower for few images, gains from iterations and loses by
// freezing where data are unlike those of pretraining.
func (w world) accuracy(t Task, r Regime) float64 {
	best := -2 + 0.25*(math.Log(float64(t.Images)/float64(t.Classes))-4)/2
	off := math.Log10(r.Rate) - best
	done := 1 - math.Exp(-float64(r.Iterations)/(60*float64(1+w.place(r.Model))))
	a := 0.35 + 0.8*zooOfWorld[w.place(r.Model)].Accuracy*done*t.Similarity - 0.1*off*off -
		0.02*math.Log(float64(t.Classes)) - 0.5*(1-t.Similarity)*float64(r.Frozen)
	return min(max(a, 0), 1)
}

func (world) task(r *rand.Rand) Task {
	classes := 2 + r.IntN(20)
	return Task{Images: classes * (10 + r.IntN(300)), Classes: classes, Similarity: 0.8 + 0.19*r.Float64()}
}

func (w world) request(r *rand.Rand) Request {
	return Request{Task: w.task(r), Limit: time.Duration(2+r.IntN(60)) * time.Second, Times: w, Batch: 32, Size: 32,
		Overhead: func(string) time.Duration { return time.Second / 2 }}
}

// regret is what the best proposal gives less than the best regime that fits.
func (w world) regret(plan *Plan, t Task) float64 {
	best := 0.0
	for _, p := range plan.Ranked {
		best = max(best, w.accuracy(t, p.Regime))
	}
	return best - w.accuracy(t, plan.Best().Regime)
}

func newGenerator(t interface{ Fatal(...any) }, o Options) *Generator {
	g, err := NewGenerator(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// taught has learnt from random regimes of random tasks.
func taught(t *testing.T, o Options, tasks int) *Generator {
	g, w, r := newGenerator(t, o), world{}, rand.New(rand.NewPCG(1, 9))
	for range tasks {
		task := w.task(r)
		regime := Regime{Model: zooOfWorld[r.IntN(3)].Name, Rate: g.grid.Rates[r.IntN(len(g.grid.Rates))],
			Frozen: r.IntN(5), Iterations: int(10 * math.Exp(5*r.Float64()))}
		if _, err := g.Learn(task, regime, min(max(w.accuracy(task, regime)+0.01*r.NormFloat64(), 0), 1)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// meanRegret is that of proposals for new tasks.
func meanRegret(t *testing.T, g *Generator) float64 {
	w, r, sum := world{}, rand.New(rand.NewPCG(2, 9)), 0.0
	const tasks = 20
	for range tasks {
		q := w.request(r)
		plan, err := g.Propose(q)
		if err != nil {
			t.Fatal(err)
		}
		sum += w.regret(plan, q.Task)
	}
	return sum / tasks
}

// Having learnt from random regimes, ours proposes what is near the best there is. The paper's
// needs many more tasks than these.
func TestGeneratorLearns(t *testing.T) {
	ours := meanRegret(t, taught(t, TunedOptions(zooOfWorld), 300))
	paper := meanRegret(t, taught(t, Options{Models: zooOfWorld}, 300))
	t.Logf("ours %.4f, the paper's %.4f", ours, paper)
	if ours > 0.05 || ours > paper/2 {
		t.Errorf("regret %.4f, of the paper's settings %.4f", ours, paper)
	}
}

// Learning from its own choices, a generator that explores does not stay with its first luck.
func TestGeneratorExplores(t *testing.T) {
	late := func(explore float64) float64 {
		w, r, sum := world{}, rand.New(rand.NewPCG(3, 9)), 0.0
		g := newGenerator(t, TunedOptions(zooOfWorld))
		const tasks, counted = 100, 30
		for i := range tasks {
			q := w.request(r)
			q.Explore = explore
			plan, err := g.Propose(q)
			if err != nil {
				t.Fatal(err)
			}
			if i >= tasks-counted {
				sum += w.regret(plan, q.Task) / counted
			}
			regime := plan.Best().Regime
			if _, err := g.Learn(q.Task, regime, w.accuracy(q.Task, regime)); err != nil {
				t.Fatal(err)
			}
		}
		return sum
	}
	greedy, explores := late(0), late(1)
	t.Logf("greedy %.4f, exploring %.4f", greedy, explores)
	if explores > 0.03 || explores > greedy {
		t.Errorf("regret %.4f, without exploring %.4f", explores, greedy)
	}
}

// All that is proposed fits and is ranked by its score, nothing twice; where nothing fits, the
// error's limit is the smallest that would do.
func TestProposeFits(t *testing.T) {
	w := world{}
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Models: zooOfWorld, Learner: func(n int) (Learner, error) { return NewRidge(n, nil) }}
		if rapid.Bool().Draw(t, "listed") {
			o.Grid.Iterations = []int{20, 5, 100, 1000}
		}
		g := newGenerator(t, o)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		q := w.request(r)
		q.Limit = time.Duration(rapid.Int64Range(1, 20e9).Draw(t, "limit"))
		q.Margin = rapid.Float64Range(0, 0.9).Draw(t, "margin")
		q.Least = rapid.IntRange(0, 20).Draw(t, "least")
		q.Most = rapid.SampledFrom([]int{0, 100, 500}).Draw(t, "most")
		if slow := rapid.Float64Range(0, 3).Draw(t, "slow"); slow > 0.1 {
			step, _ := w.StepTime("small", 0, q.Batch, q.Size)
			if err := g.LearnTime(q, Regime{Model: "small", Rate: 1, Iterations: 7}, time.Duration(7*slow*float64(step))); err != nil {
				t.Fatal(err)
			}
		}
		plan, err := g.Propose(q)
		var limit *LimitError
		if errors.As(err, &limit) {
			if !errors.Is(err, ErrLimit) || limit.Least <= q.Limit || limit.Limit != q.Limit {
				t.Fatalf("%v", err)
			}
			q.Limit = limit.Least - 1
			if _, err = g.Propose(q); !errors.Is(err, ErrLimit) {
				t.Fatalf("a nanosecond less than %v would do: %v", limit.Least, err)
			}
			q.Limit++
			if plan, err = g.Propose(q); err == nil && (plan.Best().Regime.Model != limit.Model) {
				t.Fatalf("%v of %s, expected %s", limit.Least, plan.Best().Regime.Model, limit.Model)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		seen := map[Regime]bool{}
		for i, p := range plan.Ranked {
			switch n := p.Regime.Iterations; {
			case seen[p.Regime]:
				t.Fatalf("%+v twice", p.Regime)
			case n < q.Least || n < 1 || q.Most > 0 && n > q.Most:
				t.Fatalf("%d iterations of %d to %d", n, q.Least, q.Most)
			case float64(p.Time) > float64(q.Limit)*(1-q.Margin)+1:
				t.Fatalf("%v of %v with margin %v", p.Time, q.Limit, q.Margin)
			case i > 0 && p.Score > plan.Ranked[i-1].Score:
				t.Fatalf("score %v behind %v", p.Score, plan.Ranked[i-1].Score)
			}
			seen[p.Regime] = true
		}
	})
}

// Reasons name the best regime that is otherwise in a part.
func TestReasons(t *testing.T) {
	g, w := taught(t, TunedOptions(zooOfWorld), 100), world{}
	plan, err := g.Propose(w.request(rand.New(rand.NewPCG(7, 7))))
	if err != nil {
		t.Fatal(err)
	}
	best := plan.Best()
	var parts []string
	for _, r := range plan.Reasons {
		parts = append(parts, r.Part)
		differs := map[string]func(a Regime) bool{
			"model":      func(a Regime) bool { return a.Model != best.Regime.Model },
			"rate":       func(a Regime) bool { return a.Rate != best.Regime.Rate },
			"frozen":     func(a Regime) bool { return a.Frozen != best.Regime.Frozen },
			"iterations": func(a Regime) bool { return a.Iterations != best.Regime.Iterations },
		}[r.Part]
		first := slices.IndexFunc(plan.Ranked, func(p Proposal) bool { return differs(p.Regime) })
		if plan.Ranked[first] != r.Instead || r.Loss != best.Score-r.Instead.Score || r.Loss < 0 {
			t.Errorf("%+v, expected %+v", r, plan.Ranked[first])
		}
	}
	if fmt.Sprint(parts) != "[model rate frozen iterations]" {
		t.Errorf("reasons for %v", parts)
	}
}

// Times follow what steps really took.
func TestLearnTime(t *testing.T) {
	g, w := newGenerator(t, Options{Models: zooOfWorld}), world{}
	q := w.request(rand.New(rand.NewPCG(7, 7)))
	q.Overhead = nil
	r := Regime{Model: "middle", Rate: 0.1, Frozen: 1, Iterations: 100}
	step, _ := w.StepTime(r.Model, r.Frozen, q.Batch, q.Size)
	for range 60 {
		if err := g.LearnTime(q, r, 150*step); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := g.Propose(q)
	if err != nil {
		t.Fatal(err)
	}
	p := plan.Best()
	step, _ = w.StepTime(p.Regime.Model, p.Regime.Frozen, q.Batch, q.Size)
	if ratio := float64(p.Time) / float64(step) / float64(p.Regime.Iterations); math.Abs(ratio-1.5) > 1e-3 {
		t.Errorf("%v times the table's, expected 1.5", ratio)
	}
	for _, bad := range []struct {
		r Regime
		d time.Duration
	}{{r, 0}, {Regime{Model: "none", Iterations: 1}, 1}, {Regime{Model: "small"}, 1}} {
		if g.LearnTime(q, bad.r, bad.d) == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
	if g.LearnTime(Request{}, r, 1) == nil {
		t.Error("no times: no error")
	}
	q.Times = fixed(1) // knows all models
	if err := g.LearnTime(q, Regime{Model: "none", Iterations: 1}, 1); !errors.Is(err, ErrModel) {
		t.Errorf("a model that is not known: %v", err)
	}
}

// Tables may ask the generator.
func TestProposeHoldsNoLock(t *testing.T) {
	g, w := newGenerator(t, Options{Models: zooOfWorld}), world{}
	q := w.request(rand.New(rand.NewPCG(3, 3)))
	q.Overhead = func(string) time.Duration { return time.Duration(g.Score().Count) }
	done := make(chan error)
	go func() {
		_, err := g.Propose(q)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a table that asks the generator waits for ever")
	}
}

// What a grid lists twice is proposed once.
func TestGridDistinct(t *testing.T) {
	g := newGenerator(t, Options{Models: zooOfWorld, Grid: Grid{Rates: []float64{0.1, 0.01, 0.1}, Frozen: []int{1, 1},
		Iterations: []int{2, 3, 2}}})
	plan, err := g.Propose(Request{Task: world{}.task(rand.New(rand.NewPCG(4, 4))), Limit: time.Second, Times: fixed(1),
		Batch: 1, Size: 1})
	if err != nil || len(plan.Ranked) != 2*1*2*len(zooOfWorld) {
		t.Errorf("%v: %d proposals", err, len(plan.Ranked))
	}
}

// Times without end do not overflow, and what fits no limit that there is is said to need one.
func TestProposeEndless(t *testing.T) {
	g, w := newGenerator(t, Options{Models: zooOfWorld}), world{}
	q := w.request(rand.New(rand.NewPCG(1, 1)))
	q.Least, q.Margin = math.MaxInt32, 0.5
	q.Times, q.Overhead = fixed(time.Hour*24*365*200), func(string) time.Duration { return time.Hour }
	var limit *LimitError
	if _, err := g.Propose(q); !errors.As(err, &limit) || limit.Least <= 0 ||
		!strings.Contains(err.Error(), "none that can be asked for") {
		t.Errorf("%v", err)
	}
	q.Times, q.Limit, q.Least = fixed(1), math.MaxInt64, 0
	plan, err := g.Propose(q)
	if err != nil || plan.Best().Regime.Iterations < 1 || plan.Best().Time <= 0 {
		t.Errorf("%v", err)
	}
}

// fixed is the time of any step.
type fixed time.Duration

func (f fixed) StepTime(string, int, int, int) (time.Duration, error) { return time.Duration(f), nil }

// Features have names, as many as there are.
func TestFeatures(t *testing.T) {
	for _, products := range []bool{false, true} {
		f, err := NewFeatures(zooOfWorld, &FeatureOptions{Products: products})
		if err != nil {
			t.Fatal(err)
		}
		x, err := f.Of(nil, Task{Images: 1000, Classes: 10, Similarity: 0.95},
			Regime{Model: "middle", Rate: 0.01, Frozen: 3, Iterations: 200})
		if err != nil {
			t.Fatal(err)
		}
		if len(x) != f.Len() || len(f.Names()) != f.Len() {
			t.Errorf("%d features, %d names, Len %d", len(x), len(f.Names()), f.Len())
		}
		want := []float64{0, 1, 0, 0.65, 0.95, math.Log(100), math.Log(10), math.Log(200), -2, 3}
		if fmt.Sprint(x[:10]) != fmt.Sprint(want) {
			t.Errorf("%v, expected %v", x[:10], want)
		}
		if products && f.Names()[len(x)-2] != "log10 rate × frozen stages" {
			t.Errorf("names %q", f.Names())
		}
	}
}
