package supernet

import (
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// The sandwich names the largest, the smallest and k others, who learn from the largest.
func TestSandwich(t *testing.T) {
	n := tinyNet(t, Elastic)
	s := Sandwich(n.space, 2, 9)
	for i := range 5 {
		passes, err := s.Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := s.Sample(i)
		if len(passes) != 4 || passes[0].Arch != n.space.Largest() || passes[1].Arch != n.space.Smallest() || passes[0].Teacher != nil {
			t.Fatalf("step %d: %+v", i, passes)
		}
		for k := range passes {
			if passes[k].Arch != again[k].Arch || k > 0 && passes[k].Arch != passes[0].Arch && (passes[k].Labels >= 0 || passes[k].Teacher == nil) {
				t.Errorf("step %d, pass %d: %+v, then %+v", i, k, passes[k], again[k])
			}
		}
	}
	o := short(10)
	o.Subnets = SubnetOptions{Sampler: s, StepsPerDraw: 1}
	o.LR = 0.02
	train := stripes(t, 160, 16, 1)
	res, err := n.Train(t.Context(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	if res.Losses[9] > 0.8*res.Losses[0] || res.Accuracies[9] < 0.5 {
		t.Errorf("losses %v and accuracies %v, chance is 0.25", res.Losses, res.Accuracies)
	}
	several := Several(2, Uniform(n.space, 4))
	passes, err := several.Sample(3)
	a, _ := Uniform(n.space, 4).Sample(6)
	if err != nil || len(passes) != 2 || passes[0].Arch != a[0].Arch {
		t.Errorf("two of uniform: %+v, %v", passes, err)
	}
}

// A mistake in the making of a sampler is an error of the training.
func TestSamplerMistakes(t *testing.T) {
	n := tinyNet(t, Elastic)
	for name, s := range map[string]Sampler{
		"uniform": Uniform(nil, 1), "sandwich": Sandwich(nil, 1, 1), "several": Several(2, nil), "function": NewSampler("f", nil),
		"none of several": Several(0, Uniform(n.space, 1)), "fewer than none": Sandwich(n.space, -1, 1),
		"relaxed": NewSampler("r", func(int) ([]Pass, error) { return []Pass{{Relaxation: &Relaxation{}}}, nil }),
	} {
		o := short(1)
		o.Subnets.Sampler = s
		if _, err := n.Train(t.Context(), stripes(t, 16, 16, 1), o); err == nil {
			t.Errorf("%s: trained", name)
		}
	}
	o := short(1)
	o.Validation, o.Subnets.Validation = stripes(t, 8, 16, 1), make([]searchspace.Arch, 1)
	if res, err := n.Train(t.Context(), stripes(t, 16, 16, 1), o); err == nil || res.Steps > 0 {
		t.Errorf("judged by no architecture after %d steps: %v", res.Steps, err)
	}
}
