package predictor

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is a time of the test's own.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// drive runs steps that take what took says until the schedule ends, and gives the factors.
func drive(a *Anytime, c *clock, took func(step int) time.Duration) []float64 {
	var factors []float64
	for {
		f, more := a.Pace(len(factors))
		if !more {
			return factors
		}
		factors = append(factors, f)
		c.now = c.now.Add(took(len(factors) - 1))
	}
}

func newAnytime(t interface{ Fatal(...any) }, o AnytimeOptions) (*Anytime, *clock) {
	c := &clock{now: time.Unix(1e9, 0)}
	o.Now = c.Now
	a, err := NewAnytime(&o)
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

// In time, the schedule is the cosine over the planned steps.
func TestAnytimeInTime(t *testing.T) {
	a, c := newAnytime(t, AnytimeOptions{Limit: time.Minute, Reserve: time.Second, Steps: 50})
	factors := drive(a, c, func(int) time.Duration { return 100 * time.Millisecond })
	if len(factors) != 50 || a.Steps() != 50 {
		t.Fatalf("%d steps, expected 50", len(factors))
	}
	for i, f := range factors {
		if want := (1 + math.Cos(math.Pi*float64(i)/50)) / 2; math.Abs(f-want) > 1e-9 {
			t.Fatalf("step %d: factor %v, expected %v", i, f, want)
		}
	}
}

// A constant part keeps the full rate.
func TestAnytimeConstant(t *testing.T) {
	a, c := newAnytime(t, AnytimeOptions{Limit: time.Minute, Steps: 100, Constant: 0.8})
	factors := drive(a, c, func(int) time.Duration { return time.Millisecond })
	if factors[79] != 1 || !(factors[82] < 1) || !(factors[99] < 0.01) {
		t.Fatalf("factors %v, %v and %v", factors[79], factors[82], factors[99])
	}
}

// A fall over the last steps is one over as many of them when time allows a tenth of those planned,
// and over all that there are when they are fewer.
func TestAnytimeFall(t *testing.T) {
	for _, c := range []struct {
		limit time.Duration
		steps int // taken
	}{{time.Minute, 400}, {4 * time.Second, 40}, {1200 * time.Millisecond, 12}} {
		a, now := newAnytime(t, AnytimeOptions{Limit: c.limit, Steps: 400, Step: 10 * time.Millisecond, Fall: 20})
		begin := now.now
		factors := drive(a, now, func(int) time.Duration { return 100 * time.Millisecond })
		if n := len(factors); n > c.steps || n < c.steps-1 || now.now.Sub(begin) > c.limit {
			t.Fatalf("%v: %d steps in %v, want about %d", c.limit, n, now.now.Sub(begin), c.steps)
		}
		full := 0
		for _, f := range factors {
			if f == 1 {
				full++
			}
		}
		fall := len(factors) - full + 1 // the first of them is at the full rate
		if last := factors[len(factors)-1]; last > 0.05 || fall > 20 || fall < min(19, c.steps/2) {
			t.Errorf("%v: the last factor is %v, after a fall over %d of %d steps", c.limit, last, fall, len(factors))
		}
	}
}

// When steps take four times as long from the middle on, fewer are taken, the rate still falls to
// nearly nothing, and all is over in time.
func TestAnytimeLate(t *testing.T) {
	const limit = 10 * time.Second
	a, c := newAnytime(t, AnytimeOptions{Limit: limit, Reserve: time.Second, Steps: 90})
	begin := c.now
	factors := drive(a, c, func(step int) time.Duration {
		if step < 45 {
			return 100 * time.Millisecond
		}
		return 400 * time.Millisecond
	})
	if took := c.now.Sub(begin); took > limit-time.Second {
		t.Errorf("%v of %v", took, limit-time.Second)
	}
	if n := len(factors); n >= 90 || n < 50 {
		t.Errorf("%d steps", n)
	}
	if last := factors[len(factors)-1]; last > 0.05 {
		t.Errorf("the last factor is %v", last)
	}
}

// Whatever steps take, factors fall from 1, and the last step is over in time, if none takes longer
// than the longest of the eight before it. Where times are steady the rate has come down.
func TestAnytimeEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := time.Duration(rapid.Int64Range(1e6, 1e10).Draw(t, "limit"))
		base := time.Duration(rapid.Int64Range(1e5, 1e8).Draw(t, "step"))
		o := AnytimeOptions{Limit: limit, Reserve: time.Duration(rapid.Int64Range(0, int64(limit)-1).Draw(t, "reserve")),
			Steps: rapid.IntRange(0, 200).Draw(t, "steps"), Step: base, Fall: rapid.IntRange(0, 30).Draw(t, "fall")}
		a, c := newAnytime(t, o)
		spread := rapid.Float64Range(0, 0.5).Draw(t, "spread")
		noise := rapid.Custom(func(t *rapid.T) float64 { return rapid.Float64Range(-1, 1).Draw(t, "noise") })
		begin := c.now
		factors := drive(a, c, func(int) time.Duration {
			return time.Duration(float64(base) * (1 + spread*noise.Draw(t, "n")))
		})
		over := c.now.Sub(begin) - (o.Limit - o.Reserve)
		if over > max(time.Duration(float64(base)*spread*2), 0) {
			t.Fatalf("%v over, with steps of %v ± %v", over, base, spread)
		}
		for i, f := range factors {
			if i == 0 && f != 1 || i > 0 && f > factors[i-1] || f < 0 {
				t.Fatalf("factors %v", factors)
			}
		}
		if o.Steps > 0 && len(factors) > o.Steps {
			t.Fatalf("%d steps of %d", len(factors), o.Steps)
		}
		if n := len(factors); n > 20 && (o.Fall == 0 || o.Fall >= 20) && factors[n-1] > 0.05 {
			t.Fatalf("the last of %d factors is %v", n, factors[n-1])
		}
	})
}

// A first step that takes as long as thirty others, and a pause in the middle, cost their time and
// no more: the rate comes down at the end and not before.
func TestAnytimeOutliers(t *testing.T) {
	const step = 50 * time.Millisecond
	a, c := newAnytime(t, AnytimeOptions{Limit: 10 * time.Second})
	begin := c.now
	factors := drive(a, c, func(i int) time.Duration {
		if i == 0 || i == 60 {
			return 30 * step
		}
		return step
	})
	n := len(factors)
	if c.now.Sub(begin) > 10*time.Second || n < 120 || factors[n-1] > 0.01 {
		t.Errorf("%d steps in %v, the last with %v", n, c.now.Sub(begin), factors[n-1])
	}
	if factors[n/4] < 0.7 || factors[n/2] < 0.25 {
		t.Errorf("factors %.2f after a quarter, %.2f after half", factors[n/4], factors[n/2])
	}
}

// A pause after which less time is left than it took: the rate comes down in what is left.
func TestAnytimeHaste(t *testing.T) {
	const limit, step = time.Second, 10 * time.Millisecond
	for _, steps := range []int{0, 100} {
		a, c := newAnytime(t, AnytimeOptions{Limit: limit, Steps: steps})
		begin := c.now
		factors := drive(a, c, func(i int) time.Duration {
			if i == 60 {
				return 25 * step
			}
			return step
		})
		if n := len(factors); c.now.Sub(begin) > limit || n < 65 || factors[n-1] > 0.1 {
			t.Errorf("%d steps in %v, the last with %v", n, c.now.Sub(begin), factors[n-1])
		}
	}
}

func TestAnytimeRefuses(t *testing.T) {
	for _, o := range []*AnytimeOptions{nil, {Limit: -1}, {Limit: 1, Reserve: 1}, {Limit: 1, Steps: -1},
		{Limit: 1, Constant: 1}, {Limit: 1, Constant: math.NaN()}, {Limit: 1, Fall: -1},
		{Limit: 1, Fall: 1, Constant: 0.5}} {
		if _, err := NewAnytime(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
