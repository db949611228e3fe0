package supernet

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// learner is a source of rows that learns as DA-NAS does: softmax of weights that follow their
// gradient on validation images, before every second step.
type learner struct {
	m      *Mixture
	images []int
	still  bool // it asks for no gradients
	A      searchspace.Relaxed
	Asked  []int // steps
}

func newLearner(m *Mixture, images ...int) *learner {
	return &learner{m: m, images: images, A: m.Space().Zeros()}
}

func (l *learner) Identity() string                  { return "learner" }
func (l *learner) MarshalBinary() ([]byte, error)    { return json.Marshal(l) }
func (l *learner) UnmarshalBinary(text []byte) error { return json.Unmarshal(text, l) }

// rows is the softmax over the choices that are there.
func (l *learner) rows() searchspace.Relaxed {
	rows := l.m.Space().Zeros()
	for d, dec := range l.m.Space().Decisions() {
		sum, top := 0.0, slices.Max(l.A[d])
		for _, c := range dec.Allowed {
			rows[d][c] = math.Exp(l.A[d][c] - top)
			sum += rows[d][c]
		}
		for _, c := range dec.Allowed {
			rows[d][c] /= sum
		}
	}
	return rows
}

func (l *learner) Rows(ctx context.Context, step int) (searchspace.Relaxed, error) {
	rows := l.rows()
	if step%2 == 0 || l.still {
		l.Asked = append(l.Asked, step)
		return rows, nil
	}
	_, grad, err := l.m.Gradient(ctx, rows, l.images)
	if err != nil {
		return nil, err
	}
	for d := range rows {
		mean := 0.0
		for c, p := range rows[d] {
			mean += p * grad[d][c]
		}
		for c, p := range rows[d] {
			l.A[d][c] -= 2 * p * (grad[d][c] - mean)
		}
	}
	l.Asked = append(l.Asked, step)
	return l.rows(), nil
}

// consumer is what a search that does not know this package asks of a mixture.
type consumer interface {
	Space() *searchspace.Space
	Labels() []int
	Narrow(ctx context.Context, space *searchspace.Space, classes []int) error
	Steps(epochs int) int
	Train(ctx context.Context, epochs int, checkpoint string, rows interface {
		Rows(ctx context.Context, step int) (searchspace.Relaxed, error)
		Identity() string
		MarshalBinary() ([]byte, error)
		UnmarshalBinary(data []byte) error
	}) (losses []float64, err error)
	Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (float64, searchspace.Relaxed, error)
	Probabilities(ctx context.Context, rows searchspace.Relaxed, images []int) ([][]float64, error)
	StepBytes(rows searchspace.Relaxed, images int) (int64, error)
}

var _ consumer = (*Mixture)(nil)

// mixtureOf is the mixture of a space on stripes.
func mixtureOf(t testing.TB, space *searchspace.Space, s Sharing, o *MixtureOptions) *Mixture {
	t.Helper()
	n, err := New(space, &Options{Sharing: s, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		o = &MixtureOptions{}
	}
	if o.Train.BatchSize == 0 {
		o.Train.BatchSize, o.Train.LR, o.Train.Seed = 16, 0.05, 3
	}
	size := space.InputSize()
	m, err := n.Mixture(stripes(t, 48, size, 1), stripes(t, 16, size, 2), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMixtureLearns trains weights and rows in turn: the loss falls, and rows move.
func TestMixtureLearns(t *testing.T) {
	m := mixtureOf(t, tinySpace(t), SinglePath, nil)
	l := newLearner(m, 0, 1, 2, 3, 4, 5, 6, 7)
	losses, err := m.Train(t.Context(), 6, "", l)
	if err != nil || len(losses) != 6 || losses[5] > 0.9*losses[0] {
		t.Errorf("losses %v, error %v", losses, err)
	}
	if want := interval(0, m.Steps(6)); !slices.Equal(l.Asked, want) {
		t.Errorf("asked at steps %v, expected %v", l.Asked, want)
	}
	if reflect.DeepEqual(l.A, m.Space().Zeros()) {
		t.Error("rows did not move")
	}
}

// TestMixtureResumes interrupts weights and rows that learn in turn, and expects the bits of a run
// that nobody interrupted; a finished one gives both back at once.
func TestMixtureResumes(t *testing.T) {
	space := tinySpace(t)
	options := func() *MixtureOptions {
		return &MixtureOptions{Train: TrainOptions{BatchSize: 16, LR: 0.05, Seed: 3, CheckpointEvery: 2}}
	}
	// Two phases, the second one on a narrower space and all classes.
	narrow, err := space.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{3, 5}})
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, dir string, o *MixtureOptions) (*Mixture, *learner, [][]float64, error) {
		m := mixtureOf(t, space, SinglePath, o)
		l := newLearner(m, 0, 2, 4, 6)
		var all [][]float64
		for k, classes := range [][]int{{0, 2}, nil} {
			if k == 1 {
				space = narrow
			}
			if err := m.Narrow(t.Context(), []*searchspace.Space{m.net.Space(), narrow}[k], classes); err != nil {
				t.Fatal(err)
			}
			path := ""
			if dir != "" {
				path = filepath.Join(dir, []string{"small", "all"}[k])
			}
			losses, err := m.Train(ctx, 2, path, l)
			all = append(all, losses)
			if err != nil {
				return m, l, all, err
			}
		}
		return m, l, all, nil
	}
	space = tinySpace(t)
	whole, wantLearner, want, err := run(t.Context(), "", options())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, stop := range []int{1, 2, 2, 0, 0} {
		ctx, cancel := context.WithCancel(t.Context())
		o := options()
		done := 0
		o.Train.Recorder = RecorderFunc(func(Progress) error {
			if done++; done == stop {
				cancel()
			}
			return nil
		})
		space = tinySpace(t)
		m, l, losses, err := run(ctx, dir, o)
		cancel()
		if stop > 0 {
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("stopped after %d steps: %v", stop, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, m.net.values(), whole.net.values())
		if !reflect.DeepEqual(l.A, wantLearner.A) || !slices.Equal(l.Asked, wantLearner.Asked) || !reflect.DeepEqual(losses, want) {
			t.Errorf("rows %v asked at %v with losses %v, expected %v at %v with %v", l.A, l.Asked, losses,
				wantLearner.A, wantLearner.Asked, want)
		}
	}
	m := mixtureOf(t, tinySpace(t), SinglePath, options())
	if _, err := m.Train(t.Context(), 2, filepath.Join(dir, "small"), newLearner(m)); !errors.Is(err, ErrCheckpointMismatch) {
		t.Errorf("all classes go on from a file of two: %v", err)
	}
}

// TestMixtureOfOne trains with rows of 0 and 1: weights, running statistics and losses are those
// of the training of the sub-network, frozen stages included, and nothing else moves. Where widths
// are shared those of channels that are not in use move, too.
func TestMixtureOfOne(t *testing.T) {
	for name, space := range liveSpaces(t) {
		for _, sharing := range sharingsOf(name) {
			for _, frozen := range [][]int{nil, {0}} {
				if frozen != nil && sharing != SinglePath {
					continue
				}
				o := TrainOptions{BatchSize: 48, LR: 0.05, Seed: 3, FrozenStages: frozen}
				m := mixtureOf(t, space, sharing, &MixtureOptions{Train: o})
				a := sample(t, space, 5)
				rows, err := space.Relax(a)
				if err != nil {
					t.Fatal(err)
				}
				losses, err := m.Train(t.Context(), 2, "", fixed(rows))
				if err != nil {
					t.Fatal(err)
				}
				n, err := New(space, &Options{Sharing: sharing, Seed: 7})
				if err != nil {
					t.Fatal(err)
				}
				first := n.values()
				o.Epochs, o.Subnets.Sampler = 2, Cycle(a)
				res, err := n.Train(t.Context(), m.train, &o)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(losses[1]-res.Losses[1]) > 1e-3 {
					t.Errorf("%s %v: losses %v, of the sub-network %v", name, sharing, losses, res.Losses)
				}
				got, want := m.net.values(), n.values()
				if sharing == SinglePath && name == "mobilenetv3" { // others share widths
					sameValues(t, got, want)
					continue
				}
				got, want, first = trainable(n.network, got), trainable(n.network, want), trainable(n.network, first)
				for key, v := range first {
					if slices.Equal(want[key], v) && !slices.Equal(got[key], v) {
						t.Errorf("%s: %s moves", name, key)
					}
				}
				near(t, name, got, want, 0.05)
			}
		}
	}
}

// fixed is a source of rows that stay.
type fixed searchspace.Relaxed

func (f fixed) Identity() string               { return "fixed" }
func (f fixed) MarshalBinary() ([]byte, error) { return nil, nil }
func (f fixed) UnmarshalBinary([]byte) error   { return nil }
func (f fixed) Rows(context.Context, int) (searchspace.Relaxed, error) {
	return searchspace.Relaxed(f), nil
}
