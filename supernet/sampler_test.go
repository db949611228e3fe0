package supernet

import (
	"testing"
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
