package generator_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
)

// fond stands for a relaxed supernet on images of a superclass: its loss falls with every step to a
// larger choice in the decisions whose names have a certain ending.
type fond struct {
	space *searchspace.Space
	of    string
}

func (f fond) Len() int { return 100 }

func (f fond) Gradient(_ context.Context, rows searchspace.Relaxed, _ []int) (float64, searchspace.Relaxed,
	error) {
	loss, grad := 3.0, f.space.Zeros()
	for i, d := range f.space.Decisions() {
		if strings.HasSuffix(d.Name, f.of) {
			for c := range grad[i] {
				grad[i][c] = -0.03 * float64(c)
				loss += grad[i][c] * rows[i][c]
			}
		}
	}
	return loss, grad, nil
}

// A generator that has learnt from two superclasses answers scenarios at once: the one likes large
// kernels, the other wide layers.
func Example() {
	ctx := context.Background()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32,
		Classes: 10})
	if err != nil {
		log.Fatal(err)
	}
	g, err := generator.New(space, &generator.Options{Superclasses: []string{"insect", "dog"}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	learners := []generator.Learner{fond{space, ".kernel"}, fond{space, ".expand"}}
	if _, err := g.Train(ctx, learners, &generator.TrainOptions{Steps: 300, LR: 5e-3, Seed: 1}); err != nil {
		log.Fatal(err)
	}
	budget := (g.Options().Low + g.Options().High) / 2
	answers, err := g.Generate(ctx, []generator.Scenario{
		{Superclasses: []string{"insect"}, Budget: budget},
		{Superclasses: []string{"dog"}, Budget: budget},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	mean := func(a searchspace.Arch, of string) (mean float64) {
		n := 0.0
		for i, on := range space.Active(a) {
			if d := space.Decisions()[i]; on && strings.HasSuffix(d.Name, of) {
				mean += float64(d.Values[a.At(i)])
				n++
			}
		}
		return mean / n
	}
	insect, dog := answers[0], answers[1]
	fmt.Println("within the budget:", insect.Cost <= budget && dog.Cost <= budget)
	fmt.Println("larger kernels for insects:", mean(insect.Arch, ".kernel") > mean(dog.Arch, ".kernel"))
	fmt.Println("wider layers for dogs:", mean(dog.Arch, ".expand") > mean(insect.Arch, ".expand"))
	// Output:
	// within the budget: true
	// larger kernels for insects: true
	// wider layers for dogs: true
}

// With a validation accuracy the best of several architectures is chosen. A union of superclasses
// is a scenario like any other.
func ExampleGenerator_Generate() {
	ctx := context.Background()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32,
		Classes: 10})
	if err != nil {
		log.Fatal(err)
	}
	g, err := generator.New(space, &generator.Options{Superclasses: []string{"insect", "dog"}})
	if err != nil {
		log.Fatal(err)
	}
	answers, err := g.Generate(ctx, []generator.Scenario{{Superclasses: []string{"insect", "dog"},
		Budget: g.Options().High / 2}},
		&generator.GenerateOptions{Evaluate: func(_ context.Context, s generator.Scenario,
			a searchspace.Arch) (searchspace.Measurement, error) {
			// Here a supernet would judge a on images of the classes of s.
			return searchspace.Measurement{Arch: a, Accuracy: float64(a.At(0)) / 10}, nil
		}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = g.Generate(ctx, []generator.Scenario{{Superclasses: []string{"cat"},
		Budget: g.Options().High / 2}}, nil)
	fmt.Println(answers[0].Cost <= g.Options().High/2, answers[0].Measurement.Accuracy > 0)
	fmt.Println(err)
	// Output:
	// true true
	// generator: scenario 0: superclass "cat", expected one of ["insect" "dog"]: unknown superclass
}

// A file says which class belongs to which superclass.
func ExampleReadSuperclasses() {
	file := strings.NewReader(`{"bee": "insect", "ant": "insect", "beagle": "dog", "teapot": ""}`)
	superclasses, err := generator.ReadSuperclasses(file)
	if err != nil {
		log.Fatal(err)
	}
	classes, err := generator.ClassesOf(superclasses, generator.Scenario{Superclasses: []string{"insect"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(generator.SuperclassNames(superclasses), classes)
	// Output: [insect dog] [bee ant]
}
