package tendril_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/zoo"
)

// A model of seven classes goes into a zoo and comes out for three others, to be fine-tuned with
// its first stages frozen.
func Example_zoo() {
	dir, err := os.MkdirTemp("", "tendril")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := fromZoo(context.Background(), "examples/internal/fashion/data", filepath.Join(dir, "zoo")); err != nil {
		fmt.Println(err)
	}
	// Output:
	// in the zoo: ET 0-_16_1-1-1-1, 7 classes, a step with 2 frozen stages is timed: true
	// fine-tuned: 3 classes, better than chance: true
}

func fromZoo(ctx context.Context, path, dir string) error {
	images, err := dataset.Open(ctx, path, &dataset.Options{Part: dataset.Test})
	if err != nil {
		return err
	}
	known, err := dataset.ByClass(images, 0, 1, 2, 3, 4, 5, 6)
	if err != nil {
		return err
	}
	unknown, err := dataset.ByClass(images, 7, 8, 9)
	if err != nil {
		return err
	}
	space, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: images.Size(), Classes: 7})
	if err != nil {
		return err
	}
	arch, err := space.Parse("0-_16_1-1-1-1")
	if err != nil {
		return err
	}
	model, err := supernet.NewModel(space, arch, nil)
	if err != nil {
		return err
	}
	if _, err := model.Train(ctx, known, &supernet.TrainOptions{Epochs: 2, BatchSize: 32, LR: 0.05}); err != nil {
		return err
	}

	z, err := zoo.Open(dir, nil)
	if err != nil {
		return err
	}
	if err := z.Add(ctx, zoo.Entry{Name: "ET " + space.Format(arch), Data: "seven classes of Fashion-MNIST"}, model); err != nil {
		return err
	}
	e := z.Entries()[0]
	if err := zoo.Measure(ctx, &e, clock(model), &zoo.Sizes{Batches: []int{32}, Frozen: []int{0, 2}}); err != nil {
		return err
	}
	if err := z.Describe(e); err != nil {
		return err
	}
	_, timed := e.StepTime("", 32, images.Size(), 2)
	fmt.Printf("in the zoo: %s, %d classes, a step with 2 frozen stages is timed: %v\n", e.Name, len(e.Classes), timed)

	val, train, err := dataset.Split(unknown, 0.3, 1)
	if err != nil {
		return err
	}
	mine, err := zoo.LoadFor(ctx, z, e.Name, loadModel, unknown.Classes()...)
	if err != nil {
		return err
	}
	if _, err := mine.FitClassifier(ctx, train, nil); err != nil {
		return err
	}
	o := &supernet.TrainOptions{Epochs: 1, BatchSize: 32, LR: 0.01, FrozenStages: zoo.Frozen(2)}
	if _, err := mine.Train(ctx, train, o); err != nil {
		return err
	}
	m, err := mine.Evaluate(ctx, val, nil)
	if err != nil {
		return err
	}
	fmt.Printf("fine-tuned: %d classes, better than chance: %v\n", mine.Classes(), m.Accuracy > 0.5)
	return nil
}

// loadModel makes a model of what a zoo has: saved by Model.Save, or weights of others.
func loadModel(ctx context.Context, e zoo.Entry, w *io.SectionReader) (*supernet.Model, error) {
	if e.Weights.Kind != "" {
		return supernet.ReadModel(w, w.Size(), nil)
	}
	space, arch, err := e.Network()
	if err != nil {
		return nil, err
	}
	m, _, err := supernet.Pretrained(ctx, space, arch, w,
		&supernet.PretrainedOptions{Options: supernet.Options{Classes: e.Classes}})
	return m, err
}

// clock times a model for a zoo.
func clock(m *supernet.Model) zoo.Clock {
	timing := func(t *supernet.Timing, err error) (zoo.Timing, error) {
		if err != nil {
			return zoo.Timing{}, err
		}
		return zoo.Timing{Seconds: t.Median, Lower: t.Lower, Upper: t.Upper}, nil
	}
	return zoo.Clock{
		Step: func(ctx context.Context, batch int, frozen []int) (zoo.Timing, error) {
			return timing(m.TimeStep(ctx, &supernet.TimeOptions{BatchSize: batch, FrozenStages: frozen, Repetitions: 2}))
		},
		Inference: func(ctx context.Context, batch int) (zoo.Timing, error) {
			return timing(m.TimeInference(ctx, &supernet.TimeOptions{BatchSize: batch, Repetitions: 2}))
		},
	}
}

// A model comes out of a zoo as it went in, saved or exported.
func TestZooKeepsModels(t *testing.T) {
	space, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32, Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	arch, err := space.Parse("02031-a02_16_2-1-12-1")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"cat", "dog", "bird"}
	model, err := supernet.NewModel(space, arch, &supernet.Options{Seed: 5, Classes: names})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	z, err := zoo.Open(filepath.Join(dir, "zoo"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Add(t.Context(), zoo.Entry{Name: "saved"}, model); err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(dir, "weights.safetensors")
	if err := model.WriteSafetensors(t.Context(), exported); err != nil {
		t.Fatal(err)
	}
	e := zoo.Entry{Name: "exported", Space: space.Spec(), Arch: space.Format(arch)}
	if err := z.AddFile(t.Context(), e, exported); err != nil {
		t.Fatal(err)
	}
	pixels := make([]uint8, 5*32*32*3)
	for i := range pixels {
		pixels[i] = uint8(i * 31 % 251)
	}
	images, err := dataset.FromPixels(32, names, []int{0, 1, 2, 0, 1}, pixels)
	if err != nil {
		t.Fatal(err)
	}
	want, err := model.Evaluate(t.Context(), images, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"saved", "exported"} {
		m, err := zoo.Load(t.Context(), z, name, loadModel)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Evaluate(t.Context(), images, nil)
		if err != nil || got.Loss != want.Loss || got.Correct != want.Correct {
			t.Errorf("%s: %+v, %v, expected %+v", name, got, err, want)
		}
	}
}

// toyCandidate stands for a network that is trained for a short time: the more parameters the
// better, and the slower.
type toyCandidate struct{ cost searchspace.Cost }

func (c toyCandidate) StepTime(context.Context) (zoo.Timing, error) {
	return zoo.Timing{Batch: 64, InputSize: 32, Seconds: float64(c.cost.MAdds) / 1e9}, nil
}

func (c toyCandidate) Train(ctx context.Context, pause func(context.Context) error) (float64, int, error) {
	p := float64(c.cost.Params)
	return p / (p + 1e5), 1000, pause(ctx)
}

// briefCandidate is a network that is trained for an epoch.
type briefCandidate struct {
	model      *supernet.Model
	train, val dataset.Dataset
}

func (c *briefCandidate) StepTime(ctx context.Context) (zoo.Timing, error) {
	t, err := c.model.TimeStep(ctx, &supernet.TimeOptions{BatchSize: 20, Warmup: 1, Repetitions: 3})
	if err != nil {
		return zoo.Timing{}, err
	}
	return zoo.Timing{Batch: 20, InputSize: 28, Seconds: t.Median, Lower: t.Lower, Upper: t.Upper}, nil
}

func (c *briefCandidate) Train(ctx context.Context, pause func(context.Context) error) (float64, int, error) {
	o := &supernet.TrainOptions{Epochs: 1, BatchSize: 20, LR: 0.05,
		Before: func(ctx context.Context, _ int) error { return pause(ctx) }}
	if _, err := c.model.Train(ctx, c.train, o); err != nil {
		return 0, 0, err
	}
	m, err := c.model.Evaluate(ctx, c.val, nil)
	return m.Accuracy, m.Samples, err
}

// Networks are trained two at a time, and pause while another is timed.
func TestZooSearchTrains(t *testing.T) {
	images, err := dataset.Open(t.Context(), "examples/internal/fashion/data", &dataset.Options{Part: dataset.Test})
	if err != nil {
		t.Fatal(err)
	}
	some := make([]int, 240)
	for i := range some {
		some[i] = i
	}
	few, err := dataset.Subset(images, some)
	if err != nil {
		t.Fatal(err)
	}
	val, train, err := dataset.Split(few, 0.25, 1)
	if err != nil {
		t.Fatal(err)
	}
	space, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: images.Size(), Classes: 10, Channels: []int{8, 16}, Blocks: 1})
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := zoo.NewEvaluator(func(_ context.Context, a searchspace.Arch) (zoo.Candidate, error) {
		m, err := supernet.NewModel(space, a, &supernet.Options{Workers: 1})
		return &briefCandidate{m, train, val}, err
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var initial []searchspace.Arch
	for _, text := range []string{"0-_8_1-1-1-1", "1-_8_1-1-1-1", "4-_16_1-1-1-1"} {
		a, err := space.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		initial = append(initial, a)
	}
	genes, err := searchspace.NewETNASGenes(space, nil)
	if err != nil {
		t.Fatal(err)
	}
	strategy, err := evolution.NewNSGA2(genes, &evolution.NSGA2Options[searchspace.Arch]{
		BreedOptions: evolution.BreedOptions[searchspace.Arch]{Population: 3, Mutants: true, Initial: initial}})
	if err != nil {
		t.Fatal(err)
	}
	x, err := evolution.NewSearchOf(genes, strategy, evolution.PointFunc[searchspace.Arch](
		func(ctx context.Context, a searchspace.Arch) (evolution.Point, error) {
			trial, err := evaluator.Evaluate(ctx, a)
			if err != nil {
				return evolution.Point{}, err
			}
			values, errs, _ := trial.Objectives()
			return evolution.Point{Objectives: values, Errors: errs}, nil
		}), &evolution.SearchOptions{Evaluations: 3, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range x.History() {
		if r.Failure != "" || len(r.Objectives) != 2 || r.Objectives[1] <= 0 {
			t.Errorf("%s: %v, %s", space.Format(r.Genome), r.Objectives, r.Failure)
		}
	}
}

// The search of NASOA, block level first and then macro level, is NSGA-II with the genes of the
// space and the evaluator of the zoo.
func TestZooSearch(t *testing.T) {
	space, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32, Classes: 10, Blocks: 4})
	if err != nil {
		t.Fatal(err)
	}
	const limit = 0.02
	evaluator, err := zoo.NewEvaluator(func(_ context.Context, a searchspace.Arch) (zoo.Candidate, error) {
		c, err := space.Cost(a)
		return toyCandidate{c}, err
	}, &zoo.EvaluatorOptions{StepLimit: limit})
	if err != nil {
		t.Fatal(err)
	}
	point := evolution.PointFunc[searchspace.Arch](func(ctx context.Context, a searchspace.Arch) (evolution.Point, error) {
		trial, err := evaluator.Evaluate(ctx, a)
		if err != nil {
			return evolution.Point{}, err
		}
		values, _, violation := trial.Objectives()
		return evolution.Point{Objectives: values, Violations: []float64{violation}}, nil
	})
	level := func(o searchspace.ETNASGenesOptions) []searchspace.Arch {
		genes, err := searchspace.NewETNASGenes(space, &o)
		if err != nil {
			t.Fatal(err)
		}
		strategy, err := evolution.NewNSGA2(genes, &evolution.NSGA2Options[searchspace.Arch]{
			BreedOptions: evolution.BreedOptions[searchspace.Arch]{Population: 10, Mutants: true, Seed: 3}})
		if err != nil {
			t.Fatal(err)
		}
		x, err := evolution.NewSearchOf(genes, strategy, point, &evolution.SearchOptions{Evaluations: 40, Workers: 2, Window: 4})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var front []searchspace.Arch
		for _, outcome := range x.Front() {
			if v := outcome.Objectives[1]; v > limit {
				t.Errorf("a step of %g s, the limit is %g s", v, limit)
			}
			front = append(front, outcome.Genome)
		}
		if len(front) < 2 {
			t.Fatalf("a front of %d", len(front))
		}
		return front
	}
	layout, err := space.Parse("0-_16_1-2-11-2")
	if err != nil {
		t.Fatal(err)
	}
	blocks := level(searchspace.ETNASGenesOptions{Layout: layout, Operators: searchspace.ETNASBlockOperators()})
	operators := append(searchspace.ETNASMacroOperators(), searchspace.ETNASExchangeBlock)
	level(searchspace.ETNASGenesOptions{Blocks: blocks, Operators: operators})
}
