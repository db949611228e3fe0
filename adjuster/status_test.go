package adjuster

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// Results say why they ended.
func TestStatus(t *testing.T) {
	s := small(t)
	gone := errors.New("gone")
	for name, c := range map[string]struct {
		want   searchspace.Status
		err    error
		change func(o *Options, j *judge, cancel func())
	}{
		"finished":  {searchspace.StatusFinished, nil, func(*Options, *judge, func()) {}},
		"cancelled": {searchspace.StatusCancelled, context.Canceled, func(_ *Options, j *judge, cancel func()) { j.fail = func(int) error { cancel(); return nil } }},
		"failed":    {searchspace.StatusFailed, gone, func(_ *Options, j *judge, _ func()) { j.fail = func(int) error { return gone } }},
		"stopped": {searchspace.StatusStopped, gone, func(o *Options, _ *judge, _ func()) {
			o.Recorder = recorderFunc(func(Progress) error { return gone })
		}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		o, j := Options{Iterations: 4, Hidden: 4}, saturating(t, s)
		c.change(&o, j, cancel)
		res, err := newAdjuster(t, s, o).Adjust(ctx, s.Smallest(), 1, j, nil)
		if res == nil || res.Status != c.want || !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		cancel()
	}
}

// A snapshot that is interrupted says so, and one that is finished too.
func TestStatusOfOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		want searchspace.Status
		stop error
	}{"failed": {searchspace.StatusFailed, errors.New("crash")}, "cancelled": {searchspace.StatusCancelled, context.Canceled}} {
		l := newShop(t)
		ctx, cancel := context.WithCancel(t.Context())
		l.stop = func(string) error {
			if c.stop == context.Canceled {
				cancel()
			}
			return c.stop
		}
		e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), nil)
		if err != nil {
			t.Fatal(err)
		}
		out, err := e.Advance(ctx, l)
		if !errors.Is(err, c.stop) || out == nil || out.Status != c.want {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
		cancel()
		l.stop = nil
		if out, err = e.Advance(t.Context(), l); err != nil || out.Status != searchspace.StatusFinished || out.AfterText != l.space.Format(out.After) {
			t.Errorf("%s: then %+v, %v", name, out, err)
		}
	}
	l := newShop(t)
	o := expertOptions()
	o.Recorder = recorderFunc(func(Progress) error { return errors.New("enough") })
	l.serving, l.at = l.space.Smallest(), 2
	e, err := NewExpert(newAdjuster(t, l.space, o), &ExpertOptions{Deployed: true})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := e.Adjust(t.Context(), l, shopReadings[1]); err == nil || out.Status != searchspace.StatusStopped {
		t.Errorf("stopped: %+v, %v", out, err)
	}
}

// Killed in the final choice, an adjustment judges only what it had not judged, and chooses the
// same.
func TestFinalChoiceIsNotRepeated(t *testing.T) {
	s, o, j := resumable(t)
	o.Checkpoint = filepath.Join(t.TempDir(), "adjuster.ckpt")
	whole := saturating(t, s)
	want, err := newAdjuster(t, s, o).Adjust(t.Context(), s.Smallest(), 0.7, j, whole)
	if err != nil {
		t.Fatal(err)
	}
	total := whole.calls
	if total < 3 {
		t.Fatalf("only %d judgements", total)
	}
	for stop := 1; stop <= total; stop++ {
		stopping := saturating(t, s)
		stopping.fail = func(call int) error {
			if call == stop {
				return errors.New("gone")
			}
			return nil
		}
		once := o
		once.Retries = -1
		res, err := newAdjuster(t, s, once).Adjust(t.Context(), s.Smallest(), 0.7, j, stopping)
		if err == nil || res.Status != searchspace.StatusFailed || len(res.History) != o.Iterations {
			t.Fatalf("stop at %d: %+v, %v", stop, res, err)
		}
		b, err := Load(o.Checkpoint, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Save(t.Context(), o.Checkpoint); err != nil { // what is loaded is kept until it is used
			t.Fatal(err)
		}
		if b, err = Load(o.Checkpoint, nil); err != nil {
			t.Fatal(err)
		}
		rest := saturating(t, s)
		none := &judge{v: rest.v, fail: func(int) error { return errors.New("the policy is trained already") }}
		got, err := b.Adjust(t.Context(), s.Smallest(), 0.7, none, rest)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, compareArchs); d != "" {
			t.Errorf("stop at %d: %s", stop, d)
		}
		if rest.calls != total-stop+1 {
			t.Errorf("stop at %d of %d: %d judgements", stop, total, rest.calls)
		}
	}
}

// Checkpoints of earlier versions, which drew other random numbers, are refused.
func TestOldVersionsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.ckpt")
	if err := checkpoint.Write(path, expertKind, stateVersion-1, map[string]int{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadExpert(path, nil, nil); !errors.Is(err, checkpoint.ErrVersion) {
		t.Errorf("expert: %v", err)
	}
	if err := checkpoint.Write(path, adjusterKind, stateVersion-1, map[string]int{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); !errors.Is(err, checkpoint.ErrVersion) {
		t.Errorf("adjuster: %v", err)
	}
}

// Architectures can be read in every result, the resumed ones too.
func TestTexts(t *testing.T) {
	s, o, j := resumable(t)
	res := adjust(t, newAdjuster(t, s, o), s.Smallest(), 0.7, j)
	check := func(what string, a searchspace.Arch, text string) {
		t.Helper()
		if want := s.Format(a); a.IsZero() || text != want {
			t.Errorf("%s of %v is called %q, expected %q", what, a, text, want)
		}
	}
	check("result", res.Arch, res.Text)
	for _, p := range res.History {
		check("proposal", p.Arch, p.Text)
	}
	for _, c := range append(res.Candidates, res.Previous) {
		check("candidate", c.Arch, c.Measurement.Text)
	}
}
