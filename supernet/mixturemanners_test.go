package supernet

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestMixtureNarrow looks that only what is present counts, and that all of it may come back.
func TestMixtureNarrow(t *testing.T) {
	space := tinySpace(t)
	m := mixtureOf(t, space, Elastic, nil)
	if !slices.Equal(m.Labels(), []int{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}) {
		t.Errorf("labels %v", m.Labels())
	}
	if m.Steps(2) != 6 {
		t.Errorf("%d steps of 48 images in batches of 16, expected 6", m.Steps(2))
	}
	narrow, err := space.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{3}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Gradient(t.Context(), newLearner(m).rows(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if err := m.Narrow(t.Context(), narrow, []int{3, 1}); err != nil {
		t.Fatal(err)
	}
	if held(m.net.network) != 0 {
		t.Errorf("%d bytes of step memory stay", held(m.net.network))
	}
	if m.Steps(2) != 2 || m.Space() != narrow {
		t.Errorf("%d steps of 24 images", m.Steps(2))
	}
	l := newLearner(m, 1, 3, 5, 7, 9, 11, 13, 15)
	before := m.net.values()["classifier.linear.bias"]
	if _, err := m.Train(t.Context(), 2, "", l); err != nil {
		t.Fatal(err)
	}
	for c, v := range m.net.values()["classifier.linear.bias"] {
		if decayed := before[c] == 0; decayed && (v != 0) != (c%2 == 1) {
			t.Errorf("bias of class %d moves by %v", c, v)
		}
	}
	if _, _, err := m.Gradient(t.Context(), l.rows(), []int{0}); !errors.Is(err, ErrData) {
		t.Errorf("image of a class that is not present: %v", err)
	}
	wide, err := space.Relax(space.Largest())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Train(t.Context(), 1, "", fixed(wide)); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Errorf("a choice that is gone: %v", err)
	}
	for name, bad := range map[string][]int{"none": {}, "unknown": {4}, "twice": {1, 1}} {
		if err := m.Narrow(t.Context(), narrow, bad); !errors.Is(err, ErrData) {
			t.Errorf("classes %s: %v", name, err)
		}
	}
	if m.Steps(2) != 2 {
		t.Error("a mistake changed the classes")
	}
	if err := m.Narrow(t.Context(), nil, nil); err != nil || m.Steps(2) != 6 {
		t.Errorf("all again: %v", err)
	}
	if _, err := m.Train(t.Context(), 1, "", fixed(wide)); err != nil {
		t.Error(err)
	}
	inside := meddling{fixed(wide), func(ctx context.Context) error { return m.Narrow(ctx, nil, nil) }}
	if _, err := m.Train(t.Context(), 1, "", inside); !errors.Is(err, ErrTraining) {
		t.Errorf("narrowed inside a training: %v", err)
	}
}

// meddling is a source of rows that does something else first.
type meddling struct {
	fixed
	first func(ctx context.Context) error
}

func (m meddling) Rows(ctx context.Context, step int) (searchspace.Relaxed, error) {
	if err := m.first(ctx); err != nil {
		return nil, err
	}
	return m.fixed.Rows(ctx, step)
}

// TestMixtureMistakes refuses options that it overrules, and calls that make no sense.
func TestMixtureMistakes(t *testing.T) {
	n := tinyNet(t, Elastic)
	train := stripes(t, 16, 16, 1)
	for name, change := range map[string]func(o *MixtureOptions){
		"epochs":     func(o *MixtureOptions) { o.Train.Epochs = 1 },
		"masks":      func(o *MixtureOptions) { o.Train.Masks = OnlyClasses(1) },
		"sampler":    func(o *MixtureOptions) { o.Train.Subnets.Sampler = Uniform(n.space, 1) },
		"validation": func(o *MixtureOptions) { o.Train.Validation = train },
		"file":       func(o *MixtureOptions) { o.Train.Checkpoint = "x" },
		"classes":    func(o *MixtureOptions) { o.Relax.Classes = []int{1} },
		"zeros":      func(o *MixtureOptions) { o.Relax.SkipZeros = true },
	} {
		o := &MixtureOptions{}
		change(o)
		if _, err := n.Mixture(train, train, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := n.Mixture(stripes(t, 4, 20, 1), train, nil); !errors.Is(err, ErrData) {
		t.Errorf("large images: %v", err)
	}
	if _, err := n.Mixture(nil, train, nil); !errors.Is(err, ErrData) {
		t.Errorf("no images: %v", err)
	}
	m, err := n.Mixture(train, train, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Train(t.Context(), 1, "", nil); err == nil {
		t.Error("no source: no error")
	}
	if _, err := m.Train(t.Context(), 0, "", newLearner(m)); err == nil {
		t.Error("no epochs: no error")
	}
	if _, err := m.Train(t.Context(), 1, "", fixed(nil)); err == nil {
		t.Error("no rows: no error")
	}
}

// TestMixtureMemory ends a search that needs more than it may, before the step.
func TestMixtureMemory(t *testing.T) {
	space := tinySpace(t)
	all := randomRows(space, rand.New(rand.NewPCG(1, 2)))
	two := pairs(space, rand.New(rand.NewPCG(3, 4)))
	m := mixtureOf(t, space, SinglePath, nil)
	limit, err := m.StepBytes(two, 16)
	if err != nil {
		t.Fatal(err)
	}
	m = mixtureOf(t, space, SinglePath, &MixtureOptions{MemoryLimit: limit})
	if _, err := m.Train(t.Context(), 1, "", fixed(two)); err != nil {
		t.Error(err)
	}
	before := m.net.values()
	if _, err := m.Train(t.Context(), 1, "", fixed(all)); !errors.Is(err, ErrMemory) {
		t.Errorf("training with all choices: %v", err)
	}
	sameValues(t, m.net.values(), before)
	images := interval(0, 16)
	if _, _, err := m.Gradient(t.Context(), two, images); err != nil {
		t.Error(err)
	}
	if _, _, err := m.Gradient(t.Context(), all, images); !errors.Is(err, ErrMemory) {
		t.Errorf("gradient of all choices: %v", err)
	}
	if _, _, err := m.Gradient(t.Context(), nil, images); err == nil || errors.Is(err, ErrMemory) {
		t.Errorf("no rows: %v", err)
	}
}

// TestMixtureProbabilities compares with the loss of the same rows, and with the sub-network at
// zeros and ones, whose statistics are gathered on the same images.
func TestMixtureProbabilities(t *testing.T) {
	space := tinySpace(t)
	for _, classes := range [][]int{nil, {3, 1}} {
		m := mixtureOf(t, space, SinglePath, nil)
		if err := m.Narrow(t.Context(), space, classes); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Train(t.Context(), 2, "", newLearner(m, 1, 3, 5, 7)); err != nil {
			t.Fatal(err)
		}
		a := sample(t, space, 5)
		rows, err := space.Relax(a)
		if err != nil {
			t.Fatal(err)
		}
		var images []int
		for i, c := range m.Labels() {
			if classes == nil || slices.Contains(classes, c) {
				images = append(images, i)
			}
		}
		probs, err := m.Probabilities(t.Context(), rows, images)
		if err != nil || len(probs) != len(images) {
			t.Fatalf("%d rows of probabilities, %v", len(probs), err)
		}
		loss, _, err := m.Gradient(t.Context(), rows, images)
		if err != nil {
			t.Fatal(err)
		}
		mean := 0.0
		for i, p := range probs {
			column := m.Labels()[images[i]]
			if classes != nil {
				column = slices.Index(classes, column)
			}
			mean -= math.Log(p[column]) / float64(len(images))
		}
		if math.Abs(mean-loss) > 1e-4 {
			t.Errorf("classes %v: probabilities have a loss of %v, the gradient's is %v", classes, mean, loss)
		}
		part, err := dataset.Subset(m.validation, images)
		if err != nil {
			t.Fatal(err)
		}
		for statistics, tol := range map[Statistics]float64{OfBatch: 1e-4, Recalibrated: 0.1} { // of small samples
			judge, err := m.net.On(part, &EvalOptions{Statistics: statistics, Calibration: part, BatchSize: 16,
				CalibrationBatch: 16, Classes: classes})
			if err != nil {
				t.Fatal(err)
			}
			if judged, err := judge.Evaluate(t.Context(), a); err != nil || math.Abs(judged.Loss-loss) > tol {
				t.Errorf("classes %v, statistics %v: the sub-network has a loss of %v, its rows %v, %v",
					classes, statistics, judged.Loss, loss, err)
			}
		}
	}
}

// growing is a learner whose rows have all choices from a step on, and pairs of them before.
type growing struct {
	*learner
	from int
}

func (g growing) Rows(ctx context.Context, step int) (searchspace.Relaxed, error) {
	rows, err := g.learner.Rows(ctx, step)
	if err != nil || step >= g.from {
		return rows, err
	}
	return pairs(g.m.Space(), rand.New(rand.NewPCG(3, uint64(step)))), nil
}

// TestMixtureAsksOnce ends a step after its rows were given, and goes on from there: the source is
// not asked for them again, and the bits are those of a training without end.
func TestMixtureAsksOnce(t *testing.T) {
	space := tinySpace(t)
	path := filepath.Join(t.TempDir(), "mixture")
	var mixtures []*Mixture
	var learners []*learner
	for _, limit := range []int64{0, 14 << 20, 0} {
		m := mixtureOf(t, space, SinglePath, &MixtureOptions{MemoryLimit: limit})
		l := newLearner(m, 0, 2, 4, 6)
		file := path
		if mixtures == nil {
			file = ""
		}
		_, err := m.Train(t.Context(), 2, file, growing{l, 3})
		if (err != nil) != (limit > 0) || err != nil && (!errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), "step 3")) {
			t.Fatalf("limit %d: %v", limit, err)
		}
		mixtures, learners = append(mixtures, m), append(learners, l)
	}
	sameValues(t, mixtures[2].net.values(), mixtures[0].net.values())
	if !slices.Equal(learners[2].Asked, learners[0].Asked) || !sameRows(learners[2].A, learners[0].A) {
		t.Errorf("asked at %v, expected %v", learners[2].Asked, learners[0].Asked)
	}
}

// FuzzMixtureState reads what may lie in a checkpoint as the state of a mixture's rows. What is
// taken is written again as the same.
func FuzzMixtureState(f *testing.F) {
	m := mixtureOf(f, smoothSpace(f), Elastic, nil)
	l := newLearner(m)
	whole, err := (&rowSampler{source: l, m: m, next: nextRows{2, l.rows()}}).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"Next":{"Step":-1}}`))
	f.Add([]byte(`{"Next":{"Step":1,"Rows":[[1]]},"Source":"e30="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &rowSampler{source: fixed(nil), m: m, next: nextRows{Step: -1}}
		if err := s.UnmarshalBinary(text); err != nil {
			if s.next.Step != -1 || s.next.Rows != nil {
				t.Errorf("an error, and yet %v", s.next)
			}
			return
		}
		if s.next.Step >= 0 && m.Space().CheckRelaxed(s.next.Rows) != nil {
			t.Errorf("took %v", s.next)
		}
		if _, err := s.MarshalBinary(); err != nil {
			t.Error(err)
		}
	})
}
