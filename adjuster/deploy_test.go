package adjuster

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Told that another model serves, in whatever phase it is, an expert gives up what it was doing and
// measures the snapshot anew, from the architecture of that model; another process finds it so.
func TestDeploy(t *testing.T) {
	stop := errors.New("stop")
	for _, where := range []string{"fine-tune", "evaluate", "retrain"} {
		l := newShop(t)
		l.serving, l.at = l.space.Largest(), 2
		eo := &ExpertOptions{Start: l.serving, Deployed: true,
			Checkpoint: filepath.Join(t.TempDir(), "expert.ckpt")}
		o := expertOptions()
		o.Retries = -1
		e, err := NewExpert(newAdjuster(t, l.space, o), eo)
		if err != nil {
			t.Fatal(err)
		}
		l.stop = func(call string) error {
			if strings.HasPrefix(call, where) {
				return stop
			}
			return nil
		}
		if _, err := e.Advance(t.Context(), l); !errors.Is(err, stop) || e.Phase() == PhaseMeasure {
			t.Fatalf("%s: %v in phase %s", where, err, e.Phase())
		}
		l.stop, l.log = nil, nil
		l.serving = l.space.Smallest()
		if err := e.Deploy(l.serving); err != nil {
			t.Fatal(err)
		}
		if e, err = LoadExpert(eo.Checkpoint, nil, eo); err != nil {
			t.Fatal(err)
		}
		_, _, _, pending := e.Adjuster().Pending()
		if pending || e.Phase() != PhaseMeasure || e.Arch() != l.serving {
			t.Errorf("%s: phase %s, architecture %v", where, e.Phase(), e.Arch())
		}
		out, err := e.Advance(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if out.Step != 1 || out.Before != l.space.Smallest() || out.Action != Adjusted ||
			!slices.Contains(l.log, "measure") {
			t.Errorf("%s: %+v after %v", where, out, l.log)
		}
	}
}

// Deploy needs a model that serves, of an architecture of the space.
func TestDeployRefuses(t *testing.T) {
	l := newShop(t)
	e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Deploy(l.space.Largest()); err == nil {
		t.Error("before the first model was trained")
	}
	if _, err := e.Advance(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if err := e.Deploy(chain(t, []int{1, 3}).Largest()); err == nil || e.Arch() != l.space.Smallest() {
		t.Errorf("an architecture of another space: %v", err)
	}
}
