package pruning

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// same is everything that two searches must have in common.
func same(t testing.TB, r *Result, net *toy) string {
	t.Helper()
	c := *r
	c.Resumed = false
	text, err := json.Marshal(struct {
		Result  *Result
		Weights searchspace.Relaxed
	}{&c, net.state.Weights})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A search that was killed, cancelled or stopped at any update goes on and ends with the same bits.
func TestResume(t *testing.T) {
	space := toySpace(t, 2)
	options := func(dir string, two bool, every int) *Options {
		o := &Options{Phases: toyPhases(t, 3), Target: toyTarget(t, space), TwoPaths: two, Every: 3, BatchSize: 16,
			CheckpointEvery: every, Significance: 0.5, LastTemperature: 0.2}
		if dir != "" {
			o.Checkpoint = filepath.Join(dir, "search.ckpt")
		}
		return o
	}
	whole := map[bool]string{}
	for _, two := range []bool{false, true} {
		net := newToy(space, "")
		r, err := Search(context.Background(), space, net, options("", two, 0))
		if err != nil {
			t.Fatal(err)
		}
		whole[two] = same(t, r, net)
	}
	for i := range 10 {
		random, dir := rand.New(rand.NewPCG(7, uint64(i))), t.TempDir()
		two, every := i%2 == 1, random.IntN(13)
		for k := range 3 {
			how := []string{"kill", "cancel", "stop"}[(i/2+k)%3]
			left := random.IntN(80)
			ctx, cancel := context.WithCancel(context.Background())
			net, o := newToy(space, dir), options(dir, two, every)
			net.kill = func(int, int) bool { left--; return how == "kill" && left < 0 }
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
				t.Fatalf("%s: status %v, expected %v: %v", how, r.Status, want, err)
			}
			if errors.Is(err, ErrCheckpointMismatch) {
				t.Fatal(err)
			}
		}
		net := newToy(space, dir)
		r, err := Search(context.Background(), space, net, options(dir, two, every))
		if err != nil {
			t.Fatal(err)
		}
		net.state = lastState(t, net)
		if got := same(t, r, net); got != whole[two] {
			t.Fatalf("the search ended with\n%s\nexpected\n%s", got, whole[two])
		}
		again, err := Search(context.Background(), space, newToy(space, dir), options(dir, two, every))
		if err != nil || same(t, again, net) != whole[two] {
			t.Fatalf("a finished search gives %v, %v", again, err)
		}
	}
}

// lastState is the weights of the file, which a finished search does not read.
func lastState(t testing.TB, net *toy) toyState {
	t.Helper()
	if _, _, err := net.Begin(context.Background(), net.state.Phase, net.space, nil); err != nil {
		t.Fatal(err)
	}
	return net.state
}

// A checkpoint of something else is refused.
func TestMismatch(t *testing.T) {
	space := toySpace(t, 2)
	dir := t.TempDir()
	o := Options{Phases: toyPhases(t, 1), Form: NoCost, Checkpoint: filepath.Join(dir, "s.ckpt")}
	if _, err := Search(context.Background(), space, newToy(space, dir), &o); err != nil {
		t.Fatal(err)
	}
	other := o
	other.Seed = 1
	if _, err := Search(context.Background(), space, newToy(space, dir), &other); !errors.Is(err,
		ErrCheckpointMismatch) {
		t.Errorf("another seed: %v, expected ErrCheckpointMismatch", err)
	}
	if _, err := Search(context.Background(), toySpace(t, 3), newToy(toySpace(t, 3), dir), &o); !errors.Is(err,
		ErrCheckpointMismatch) {
		t.Errorf("another space: %v, expected ErrCheckpointMismatch", err)
	}
	// A supernet that starts again where the search went on.
	dir = t.TempDir()
	o.Checkpoint = filepath.Join(dir, "s.ckpt")
	net := newToy(space, "")
	net.kill = func(phase, n int) bool { return phase == 0 && n == 15 }
	o.CheckpointEvery = 4
	if _, err := Search(context.Background(), space, net, &o); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if _, err := Search(context.Background(), space, newToy(space, ""), &o); !errors.Is(err, ErrCheckpointMismatch) {
		t.Errorf("a supernet without its file: %v, expected ErrCheckpointMismatch", err)
	}
}
