package searchspace_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// chains counts the marked choice nodes of g and checks what the mark says.
func chains(t *testing.T, name string, g *searchspace.ChoiceGraph) (marked int) {
	t.Helper()
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Chain == nil {
			continue
		}
		marked++
		if n.Op != searchspace.OpSelect {
			t.Fatalf("%s: %v is marked as a chain", name, n.Op)
		}
		if len(n.Chain) != slices.Max(n.Cases)+1 {
			t.Errorf("%s: a chain of %d for depths %v", name, len(n.Chain), n.Cases)
		}
		for k, depth := range n.Cases {
			if n.Inputs[k] != n.Chain[depth] {
				t.Errorf("%s: depth %d ends at node %d, the chain says %d", name, depth, n.Inputs[k], n.Chain[depth])
			}
		}
		for _, d := range n.Select.Decisions() {
			if g.Decisions[d].Kind != searchspace.KindDepth {
				t.Errorf("%s: a chain depends on %s", name, g.Decisions[d].Name)
			}
		}
		// Layers come one after the other, and layer k is missing at depths below.
		for k := 1; k < len(n.Chain); k++ {
			if n.Chain[k] <= n.Chain[k-1] {
				t.Errorf("%s: chain %v does not ascend", name, n.Chain)
			}
			last := &g.Nodes[n.Chain[k]]
			choices := make([]int, len(g.Decisions))
			d := n.Select.Decisions()[0]
			for _, c := range g.Decisions[d].Allowed {
				choices[d] = c
				depth, err := n.Select.At(choices)
				exists, errLast := last.Exists(choices)
				if err != nil || errLast != nil || depth < k && exists {
					t.Errorf("%s: %s exists at depth %d", name, last.Name, depth)
				}
			}
		}
	}
	return marked
}

func TestChains(t *testing.T) {
	all := spaces(t)
	for name, want := range map[string]int{"mobilenetv3": 5, "restricted": 5, "plain": 2, "danas mobile": 0,
		"proxylessnas": 5, "efficientnetlite": 5, "efficientnetlite per stage": 5, "eatnas": 7} {
		if got := chains(t, name, choiceGraph(t, all[name])); got != want {
			t.Errorf("%s has %d chains, expected %d", name, got, want)
		}
	}
	// ProxylessNAS has a sixth stage of one layer. Depths that a restriction removed between others
	// stay in the chain; a single depth is none.
	gaps := must[*searchspace.Space](t)(plain(t).Restrict(
		searchspace.Restriction{Decisions: []string{"stage1.depth"}, Values: []int{0, 2}},
		searchspace.Restriction{Decisions: []string{"stage2.depth"}, Values: []int{1}}))
	g := choiceGraph(t, gaps)
	if got := chains(t, "gaps", g); got != 1 {
		t.Errorf("%d chains, expected 1", got)
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Chain != nil && (len(n.Chain) != 3 || !slices.Equal(n.Cases, []int{0, 2})) {
			t.Errorf("depths %v with the chain %v", n.Cases, n.Chain)
		}
	}
}

// TestVariants: the decisions of a variant tell its values apart, and no other does.
func TestVariants(t *testing.T) {
	for name, s := range spaces(t) {
		g := choiceGraph(t, s)
		if g == nil {
			continue
		}
		r := newRand(12)
		for range 10 {
			choices := make([]int, len(g.Decisions))
			for i := range choices {
				choices[i] = g.Decisions[i].Allowed[r.IntN(len(g.Decisions[i].Allowed))]
			}
			for i := range g.Nodes {
				n := &g.Nodes[i]
				deps := n.VariantDecisions()
				key, err := n.Variant(choices)
				node, errNode := n.At(choices)
				if err != nil || errNode != nil || node.Variant != key || (key == "") != (len(deps) == 0) {
					t.Fatalf("%s: variant %q of %s depends on %v, the node says %q", name, key, n.Name, deps, node.Variant)
				}
				for _, d := range deps {
					if !slices.Contains(n.Decisions(), d) {
						t.Fatalf("%s: %s does not depend on decision %d of its variant", name, n.Name, d)
					}
				}
				other := slices.Clone(choices)
				d := r.IntN(len(other))
				other[d] = r.IntN(g.Decisions[d].Len())
				if got, err := n.Variant(other); err != nil || !slices.Contains(deps, d) && got != key {
					t.Fatalf("%s: variant %q of %s depends on %s", name, key, n.Name, g.Decisions[d].Name)
				}
			}
		}
	}
	// A candidate of MobileNetV3 is a kernel size and an expansion ratio.
	s := mobile(t, searchspace.MobileNetV3Options{})
	want := []int{s.DecisionIndex("stage2.layer1.expand"), s.DecisionIndex("stage2.layer1.kernel")}
	slices.Sort(want)
	found := false
	for _, n := range choiceGraph(t, s).Nodes {
		if n.Site == "stage2.layer1.depth_conv.conv" {
			found = true
			if got := n.VariantDecisions(); !slices.Equal(got, want) {
				t.Errorf("decisions %v, expected %v", got, want)
			}
		}
	}
	if !found {
		t.Error("no such site")
	}
}

// TestChoiceGraphLower: under the choices of an architecture a choice graph is that architecture's
// network, and limits and lists of combinations do not count.
func TestChoiceGraphLower(t *testing.T) {
	for name, s := range spaces(t) {
		g, err := s.LowerChoices()
		if errors.Is(err, searchspace.ErrNoChoiceGraph) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(3) {
			a, err := s.Sample(rand.New(rand.NewPCG(seed, 1)))
			if err != nil {
				t.Fatal(err)
			}
			want, err := s.Lower(a)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := g.Lower(a.Choices()); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: another network, error %v", name, s.Format(a), err)
			}
		}
		for _, change := range []func(c []int) []int{
			func(c []int) []int { return c[1:] },
			func(c []int) []int { return append([]int{-1}, c[1:]...) },
			func(c []int) []int { return append([]int{1000}, c[1:]...) },
		} {
			if _, err := g.Lower(change(s.Largest().Choices())); !errors.Is(err, searchspace.ErrInvalid) {
				t.Errorf("%s: %v, expected ErrInvalid", name, err)
			}
		}
	}
	s, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 32, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"stage1.layer0.kernel", "stage1.layer0.expand"}
	s, err = s.Restrict(searchspace.Restriction{Decisions: names, Combinations: [][]int{{0, 0}, {1, 1}}},
		searchspace.Restriction{Decisions: []string{"stage2.layer0.kernel"}, Keep: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	g := choiceGraph(t, s)
	choices := s.Smallest().Choices()
	choices[s.DecisionIndex(names[1])] = 1
	if _, err := g.Lower(choices); err != nil {
		t.Errorf("a combination that no list has: %v", err)
	}
	choices[s.DecisionIndex("stage2.layer0.kernel")] = 1
	if _, err := g.Lower(choices); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("a kernel that is not allowed: %v, expected ErrInvalid", err)
	}
}
