package predictor

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Standardised features are those of the moments with the present ones among them.
func TestStandard(t *testing.T) {
	s, err := NewStandard(3)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var seen [][]float64
	z := make([]float64, 3)
	for range 40 {
		x := []float64{1e6 + r.NormFloat64(), 0.9, 1e-3 * r.ExpFloat64()}
		seen = append(seen, x)
		if err := s.Apply(z, x); err != nil {
			t.Fatal(err)
		}
		for i := range x {
			n, mean, sum := float64(len(seen)), 0.0, 0.0
			for _, v := range seen {
				mean += v[i] / n
			}
			for _, v := range seen {
				sum += (v[i] - mean) * (v[i] - mean)
			}
			want := 0.0
			if i != 1 && len(seen) > 1 {
				want = min(max((x[i]-mean)/math.Sqrt(sum/n), -5), 5)
			}
			if math.Abs(z[i]-want) > 1e-5 {
				t.Fatalf("feature %d of example %v: %v, expected %v", i, n, z[i], want)
			}
		}
		if err := s.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	if s.Apply(z[:2], seen[0]) == nil || s.Apply(z, z[:2]) == nil || s.Add(z[:2]) == nil {
		t.Error("features of another number: no error")
	}
}

// Whatever comes, coverage is within the bound of its documentation.
func TestIntervalsCoverAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := IntervalOptions{Coverage: rapid.Float64Range(0.05, 0.95).Draw(t, "coverage"),
			Rate: rapid.Float64Range(0.01, 0.5).Draw(t, "rate"), Window: rapid.IntRange(1, 50).Draw(t, "window")}
		v, err := NewIntervals(&o)
		if err != nil {
			t.Fatal(err)
		}
		steps := rapid.IntRange(1, 500).Draw(t, "steps")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		inside := 0
		for i := range steps {
			off := 0.1 + r.ExpFloat64() // above 0: an exact prediction is in every interval
			switch kind {
			case 1:
				off *= float64(i + 1)
			case 2:
				off /= float64(i + 1)
			case 3: // just outside, whenever that can be
				if h := v.Half(); !math.IsInf(h, 1) {
					off = h + 1e-3
				}
			}
			half := v.Half()
			in, err := v.Update(off)
			if err != nil || in != (off <= half) {
				t.Fatalf("%v inside ±%v: %v, %v", off, half, in, err)
			}
			if in {
				inside++
			}
		}
		got, bound := float64(inside)/float64(steps), (max(o.Coverage, 1-o.Coverage)+o.Rate)/(o.Rate*float64(steps))
		if math.Abs(got-o.Coverage) > bound+1e-9 {
			t.Fatalf("coverage %v, expected %v ± %v", got, o.Coverage, bound)
		}
	})
}

// Where errors are drawn alike, the half width is near their quantile.
func TestIntervalsQuantile(t *testing.T) {
	v, err := NewIntervals(&IntervalOptions{Rate: 0.005})
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(v.Half(), 1) {
		t.Errorf("half width %v of nothing", v.Half())
	}
	r := rand.New(rand.NewPCG(4, 1))
	sum, n := 0.0, 0.0
	for i := range 2000 {
		if _, err := v.Update(r.Float64()); err != nil {
			t.Fatal(err)
		}
		if i > 200 {
			sum, n = sum+v.Half(), n+1
		}
	}
	if got := sum / n; math.Abs(got-0.9) > 0.02 {
		t.Errorf("mean half width %v of errors in [0, 1], expected 0.9", got)
	}
	for _, off := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := v.Update(off); err == nil {
			t.Errorf("error %v was taken", off)
		}
	}
	for _, o := range []IntervalOptions{{Coverage: 1}, {Coverage: -1}, {Rate: -1}, {Rate: 2}, {Window: -1},
		{Coverage: math.NaN()}} {
		if _, err := NewIntervals(&o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// A hundred outcomes are enough for a coverage near the promised one, of a learner that gets five
// times as good meanwhile and of one whose tasks become easier after it has seen many.
func TestIntervalsOfShortStreams(t *testing.T) {
	const trials, length = 60, 100
	r := rand.New(rand.NewPCG(9, 1))
	for name, c := range map[string]struct {
		before   int
		scale    func(i int) float64
		low, top float64
	}{
		"learner": {0, func(i int) float64 { return 1 + 4*math.Exp(-float64(i)/20) }, 0.88, 0.925},
		"tasks":   {400, func(i int) float64 { return 0.7 }, 0.88, 0.91},
	} {
		inside := 0.0
		for range trials {
			v, err := NewIntervals(nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.before + length {
				scale := 1.0
				if i >= c.before {
					scale = c.scale(i - c.before)
				}
				in, err := v.Update(scale * math.Abs(r.NormFloat64()))
				if err != nil {
					t.Fatal(err)
				}
				if in && i >= c.before {
					inside += 1.0 / (trials * length)
				}
			}
		}
		if !(inside >= c.low && inside <= c.top) {
			t.Errorf("%s: %v inside, expected %v to %v", name, inside, c.low, c.top)
		}
	}
}

// Learning says what was predicted; coverage over a real stream is 88 to 92 %; errors are counted.
func TestOnline(t *testing.T) {
	rows := readStream(t, "concrete.npy")
	n := len(rows[0]) - 1
	h, err := NewHedge(n, Tuned())
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewOnline(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	var absolute, squares, inside, width float64
	var half Score
	halfway := len(rows) / 2
	for i, r := range rows {
		if i == halfway {
			half = s.Score()
			absolute, squares, inside, width = 0, 0, 0, 0
		}
		before, err := s.Predict(r[:n])
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Learn(r[:n], r[n])
		if err != nil {
			t.Fatal(err)
		}
		if p != before {
			t.Fatalf("example %d: %+v, predicted %+v", i, p, before)
		}
		if !(0 <= p.Low && p.Low <= p.Value && p.Value <= p.High && p.High <= 1 && p.Error >= 0) {
			t.Fatalf("example %d: %+v", i, p)
		}
		absolute += math.Abs(p.Value - r[n])
		squares += (p.Value - r[n]) * (p.Value - r[n])
		width += p.High - p.Low
		if p.Low <= r[n] && r[n] <= p.High {
			inside++
		}
	}
	c, k := s.Score().Since(half), float64(len(rows)-halfway)
	if c.Count != len(rows)-halfway || math.Abs(c.MAE-absolute/k) > 1e-12 || math.Abs(c.MSE-squares/k) > 1e-12 ||
		math.Abs(c.Width-width/k) > 1e-12 || math.Abs(c.Covered-inside/k) > 0.003 {
		t.Errorf("%+v, expected %v, %v, %v, %v", c, absolute/k, squares/k, inside/k, width/k)
	}
	c = s.Score()
	t.Logf("%+v", c)
	if c.Covered < 0.88 || c.Covered > 0.92 || c.Width > 0.7 {
		t.Errorf("coverage %v with a mean width of %v", c.Covered, c.Width)
	}
}

// A truth beyond the range of predictions is in no interval.
func TestOnlineBeyondRange(t *testing.T) {
	l, err := NewMean(1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewOnline(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if _, err := s.Learn([]float64{1}, 1.3); err != nil {
			t.Fatal(err)
		}
	}
	if c := s.Score(); c.Covered != 0 {
		t.Errorf("covered %v", c.Covered)
	}
}

// The standard error is smaller where much was seen.
func TestOnlineError(t *testing.T) {
	l, err := NewLinear(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewOnline(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(6, 1))
	first, err := s.Predict([]float64{0})
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if _, err := s.Learn([]float64{r.NormFloat64()}, 0.5+0.01*r.NormFloat64()); err != nil {
			t.Fatal(err)
		}
	}
	near, err := s.Predict([]float64{0})
	far, err2 := s.Predict([]float64{4})
	if err != nil || err2 != nil || !(near.Error < far.Error/2) || !(far.Error < first.Error) {
		t.Errorf("errors %v at first, %v near, %v far off (%v, %v)", first.Error, near.Error, far.Error, err, err2)
	}
	for _, o := range []OnlineOptions{{Low: 1, High: 0.5}, {Low: math.NaN()}, {High: math.Inf(1)},
		{Intervals: IntervalOptions{Coverage: 2}}} {
		if _, err := NewOnline(l, &o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := NewOnline(nil, nil); err == nil {
		t.Error("no learner: no error")
	}
}
