package searchspace

import (
	"encoding/json"
	"errors"
	"io"
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
	errs["picture into nothing"] = WriteSVG(nil, space, a)
	errs["picture of nothing"] = WriteSVG(io.Discard, nil, a)
	_, errs["lowering nothing"] = (&Space{}).Lower(Arch{})
	_, errs["choices of nothing"] = (&Space{}).LowerChoices()
	if m := table.Missing(nil); m != nil {
		t.Errorf("missing of nothing: %v", m)
	}
	_, errs["maker"] = FromSpec(Spec{Family: "own"}, Maker{Family: "own"})
	_, errs["maker of nothing"] = FromSpec(Spec{Family: "own"}, Maker{"own", func(json.RawMessage) (*Space, error) { return nil, nil }})
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

// Choices that are too few, or that a decision does not have, are errors wherever they are read.
func TestChoicesOfNoSpace(t *testing.T) {
	space, err := MobileNetV3(MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		t.Fatal(err)
	}
	g, err := space.LowerChoices()
	if err != nil {
		t.Fatal(err)
	}
	terms, err := g.Terms(func(n *Node) float64 { return float64(n.Out.C) })
	if err != nil {
		t.Fatal(err)
	}
	n := len(g.Decisions)
	below, above := make([]int, n), make([]int, n)
	for d := range n {
		below[d], above[d] = -1, g.Decisions[d].Len()
	}
	reads := 0
	for name, choices := range map[string][]int{"none": nil, "too few": make([]int, 1)[:0], "below": below,
		"above": above} {
		read := func(what string, deps []int, err error) {
			t.Helper()
			if reads++; len(deps) > 0 && !errors.Is(err, ErrInvalid) || len(deps) == 0 && err != nil {
				t.Errorf("%s, choices %s: error %v", what, name, err)
			}
		}
		for i := range g.Nodes {
			node := &g.Nodes[i]
			_, err := node.Out.C.At(choices)
			read(node.Name+" channels", node.Out.C.Decisions(), err)
			_, err = node.Out.At(choices)
			read(node.Name+" shape", node.Out.C.Decisions(), err)
			_, err = node.Variant(choices)
			read(node.Name+" variant", node.VariantDecisions(), err)
			if _, err = node.At(choices); len(node.Kernel.Decisions()) > 0 {
				read(node.Name, node.Kernel.Decisions(), err)
			}
			if _, err = node.Exists(choices); len(node.When) == 1 {
				read(node.Name+" exists", node.When[0].Decisions(), err)
			}
		}
		for i := range terms {
			_, err := terms[i].At(choices)
			read("term", terms[i].Decisions, err)
		}
	}
	if reads < 4*len(g.Nodes) {
		t.Errorf("%d reads of %d nodes", reads, len(g.Nodes))
	}
	if _, err := (&Term{Decisions: []int{0}, Table: []float64{1}}).At([]int{0}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a term that was made by hand: error %v", err)
	}
}
