package nasoa

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/machine"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/zoo"
)

// build searches for a zoo, pretrains its models and measures them.
func (e *engine) build(ctx context.Context, rep *Report) error {
	if err := e.newSpace(); err != nil {
		return err
	}
	var points []Point
	var err error
	if e.recorded != nil {
		points = e.recorded.Points
	} else if points, err = e.find(ctx); err != nil {
		return err
	}
	rep.Points = points
	chosen := choose(points, e.cfg.Models)
	if len(chosen) == 0 {
		return errors.New("the search has found no architecture that keeps its limits")
	}
	dir, err := e.zooFolder()
	if err != nil {
		return err
	}
	if e.zoo, err = zoo.Open(dir, nil); err != nil {
		return err
	}
	for i, p := range chosen {
		if err := e.pretrain(ctx, i, p); err != nil {
			return err
		}
	}
	if _, err := run.Once(e.job, "times", func() (int, error) {
		return e.zoo.Len(),
			e.measure(ctx)
	}); err != nil {
		return err
	}
	e.library, err = run.Once(e.job, libraryPhase, func() (*library, error) { return e.refer(ctx) })
	return err
}

// zooFolder is that of the run; without a folder, a temporary one.
func (e *engine) zooFolder() (string, error) {
	if path := e.job.Path(zooFolder); path != "" {
		return path, nil
	}
	return os.MkdirTemp("", "nasoa")
}

// close removes a zoo that is not kept.
func (e *engine) close() error {
	if e.cfg.From == "" && e.job.Path(zooFolder) == "" && e.zoo != nil {
		return os.RemoveAll(e.zoo.Dir())
	}
	return nil
}

// choose picks n of the points: those of the front, evenly from the fastest to the slowest, and
// where it has fewer those of the front behind it. The fastest comes first.
func choose(points []Point, n int) (list []Point) {
	defer func() {
		slices.SortStableFunc(list, func(a, b Point) int { return cmp.Compare(a.Step, b.Step) })
	}()
	left := append([]Point(nil), points...)
	seen := map[string]bool{}
	for len(list) < n {
		f := front(left)
		if len(f) == 0 {
			return list
		}
		want := min(n-len(list), len(f))
		for i := range want {
			at := len(f) - 1
			if want > 1 {
				at = i * (len(f) - 1) / (want - 1)
			}
			list, seen[f[at].Arch] = append(list, f[at]), true
		}
		for _, p := range f {
			seen[p.Arch] = true
		}
		var rest []Point
		for _, p := range left {
			if !seen[p.Arch] {
				rest = append(rest, p)
			}
		}
		left = rest
	}
	return list
}

// pretrain trains a model and puts it into the zoo, unless it is there.
func (e *engine) pretrain(ctx context.Context, i int, p Point) error {
	phase := fmt.Sprintf("pretrain-%d", i+1)
	_, err := run.Once(e.job, phase, func() (string, error) {
		name := modelName(i)
		arch, err := e.space.Parse(p.Arch)
		if err != nil {
			return "", err
		}
		m, err := supernet.NewModel(e.space, arch, e.netOptions(e.cfg.Seed.For("nasoa.pretrain.weights"), 0))
		if err != nil {
			return "", err
		}
		got, err := e.teach(ctx, m, i, phase, pretrainTitle(i))
		if err != nil {
			return "", err
		}
		err = e.zoo.Add(ctx, zoo.Entry{Name: name, Data: fmt.Sprintf("%d classes of %s", m.Classes(),
			nameOf(e.cfg.Data)),
			Accuracy: got.Accuracy, Samples: got.Samples}, m)
		if errors.Is(err, zoo.ErrExists) { // put there by a start that was killed before it could remember
			err = nil
		}
		e.job.Say("%s %s: %s on %d test images after pretraining", name, p.Arch, percent(got.Accuracy), got.Samples)
		return name, err
	})
	return err
}

// modelName is that of a model of the zoo, by its place.
func modelName(i int) string {
	if i < 26 {
		return fmt.Sprintf("ET-%c", 'A'+rune(i))
	}
	return fmt.Sprintf("ET-%d", i+1)
}

// measured are the accuracy of a model and the images behind it.
type measured struct {
	Accuracy float64 `json:"accuracy"`
	Samples  int     `json:"samples"`
}

// teach pretrains one model and judges it on test images.
func (e *engine) teach(ctx context.Context, m *supernet.Model, i int, phase, title string) (measured, error) {
	n := e.known.train.Len()
	o, err := e.job.TrainOptions(&e.cfg.Pretrain, n, e.cfg.Seed.For("nasoa.pretrain", i), phase, title)
	if err != nil {
		return measured{}, err
	}
	if _, err := m.Train(ctx, e.known.train, o); err != nil {
		return measured{}, err
	}
	got, err := m.Evaluate(ctx, e.known.test, nil)
	return measured{got.Accuracy, got.Samples}, err
}

// measure fills in the times of all models, one after the other.
func (e *engine) measure(ctx context.Context) error {
	batches := []int{8, 16}
	if b := e.cfg.Tune.Batch; b > 16 {
		batches = append(batches, b)
	}
	shown := e.job.Out.Phase("times", e.zoo.Len())
	for i, entry := range e.zoo.Entries() {
		if e.recorded != nil {
			if err := e.recorded.time(&entry); err != nil {
				return err
			}
			if err := e.zoo.Describe(entry); err != nil {
				return err
			}
			continue
		}
		m, err := e.base(ctx, entry.Name)
		if err != nil {
			return err
		}
		s := &zoo.Sizes{Batches: batches, Frozen: e.cfg.Tune.Frozen, Machine: machine.CPU()}
		if err := zoo.Measure(ctx, &entry, clockOf(m), s); err != nil {
			return err
		}
		s = &zoo.Sizes{Batches: []int{judgedBatch}, Frozen: []int{}, Machine: machine.CPU()}
		if err := zoo.Measure(ctx, &entry, clockOf(m), s); err != nil {
			return err
		}
		if err := e.zoo.Describe(entry); err != nil {
			return err
		}
		shown.Set(i+1, entry.Name)
	}
	return nil
}

// judgedBatch is how many images networks judge at a time.
const judgedBatch = 100

// clockOf times a model for a zoo.
func clockOf(m *supernet.Model) zoo.Clock {
	return zoo.Clock{
		Step: func(ctx context.Context, batch int, frozen []int) (zoo.Timing, error) {
			return timed(m.TimeStep(ctx, &supernet.TimeOptions{BatchSize: batch, FrozenStages: frozen}))
		},
		Inference: func(ctx context.Context, batch int) (zoo.Timing, error) {
			return timed(m.TimeInference(ctx, &supernet.TimeOptions{BatchSize: batch}))
		},
	}
}

// refer makes the model of the zoo that classifies fastest the one whose features tell data apart.
func (e *engine) refer(ctx context.Context) (*library, error) {
	l := &library{Size: e.cfg.Size, Tune: e.cfg.Tune, Data: nameOf(e.cfg.Data), Classes: e.known.train.Classes()}
	least := 0.0
	for _, entry := range e.zoo.Entries() {
		if t, ok := inference(&entry); ok && (l.Reference == "" || t < least) {
			l.Reference, least = entry.Name, t
		}
	}
	m, err := e.base(ctx, l.Reference)
	if err != nil {
		return nil, err
	}
	some, err := data.PerClass(e.known.train, prototypeImages, e.cfg.Seed.For("nasoa.prototypes"))
	if err == nil {
		l.Prototypes, l.Images, err = prototypesOf(ctx, m, some)
	}
	return l, err
}

// prototypeImages of each class of pretraining make its prototype.
const prototypeImages = 100

// inference is the time of classifying an image in a batch of judgedBatch, in seconds.
func inference(entry *zoo.Entry) (float64, bool) {
	for _, t := range entry.Inference {
		if t.Batch == judgedBatch {
			return t.Seconds / judgedBatch, true
		}
	}
	return 0, false
}

// reuse takes the zoo of another run.
func (e *engine) reuse(ctx context.Context, dir string) (err error) {
	if e.library, err = readLibrary(dir); err != nil {
		return err
	}
	if e.zoo, err = zoo.Open(filepath.Join(dir, zooFolder), nil); err != nil {
		return err
	}
	if e.zoo.Len() == 0 {
		return fmt.Errorf("-from %s: no model in its zoo", dir)
	}
	if e.library.Size != e.cfg.Size {
		return fmt.Errorf("-size %d: the zoo of %s has models for images of %d pixels", e.cfg.Size, dir,
			e.library.Size)
	}
	e.cfg.Tune.Frozen = e.library.Tune.Frozen
	_, err = e.base(ctx, e.library.Reference)
	return err
}

// loadModel makes a model of what a zoo has.
func loadModel(_ context.Context, _ zoo.Entry, w *io.SectionReader) (*supernet.Model, error) {
	return supernet.ReadModel(w, w.Size(), nil)
}
