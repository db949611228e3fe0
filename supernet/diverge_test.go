package supernet

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// diverging is options of a training of 64 images, in epochs of 4 steps, that really runs away: the
// rate rises to lr over some steps and stays there.
func diverging(lr float64, warmup int) *TrainOptions {
	o := short(20)
	o.LR, o.WarmupSteps, o.Schedule = lr, warmup, Constant
	return o
}

// trainee is a Net or a Model.
type trainee interface {
	Train(context.Context, dataset.Dataset, *TrainOptions) (*TrainResult, error)
	Save(context.Context, string) error
	WeightVersion() uint64
	values() map[string][]float32
	setValues(map[string][]float32) error
}

var trainees = map[string]func(testing.TB) trainee{
	"net":   func(t testing.TB) trainee { return tinyNet(t, Elastic) },
	"model": func(t testing.TB) trainee { return tinyModel(t) },
}

// goesBackTo is the epoch whose weights come back, from what a result says: the last one, or the
// best validated one, whose loss had not run away; 0 for the weights before all.
func goesBackTo(res *TrainResult, first float64) int {
	epoch, lowest := 0, first
	best := Validation{Accuracy: -1}
	for e, loss := range res.Losses {
		better := len(res.Validations) == 0
		if !better {
			v := res.Validations[e]
			better = v.Accuracy > best.Accuracy || v.Accuracy == best.Accuracy && v.Loss < best.Loss
			if better {
				best = v
			}
		}
		if better && loss <= 2*lowest {
			epoch = e + 1
		}
		lowest = slices.Min(res.Losses[:e+1])
	}
	return epoch
}

// A training that diverges ends with the best validated weights, else those of the last epoch, that
// had not run away, else those that it began with, and the network trains again as a fresh one with
// these weights does.
func TestDivergence(t *testing.T) {
	train := stripes(t, 64, 16, 1)
	for what, c := range map[string]struct {
		lr       float64
		warmup   int
		validate bool
		trained  bool // better weights come back than the first
	}{
		"rate 1": {1, 0, false, false}, "rate 100": {100, 0, false, false}, "rate 1, validated": {1, 0, true, false},
		"rate 100, validated": {100, 0, true, false}, "late": {1, 40, false, true}, "late, validated": {1, 100, true, true},
	} {
		for name, make := range trainees {
			if name == "model" && !c.trained && what != "rate 1" {
				continue // a model trains as a net does
			}
			t.Run(name+" "+what, func(t *testing.T) {
				n := make(t)
				jitter(t, networkOf(n), 1)
				o := diverging(c.lr, c.warmup)
				if c.validate {
					o.Validation = stripes(t, 32, 16, 2)
				}
				first, version := 0.0, uint64(0)                     // of the last step
				after := map[int]map[string][]float32{0: n.values()} // epochs
				o.Recorder = RecorderFunc(func(p Progress) error {
					if p.Step == 1 {
						first = p.Loss
					}
					version = n.WeightVersion()
					if p.Step%4 == 0 {
						after[p.Step/4] = n.values()
					}
					return nil
				})
				res, err := n.Train(t.Context(), train, o)
				if !errors.Is(err, ErrNotFinite) || res.Status != searchspace.StatusDiverged {
					t.Fatalf("status %v, error %v, expected a divergence", res.Status, err)
				}
				want := goesBackTo(res, first)
				if res.BackTo != want || (want > 0) != c.trained || c.validate && c.trained && res.Best.Epoch != want {
					t.Errorf("back to epoch %d, expected %d; result %+v", res.BackTo, want, res)
				}
				kept := after[want]
				sameValues(t, n.values(), kept)
				if n.WeightVersion() <= version {
					t.Errorf("weight version %d, expected to have moved with the weights from %d", n.WeightVersion(), version)
				}
				if err := n.Save(t.Context(), filepath.Join(t.TempDir(), "net")); err != nil {
					t.Error(err)
				}

				fresh := make(t)
				if err := fresh.setValues(kept); err != nil {
					t.Fatal(err)
				}
				for _, again := range []trainee{n, fresh} {
					if res, err := again.Train(t.Context(), train, short(1)); err != nil || res.BackTo != 0 {
						t.Fatalf("training again: %+v, %v", res, err)
					}
				}
				sameValues(t, n.values(), fresh.values())
			})
		}
	}
}

func networkOf(n trainee) *network {
	if m, ok := n.(*Model); ok {
		return m.network
	}
	return n.(*Net).network
}

// spoil makes one number of a tensor not finite.
func spoil(t testing.TB, n *network, key string, v float64) {
	t.Helper()
	data := n.values()[key]
	if len(data) == 0 {
		t.Fatalf("no tensor %s", key)
	}
	data[len(data)/2] = float32(v)
	if err := n.setValues(map[string][]float32{key: data}); err != nil {
		t.Fatal(err)
	}
}

// Weights and statistics that are lost without a sign in the loss are found at the end of an epoch,
// of the training, in a checkpoint, and where a training is cancelled.
func TestSilentDivergence(t *testing.T) {
	train := stripes(t, 64, 16, 1)
	for name, c := range map[string]struct {
		key    string // of a tensor that the smallest sub-network does not use, or not for its loss
		step   int    // after which it is spoilt
		change func(o *TrainOptions, cancel func())
		steps  int // of the training
		back   int
	}{
		"epoch":      {"stage3.layer1.point_linear.conv.weight", 6, func(*TrainOptions, func()) {}, 8, 1},
		"statistics": {"first_conv.bn.running_var", 6, func(*TrainOptions, func()) {}, 8, 1},
		"last step":  {"first_conv.bn.running_mean", 12, func(*TrainOptions, func()) {}, 12, 2},
		"checkpoint": {"stage3.layer1.point_linear.conv.weight", 5, func(o *TrainOptions, _ func()) {
			o.Checkpoint, o.CheckpointEvery = filepath.Join(t.TempDir(), "train.ckpt"), 3
		}, 6, 1},
		"validated": {"stage3.layer1.point_linear.conv.weight", 5, func(o *TrainOptions, _ func()) { o.Validation = train }, 8, 1},
		"cancelled": {"first_conv.bn.running_var", 5, func(o *TrainOptions, cancel func()) {
			o.Before = func(_ context.Context, step int) error {
				if step == 5 {
					cancel()
				}
				return nil
			}
		}, 6, 1},
	} {
		n := tinyNet(t, Elastic)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o := short(3)
		o.Subnets.Sampler = Cycle(n.space.Smallest())
		o.Subnets.Validation = []searchspace.Arch{n.space.Smallest()}
		c.change(o, cancel)
		var kept map[string][]float32
		var file []byte
		o.Recorder = RecorderFunc(func(p Progress) error {
			if p.Phase == PhaseTrain && p.Step == 4*c.back {
				kept = n.values()
			}
			if p.Phase == PhaseTrain && p.Step == c.step {
				if o.Checkpoint != "" {
					file, _ = os.ReadFile(o.Checkpoint)
				}
				spoil(t, n.network, c.key, math.Inf(1))
			}
			return nil
		})
		res, err := n.Train(ctx, train, o)
		if !errors.Is(err, ErrNotFinite) || res.Status != searchspace.StatusDiverged || res.Steps != c.steps || res.BackTo != c.back {
			t.Errorf("%s: %+v, %v, expected a divergence found after step %d", name, res, err, c.steps)
			continue
		}
		if (ctx.Err() != nil) != errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v does not say whether the context ended", name, err)
		}
		sameValues(t, n.values(), kept)
		if now, _ := os.ReadFile(o.Checkpoint); !slices.Equal(now, file) {
			t.Errorf("%s: the checkpoint changed", name)
		}
	}
}

// A network whose weights are lost already does not begin.
func TestTrainingOfLostWeights(t *testing.T) {
	m := tinyModel(t)
	spoil(t, m.network, "first_conv.conv.weight", math.NaN())
	before := m.values()
	res, err := m.Train(t.Context(), stripes(t, 32, 16, 1), short(1))
	if !errors.Is(err, ErrNotFinite) || res.Steps != 0 {
		t.Errorf("%+v, %v, expected ErrNotFinite before the first step", res, err)
	}
	sameValues(t, m.values(), before)
}

// A checkpoint stays as it was when the training was healthy: the same training goes on from it and
// ends in the same way, whether it was interrupted before or not, in whatever epoch the weights
// that come back are.
func TestDivergenceAndResume(t *testing.T) {
	train, val := stripes(t, 64, 16, 1), stripes(t, 32, 16, 2)
	for name, c := range map[string]struct {
		warmup   int
		validate bool
	}{
		"net": {0, false}, "model": {20, false}, // from the first weights, and from an epoch
		"net validated": {40, true}, // from an epoch before the best one
	} {
		kind, _, _ := strings.Cut(name, " ")
		make := trainees[kind]
		options := func() *TrainOptions {
			o := diverging(3, c.warmup)
			if c.validate {
				o.Validation = val
			}
			return o
		}
		whole := make(t)
		jitter(t, networkOf(whole), 1)
		want, err := whole.Train(t.Context(), train, options())
		if !errors.Is(err, ErrNotFinite) || (want.BackTo > 0) != (c.warmup > 0) || c.validate != (want.Best.Epoch > want.BackTo) {
			t.Fatalf("%s: %+v, %v", name, want, err)
		}
		path := filepath.Join(t.TempDir(), "train.ckpt")
		run := func(stop int) (trainee, *TrainResult, error) {
			n := make(t) // a new process
			jitter(t, networkOf(n), 1)
			o := options()
			o.Checkpoint, o.CheckpointEvery = path, 5
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o.Recorder = stopAfter(stop, cancel)
			res, err := n.Train(ctx, train, o)
			return n, res, err
		}
		for _, stop := range []int{2, want.Steps - 1} {
			if _, _, err := run(stop); !errors.Is(err, context.Canceled) || errors.Is(err, ErrNotFinite) {
				t.Fatalf("%s: %v, expected to be cancelled at step %d", name, err, stop)
			}
		}
		for range 2 {
			n, res, err := run(0)
			if !errors.Is(err, ErrNotFinite) || !res.Resumed || res.Steps != want.Steps || res.BackTo != want.BackTo {
				t.Fatalf("%s: %+v, %v, expected to diverge as %+v", name, res, err, want)
			}
			sameValues(t, n.values(), whole.values())
		}
		lower := options()
		lower.LR, lower.Epochs, lower.Checkpoint = 0.05, 2, path
		if _, err := whole.Train(t.Context(), train, lower); !errors.Is(err, ErrCheckpointMismatch) {
			t.Errorf("%s: %v, expected a lower rate to be another run", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if res, err := whole.Train(t.Context(), train, lower); err != nil || res.Resumed {
			t.Errorf("%s: a lower rate: %+v, %v", name, res, err)
		}
	}
}

// Tensors that came into being after the weights that come back start anew.
func TestDivergenceOfAnOpenSpace(t *testing.T) {
	n, fresh := openNet(t), openNet(t)
	a, b := n.space.Smallest(), sample(t, n.space, 1)
	var kept map[string][]float32
	o := short(2)
	o.BatchSize, o.Subnets.Sampler, o.Subnets.StepsPerDraw = 4, Cycle(a, b), 4
	o.Recorder = RecorderFunc(func(p Progress) error {
		switch p.Step {
		case 4:
			kept = n.values()
		case 7:
			for key := range kept {
				spoil(t, n.network, key, math.NaN())
				break
			}
		}
		return nil
	})
	if _, err := n.Train(t.Context(), stripes(t, 16, 16, 1), o); !errors.Is(err, ErrNotFinite) {
		t.Fatal(err)
	}
	for _, arch := range []searchspace.Arch{a, b} {
		if _, err := fresh.program(arch); err != nil {
			t.Fatal(err)
		}
	}
	if want := fresh.values(); len(want) <= len(kept) {
		t.Fatalf("%d tensors, %d of the first sub-network", len(want), len(kept))
	}
	if err := fresh.setValues(kept); err != nil {
		t.Fatal(err)
	}
	sameValues(t, n.values(), fresh.values())
}
