package searchspace

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Arguments that are nil, and a rate that is no number, are errors.
func TestNoArguments(t *testing.T) {
	space, err := MobileNetV3(MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	choices, err := space.LowerChoices()
	if err != nil {
		t.Fatal(err)
	}
	a := space.Smallest()
	table := &LatencyTable{Batch: 1, Workers: 1}
	errs := map[string]error{"write": table.Write(nil)}
	_, errs["read"] = ReadLatencyTable(nil)
	_, errs["seconds"] = table.Seconds(nil)
	_, errs["cost"] = table.Cost(nil, a)
	_, errs["resolution"] = table.Resolution(nil, []Arch{a, a})
	_, _, errs["difference"] = table.Difference(nil, nil)
	_, errs["latency model"] = table.Model(nil)
	_, errs["terms"] = choices.Terms(nil)
	_, errs["model"] = choices.Model(nil)
	_, errs["sample"] = space.Sample(nil)
	_, errs["mutate"] = space.Mutate(a, nil, MutateOptions{})
	_, errs["rate"] = space.Mutate(a, rand.New(rand.NewPCG(1, 2)), MutateOptions{Rate: math.NaN()})
	for name, err := range errs {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
