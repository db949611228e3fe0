package search

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func TestRetries(t *testing.T) {
	archs := several(t, 1)
	for _, tc := range []struct{ retries, failures, attempts int }{{0, 2, 3}, {0, 3, 3}, {5, 5, 6}, {-1, 1, 1}} {
		b := &bench{fail: func(_ searchspace.Arch, call int) error {
			if call <= tc.failures {
				return errDevice
			}
			return nil
		}}
		loop := newLoop(t, Strategy[struct{}](List{Archs: archs}), b.evaluate, Options{Retries: tc.retries, Failures: -1})
		status, err := loop.Run(t.Context())
		if b.total != tc.attempts {
			t.Errorf("%+v: %d calls", tc, b.total)
		}
		fails := tc.failures >= tc.attempts
		if fails != errors.Is(err, errDevice) || fails != (loop.Step() == 0) || fails != (status == searchspace.StatusFailed) {
			t.Errorf("%+v: %d steps, %v, error %v", tc, loop.Step(), status, err)
		}
		// The failed step is taken again.
		if n := len(run(t, loop, searchspace.StatusExhausted)); n != 1 {
			t.Errorf("%+v: second run: %d records", tc, n)
		}
	}
}

// A failed candidate is a record and told as one; its neighbours' results stay, and those that
// proposed it too share it.
func TestFailureIsARecord(t *testing.T) {
	archs := several(t, 4)
	bad := archs[1]
	for _, workers := range []int{1, 4} {
		b := &bench{fail: func(a searchspace.Arch, _ int) error {
			if a == bad {
				return errDevice
			}
			return nil
		}}
		s := &script{lists: [][]searchspace.Arch{{archs[0], bad, archs[2], bad}, {bad, archs[3]}}}
		loop := newLoop(t, Strategy[struct{}](s), b.evaluate, Options{Workers: workers, Retries: 1})
		h := run(t, loop, searchspace.StatusExhausted)
		for i, r := range h {
			if failed := r.Arch == bad; failed != (r.Failure == errDevice.Error()) || failed == r.Measured() || r.Cached != (i == 3) {
				t.Errorf("record %d: %+v", i, r)
			}
			if r.Arch == bad && !r.Cached && r.Attempts != 2 {
				t.Errorf("record %d: %d attempts", i, r.Attempts)
			}
		}
		// A failure says nothing for good: proposed again in a later step, it is tried again.
		if b.calls[bad] != 4 || b.total != 7 || s.told[0][1].Failure == "" || loop.Distinct() != 3 {
			t.Errorf("%d calls of %d, told %+v, %d distinct", b.calls[bad], b.total, s.told[0], loop.Distinct())
		}
	}
}

// More failures in a row than allowed end the search with the error; others do not. What failed
// last is tried again.
func TestTooManyFailures(t *testing.T) {
	archs := several(t, 12)
	for _, workers := range []int{1, 3, 12} {
		for _, c := range []struct{ window, per int }{{1, 0}, {1, 3}, {4, 1}} {
			broken := true
			b := &bench{fail: func(a searchspace.Arch, _ int) error {
				for i := range archs {
					if a == archs[i] && (i < 2 || broken && i > 4) {
						return errDevice
					}
				}
				return nil
			}}
			loop := newLoop(t, Strategy[struct{}](List{Archs: archs, PerStep: c.per}), b.evaluate,
				Options{Workers: workers, Window: c.window, Retries: -1, Failures: 2})
			status, err := loop.Run(t.Context())
			if status != searchspace.StatusFailed || !errors.Is(err, errDevice) || !strings.Contains(err.Error(), archs[7].String()) {
				t.Fatalf("%+v, %d workers: %v, %v", c, workers, status, err)
			}
			broken = false
			for i, r := range run(t, loop, searchspace.StatusExhausted) {
				if failed := i < 2 || i == 5 || i == 6; failed == r.Measured() {
					t.Errorf("%+v, %d workers: record %d: %+v", c, workers, i, r)
				}
			}
		}
	}
}

func TestPanicIsAFailure(t *testing.T) {
	archs := several(t, 3)
	e := func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		switch a {
		case archs[0]:
			panic("index out of range")
		case archs[1]:
			runtime.Goexit()
		}
		return searchspace.Measurement{Arch: a}, nil, nil
	}
	loop := newLoop(t, Strategy[struct{}](List{Archs: archs}), e, Options{Workers: 3})
	h := run(t, loop, searchspace.StatusExhausted)
	if h[0].Failure != "evaluator panicked: index out of range" || h[1].Failure == "" || !h[2].Measured() {
		t.Errorf("%+v", h)
	}
	loop = newLoop(t, Strategy[struct{}](List{Archs: archs[:1]}), e, Options{Failures: -1})
	_, err := loop.Run(t.Context())
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "index out of range" || !strings.Contains(string(p.Stack), "TestPanicIsAFailure") {
		t.Errorf("error %v", err)
	}
}

// Answers about something else end the search at once.
func TestMisuse(t *testing.T) {
	archs := several(t, 2)
	for name, e := range map[string]EvaluateValues{
		"other architecture": func(context.Context, searchspace.Arch) (searchspace.Measurement, []float64, error) {
			return searchspace.Measurement{Arch: archs[1]}, nil, nil
		},
		"other number of values": func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
			if a == archs[0] {
				return searchspace.Measurement{Arch: a}, []float64{1}, nil
			}
			return searchspace.Measurement{Arch: a}, []float64{1, 2}, nil
		},
	} {
		loop := newLoop(t, Strategy[struct{}](List{Archs: archs}), e, Options{})
		if status, err := loop.Run(t.Context()); status != searchspace.StatusFailed || err == nil {
			t.Errorf("%s: %v, %v", name, status, err)
		}
	}
}
