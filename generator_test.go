package tendril_test

import (
	"testing"

	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// A generator learns from a supernet, superclass by superclass, and its answers run in it on the
// classes of a superclass.
func TestGeneratorOfSupernet(t *testing.T) {
	ctx := t.Context()
	images, err := dataset.Open(ctx, "examples/internal/fashion/data", &dataset.Options{Part: dataset.Test})
	if err != nil {
		t.Fatal(err)
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: images.Size(),
		Classes: len(images.Classes()), Depths: []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.New(space, &supernet.Options{Classes: images.Classes()})
	if err != nil {
		t.Fatal(err)
	}
	relaxation, err := net.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	classes := [][]int{{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}}
	var learners []generator.Learner
	var parts []dataset.Dataset
	for _, group := range classes {
		part, err := dataset.KeepClasses(images, group...)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
		loss, err := relaxation.On(part, &supernet.RelaxOptions{Classes: group})
		if err != nil {
			t.Fatal(err)
		}
		learners = append(learners, loss)
	}
	g, err := generator.New(space, &generator.Options{Superclasses: []string{"clothes", "other"}})
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	if _, err := g.Train(ctx, learners, &generator.TrainOptions{Steps: 4, BatchSize: 16,
		Recorder: generator.RecorderFunc(func(p generator.Progress) error {
			if steps++; !(p.Loss > 0 && p.Cost >= g.Options().Low && p.Cost <= g.Options().High) {
				t.Errorf("%+v", p)
			}
			return nil
		})}); err != nil || steps != 4 {
		t.Fatalf("%d steps, %v", steps, err)
	}
	budget := (g.Options().Low + g.Options().High) / 2
	answers, err := g.Generate(ctx, []generator.Scenario{{Superclasses: []string{"clothes"}, Budget: budget}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := net.On(parts[0], &supernet.EvalOptions{Calibration: images, CalibrationImages: 50, Classes: classes[0]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := judge.EvaluateRange(ctx, answers[0].Arch, 0, 20); err != nil {
		t.Error(err)
	}
}
