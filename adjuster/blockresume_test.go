package adjuster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// film keeps the checkpoint at path as it is at every call of its panels: what a process that is
// killed there leaves behind.
type film struct {
	path   string
	frames [][]byte
}

func (f *film) watch(panels ...*panel) {
	for _, p := range panels {
		p.fail = func(int) error {
			data, err := os.ReadFile(f.path)
			f.frames = append(f.frames, data)
			return err
		}
	}
}

// Killed at any block of race or trial, an adjustment judges only the blocks that it had not
// judged, and ends in the same bits.
func TestBlocksAreNotRepeated(t *testing.T) {
	s, o, _ := resumable(t)
	o.Race, o.Iterations, o.Candidates, o.Elites = &Race{Block: 20, First: 2}, 8, 4, 1
	o.Finalists, o.Retries = 2, -1
	j := saturating(t, s)
	judges := func() (Judges, *panel, *panel) {
		final, trial := newPanel(130, j.v), newPanel(50, j.v)
		return Judges{Reward: j, Final: final, Trial: trial}, final, trial
	}
	run := func(a *Adjuster, j Judges) (*Result, map[string]checkpoint.Tensor) {
		res := adjustWith(t, a, s.Smallest(), j)
		_, policy, err := a.state()
		if err != nil {
			t.Fatal(err)
		}
		return res, policy
	}
	dir := t.TempDir()
	f := &film{path: filepath.Join(dir, "adjuster.ckpt")}
	o.Checkpoint = f.path
	with, final, trial := judges()
	f.watch(final, trial)
	want, wantPolicy := run(newAdjuster(t, s, o), with)
	if want.Rounds < 2 || trial.calls != 3*25 || len(f.frames) != final.calls+trial.calls {
		t.Fatalf("%d rounds, %d blocks of the trial", want.Rounds, trial.calls)
	}
	never := &judge{v: j.v, fail: func(int) error { return errors.New("the policy is trained already") }}
	path := filepath.Join(dir, "frame.ckpt")
	for stop, frame := range f.frames {
		if err := os.WriteFile(path, frame, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Load(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if stop%5 == 0 { // what is loaded is kept until it is used
			if b, err = Load(path, saved(t, b, path)); err != nil {
				t.Fatal(err)
			}
		}
		with, final, trial := judges()
		with.Reward = never
		got, policy := run(b, with)
		if d := cmp.Diff(want, got, compareArchs); d != "" {
			t.Fatalf("kill at %d: %s", stop, d)
		}
		if !reflect.DeepEqual(wantPolicy, policy) {
			t.Fatalf("kill at %d: another policy", stop)
		}
		if n := final.calls + trial.calls; n != len(f.frames)-stop {
			t.Errorf("kill at %d of %d: %d blocks judged afterwards", stop, len(f.frames), n)
		}
	}
}

// Cut off by the context, or by a judge that fails, it goes on in the same process too.
func TestInterruptedBlocks(t *testing.T) {
	s, o, j, whole := racing(t)
	j.Trial = newPanel(50, whole.v)
	want := adjustWith(t, newAdjuster(t, s, o), s.Smallest(), j)
	total := whole.calls
	for stop := 1; stop <= total; stop += 9 {
		for _, fail := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			_, o, j, whole := racing(t)
			j.Trial = newPanel(50, whole.v)
			o.Retries = -1
			whole.fail = func(call int) error {
				if call == stop && fail {
					return errGone
				}
				if call == stop {
					cancel()
				}
				return ctx.Err()
			}
			a := newAdjuster(t, s, o)
			res, err := a.AdjustWith(ctx, s.Smallest(), 0.7, j)
			status := searchspace.StatusCancelled
			if fail {
				status = searchspace.StatusFailed
			}
			if err == nil || res.Status != status || len(res.History) != o.Iterations || !res.Arch.IsZero() {
				t.Fatalf("stop at %d: %v, %v", stop, res.Status, err)
			}
			cancel()
			whole.fail = nil
			got := adjustWith(t, a, s.Smallest(), j)
			if d := cmp.Diff(want, got, compareArchs); d != "" {
				t.Errorf("stop at %d: %s", stop, d)
			}
			if whole.calls != total+1 {
				t.Errorf("stop at %d: %d blocks, expected %d and one that failed", stop, whole.calls, total)
			}
		}
	}
}

func saved(t testing.TB, a *Adjuster, path string) *Options {
	t.Helper()
	if err := a.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return nil
}

// Blocks in a file that do not belong to the race are an error, whatever they are.
func TestForeignBlocksAreRefused(t *testing.T) {
	s, o, j, whole := racing(t)
	o.Retries = -1
	o.Checkpoint = filepath.Join(t.TempDir(), "adjuster.ckpt")
	whole.fail = func(call int) error {
		if call == 12 {
			return errGone
		}
		return nil
	}
	if _, err := newAdjuster(t, s, o).AdjustWith(t.Context(), s.Smallest(), 0.7, j); !errors.Is(err, errGone) {
		t.Fatal(err)
	}
	for name, change := range map[string]func(tensors map[string]checkpoint.Tensor, final *panel, o *Options){
		"none":             func(map[string]checkpoint.Tensor, *panel, *Options) {},
		"more images":      func(_ map[string]checkpoint.Tensor, final *panel, _ *Options) { final.images = 30 },
		"wider blocks":     func(_ map[string]checkpoint.Tensor, _ *panel, o *Options) { o.Race.Block = 30 },
		"shorter rounds":   func(_ map[string]checkpoint.Tensor, _ *panel, o *Options) { o.Race.First = 1 },
		"no race":          func(_ map[string]checkpoint.Tensor, _ *panel, o *Options) { o.Race = nil },
		"other candidates": func(_ map[string]checkpoint.Tensor, _ *panel, o *Options) { o.Candidates = 1 },
		"other counts": func(tensors map[string]checkpoint.Tensor, _ *panel, _ *Options) {
			clear(tensors["final/told/integers"].Data.([]int64))
		},
		"no architectures": func(tensors map[string]checkpoint.Tensor, _ *panel, _ *Options) {
			clear(tensors["final/told/choices"].Data.([]uint8))
		},
	} {
		var state adjusterState
		tensors, err := readState(o.Checkpoint, adjusterKind, &state)
		if err != nil {
			t.Fatal(err)
		}
		final := newPanel(320, whole.v)
		change(tensors, final, &state.Options)
		b, err := restore(&state, tensors, nil)
		if err == nil {
			_, err = b.AdjustWith(t.Context(), s.Smallest(), 0.7, Judges{Reward: j.Reward, Final: final})
		}
		if (err == nil) != (name == "none") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil || b == nil || state.Options.Race == nil || name == "no architectures" {
			continue
		}
		// It is not in the way for ever.
		if _, err := b.AdjustWith(t.Context(), s.Smallest(), 0.7, Judges{Reward: j.Reward, Final: final}); err != nil {
			t.Errorf("%s, once more: %v", name, err)
		}
	}
}
