package lite0

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/zoo"
)

// The tests of this file start every method that has a supernet or a zoo from the pretrained
// network, at 32 pixels on a handful of images: the calls, not what they reach.

const side = 32

func fewOptions() *searchspace.EfficientNetLiteOptions {
	return &searchspace.EfficientNetLiteOptions{PerStage: true, Kernels: []int{3, 5}, Expands: []int{3, 6},
		Momentum: 0.1}
}

// stripes are images of two classes that differ in the direction of their stripes.
func stripes(t *testing.T, n int) dataset.Dataset {
	t.Helper()
	labels, pixels := make([]int, n), make([]uint8, 0, n*side*side*3)
	for i := range n {
		labels[i] = i % 2
		for y := range side {
			for x := range side {
				at := [2]int{y, x}[i%2]
				v := uint8(40*(i%3) + 120*(at/2%2))
				pixels = append(pixels, v, v+uint8(i), v)
			}
		}
	}
	d, err := dataset.FromPixels(side, []string{"across", "down"}, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start is the pretrained network with a classifier for images, and a supernet around it that has
// its weights.
func start(t *testing.T, images dataset.Dataset, s supernet.Sharing) (*supernet.Model, *supernet.Net) {
	t.Helper()
	ctx := t.Context()
	o := supernet.Options{Sharing: s, Classes: images.Classes(), Normalization: Normalization()}
	model, _, err := Model(ctx, side, images.Classes(), &Options{Space: fewOptions()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.FitClassifier(ctx, images, nil); err != nil {
		t.Fatal(err)
	}
	space, _, err := Space(side, 2, fewOptions())
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.New(space, &o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Inherit(ctx, model, nil); err != nil {
		t.Fatal(err)
	}
	running := &supernet.EvalOptions{Statistics: supernet.Running}
	want, err := model.Evaluate(ctx, images, running)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := net.On(images, running)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := judge.Evaluate(ctx, model.Arch()); err != nil || math.Abs(got.Loss-want.Loss) > 1e-4*(1+want.Loss) ||
		got.Correct != want.Correct {
		t.Fatalf("%+v in the supernet, %v, expected %+v", got, err, want)
	}
	return model, net
}

// EAS: the supernet shrinks from the pretrained network, which teaches, and a generator learns from
// it.
func TestGeneratorFromPretrained(t *testing.T) {
	ctx := t.Context()
	images := stripes(t, 8)
	model, net := start(t, images, supernet.Elastic)
	phases, err := supernet.ShrinkPhases(net.Space())
	if err != nil {
		t.Fatal(err)
	}
	trained := 0
	for _, p := range phases {
		if !p.Teaches {
			trained++
		}
	}
	o := &supernet.ShrinkOptions{Phases: phases, Teacher: &supernet.Teacher{Model: model},
		Train: &supernet.TrainOptions{Epochs: trained, BatchSize: 8, LR: 0.001}}
	result, err := net.Shrink(ctx, images, o)
	if err != nil || result.Status != searchspace.StatusFinished {
		t.Fatalf("%+v, %v", result, err)
	}
	relaxation, err := net.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := relaxation.On(images, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := generator.New(net.Space(), &generator.Options{Superclasses: []string{"stripes"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Train(ctx, []generator.Learner{loss}, &generator.TrainOptions{Steps: 1, BatchSize: 4}); err != nil {
		t.Fatal(err)
	}
	budget := g.Options().Low
	answers, err := g.Generate(ctx, []generator.Scenario{{Superclasses: []string{"stripes"}, Budget: budget}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := net.Space().Cost(answers[0].Arch); err != nil || float64(cost.MAdds) > budget {
		t.Errorf("%+v, %v, expected at most %g multiply-adds", cost, err, budget)
	}
}

// DA-NAS: every candidate of the mixture begins with the part of the pretrained network that it can
// have.
func TestPruningFromPretrained(t *testing.T) {
	images := stripes(t, 8)
	_, net := start(t, images, supernet.SinglePath)
	mixture, err := net.Mixture(images, images, &supernet.MixtureOptions{
		Train: supernet.TrainOptions{BatchSize: 8, LR: 0.001, FrozenStages: []int{0}}})
	if err != nil {
		t.Fatal(err)
	}
	phases, err := pruning.Schedule{Order: pruning.AllClasses, Ranking: []int{0, 1}, Shares: []float64{1, 1}, Warmup: -1, Epochs: 1}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	most, err := net.Space().Cost(net.Space().Largest())
	if err != nil {
		t.Fatal(err)
	}
	found, err := pruning.Search(t.Context(), net.Space(), mixture, &pruning.Options{Phases: phases,
		Target: 0.7 * float64(most.MAdds), Every: 1, BatchSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	if f := found.Final; f.Cost < 0.66*float64(most.MAdds) || f.Cost > 0.74*float64(most.MAdds) {
		t.Errorf("%+v of at most %d multiply-adds", f, most.MAdds)
	}
}

// NASOA: the pretrained network is a model of a zoo like any other.
func TestZooOfPretrained(t *testing.T) {
	ctx := t.Context()
	images := stripes(t, 8)
	model, _, err := Model(ctx, side, nil, &Options{Space: fewOptions()})
	if err != nil {
		t.Fatal(err)
	}
	// A zoo tells classes apart by name, and the published file has none.
	names := make([]string, model.Classes())
	for i := range names {
		names[i] = fmt.Sprintf("ImageNet %d", i)
	}
	if err := model.SetClassNames(ctx, names...); err != nil {
		t.Fatal(err)
	}
	z, err := zoo.Open(filepath.Join(t.TempDir(), "zoo"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Add(ctx, zoo.Entry{Name: "Lite0", Data: "ImageNet"}, model); err != nil {
		t.Fatal(err)
	}
	mine, err := zoo.LoadFor(ctx, z, "Lite0", func(ctx context.Context, e zoo.Entry, w *io.SectionReader) (*supernet.Model, error) {
		return supernet.ReadModel(w, w.Size(), nil)
	}, images.Classes()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mine.FitClassifier(ctx, images, nil); err != nil {
		t.Fatal(err)
	}
	tuning := &supernet.TrainOptions{Epochs: 1, BatchSize: 8, LR: 0.001, FrozenStages: zoo.Frozen(4)}
	if _, err := mine.Train(ctx, images, tuning); err != nil {
		t.Fatal(err)
	}
	if m, err := mine.Evaluate(ctx, images, &supernet.EvalOptions{Statistics: supernet.Running}); err != nil ||
		m.Correct != m.Samples {
		t.Errorf("%+v, %v, expected all right", m, err)
	}
}
