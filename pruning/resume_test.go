package pruning

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

// same is everything that two searches must have in common.
func same(t testing.TB, r *Result, net *toy) string {
	t.Helper()
	text, err := json.Marshal(struct {
		Result  *Result
		Weights searchspace.Relaxed
	}{r, net.weights})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A search that was killed, cancelled or stopped at any update goes on and ends with the same bits.
func TestResume(t *testing.T) {
	space := toySpace(t, 2)
	options := func(file string, two bool) *Options {
		return &Options{Phases: toyPhases(t, 2), Target: toyTarget(t, space), TwoPaths: two, Every: 3,
			BatchSize: 6, Significance: 0.5, LastTemperature: 0.2, Checkpoint: file}
	}
	whole := map[bool]string{}
	for _, two := range []bool{false, true} {
		net := newToy(space)
		r, err := Search(context.Background(), space, net, options("", two))
		if err != nil {
			t.Fatal(err)
		}
		whole[two] = same(t, r, net)
	}
	rapid.Check(t, func(rt *rapid.T) {
		file := filepath.Join(t.TempDir(), "search")
		two, every := rapid.Bool().Draw(rt, "two"), rapid.IntRange(1, 12).Draw(rt, "every")
		for range rapid.IntRange(1, 2).Draw(rt, "interruptions") {
			how := rapid.SampledFrom([]string{"kill", "cancel", "stop"}).Draw(rt, "how")
			left := rapid.IntRange(0, 80).Draw(rt, "after")
			ctx, cancel := context.WithCancel(context.Background())
			net, o := newToy(space), options(file, two)
			net.every = every
			net.kill = func() bool { left--; return how == "kill" && left < 0 }
			net.touched = func(searchspace.Relaxed) {
				if how == "cancel" && left < 0 {
					cancel()
				}
			}
			o.Recorder = RecorderFunc(func(Progress) error {
				if how == "stop" && left < 0 {
					return errors.New("enough")
				}
				return nil
			})
			want := map[string]searchspace.Status{"kill": searchspace.StatusFailed,
				"cancel": searchspace.StatusCancelled, "stop": searchspace.StatusStopped}[how]
			r, err := Search(ctx, space, net, o)
			cancel()
			if err != nil && r.Status != want {
				rt.Fatalf("%s: status %v, expected %v: %v", how, r.Status, want, err)
			}
		}
		net := newToy(space)
		for range 2 { // the second time it is finished
			r, err := Search(context.Background(), space, net, options(file, two))
			if err != nil {
				rt.Fatal(err)
			}
			if got := same(t, r, net); got != whole[two] {
				rt.Fatalf("the search ended with\n%s\nexpected\n%s", got, whole[two])
			}
			net = newToy(space)
		}
	})
}

// A checkpoint of something else is refused.
func TestMismatch(t *testing.T) {
	space := toySpace(t, 2)
	o := Options{Phases: toyPhases(t, 1), Form: NoCost, Checkpoint: filepath.Join(t.TempDir(), "search")}
	if _, err := Search(context.Background(), space, newToy(space), &o); err != nil {
		t.Fatal(err)
	}
	other := o
	other.Seed = 1
	if _, err := Search(context.Background(), space, newToy(space), &other); err == nil {
		t.Error("the checkpoint of another seed is accepted")
	}
	wide := toySpace(t, 3)
	if _, err := Search(context.Background(), wide, newToy(wide), &o); err == nil {
		t.Error("the checkpoint of another space is accepted")
	}
}

// FuzzResume reads damaged states: an error, no panic, and the search as it was.
func FuzzResume(f *testing.F) {
	space := toySpace(f, 2)
	p := &phase{search: &search{space: space, walk: newWalk(space, 0.01)}, updates: 30}
	p.walk.means.add(p.walk.values)
	p.walk.records = []Step{{Number: 1, Loss: 2}}
	good, err := p.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		before := p.walk
		if err := p.UnmarshalBinary(data); err != nil {
			if p.walk != before {
				t.Fatal("a state that is refused has changed the search")
			}
			return
		}
		if err := p.walk.check(); err != nil {
			t.Fatal(err)
		}
		p.walk.propose(&plan{Prune: 0.4, Significance: 1})
		p.walk.means.add(p.walk.values)
	})
}
