package supernet

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// otherLists is a model and a supernet of spaces with other lists of choices; the supernet has what
// the model's architecture needs, but for kernels of 7 if there are any.
func otherLists(t *testing.T, kernels []int, sharing Sharing, classes []string) (*Model, *Net) {
	t.Helper()
	o := tinyOptions
	s, err := searchspace.MobileNetV3(o)
	if err != nil {
		t.Fatal(err)
	}
	choices := s.Smallest().Choices()
	for i, d := range s.Decisions() {
		switch d.Kind {
		case searchspace.KindKernel:
			choices[i] = slices.Index(d.Values, kernels[i%len(kernels)])
		case searchspace.KindExpand:
			choices[i] = slices.Index(d.Values, 6)
		case searchspace.KindDepth:
			choices[i] = slices.Index(d.Values, 2)
		}
	}
	a, err := s.New(choices)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(s, a, &Options{Seed: 3, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 3)
	o.Kernels, o.Expands, o.Depths, o.Classes = []int{3, 5}, []int{2, 6, 8}, []int{1, 2, 3}, len(classes)
	wide, err := searchspace.MobileNetV3(o)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(wide, &Options{Seed: 4, Sharing: sharing, Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	return m, n
}

// TestInheritPerStage finds the architecture of a model whose space decides for layers in one that
// decides for stages, and the other way round; there is none where the layers of a stage differ.
func TestInheritPerStage(t *testing.T) {
	space := func(perStage bool) *searchspace.Space {
		s, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: 0.1, InputSize: 16,
			Classes: 3, PerStage: perStage})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const one, layers = "2,1,3,4,4,1:5,3,7,5,3,3:4,3,6,4,4,6",
		"2,1,3,4,4,1:5,5,3,3,3,3,7,7,7,3,5,5,5,5,3,3,3,3,3,3:4,4,3,3,3,3,6,6,6,3,4,4,4,4,4,4,4,4,3,6"
	mixed := strings.Replace(layers, "7,7,7", "7,5,7", 1)
	b := firstBatch(t, stripes(t, 6, 16, 1), 6)
	for name, c := range map[string]struct {
		perStage bool // the model's space
		arch     string
		want     string // in the other space; "" = there is none
	}{"for layers": {false, layers, one}, "for stages": {true, one, layers}, "mixed": {false, mixed, ""}} {
		from, to := space(c.perStage), space(!c.perStage)
		a, err := from.Parse(c.arch)
		if err != nil {
			t.Fatal(err)
		}
		m, err := NewModel(from, a, &Options{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		enliven(t, m.network, 3)
		n := livelyNet(t, to, Elastic, 4)
		r := inheritOf(t, n, m, nil)
		if c.want == "" {
			if r.Exact || r.Arch != (searchspace.Arch{}) {
				t.Errorf("%s: %v", name, r)
			}
			continue
		}
		if want, err := to.Parse(c.want); err != nil || r.Arch != want || !r.Exact {
			t.Errorf("%s: found %s, expected %s, %v\n%v", name, to.Format(r.Arch), c.want, err, r)
			continue
		}
		if d := away(t, m, n, r.Arch, b); !(d <= 1e-4) {
			t.Errorf("%s: logits moved by %v", name, d)
		}
	}
}

// TestInheritOtherSpaces inherits from a space with other lists and classes: the architecture is
// found by what its choices mean, classes by name.
func TestInheritOtherSpaces(t *testing.T) {
	b := firstBatch(t, stripes(t, 6, 16, 1), 6)
	for _, sharing := range sharings() {
		for _, classes := range [][]string{animals, {"yak", animals[3], animals[0], "gnu", animals[1], animals[2]},
			{animals[2], animals[1]}, {"yak"}} {
			m, n := otherLists(t, []int{3, 5}, sharing, classes)
			before := n.values()
			r := inheritOf(t, n, m, nil)
			if !r.Exact || !r.Preserved || r.Arch == m.arch || r.Count(MorphDropped) > 0 ||
				r.Largest.Classes != len(classes) {
				t.Errorf("%v %v:\n%v", sharing, classes, r)
			}
			matched := make([]int, len(classes))
			for i, name := range classes {
				matched[i] = slices.Index(animals, name)
			}
			for _, a := range []searchspace.Arch{r.Arch, n.space.Largest()} {
				for _, ofBatch := range []bool{false, true} {
					d := apart(answers(t, m, b, ofBatch), netAnswers(t, n, a, b, ofBatch), 4, matched)
					if !(d <= 1e-4) && classes[0] != "yak" {
						t.Errorf("%v %v: logits of %s moved by %v", sharing, classes, n.space.Format(a), d)
					}
				}
			}
			const key = "classifier.linear.weight"
			after := n.values()
			for i := range after[key] {
				if kept := after[key][i] == before[key][i]; kept != (matched[i%len(classes)] < 0) {
					t.Fatalf("%v: weight %d of class %s kept: %v", classes, i, classes[i%len(classes)], kept)
				}
			}
		}
		m, n := otherLists(t, []int{3, 7}, sharing, animals)
		r := inheritOf(t, n, m, nil)
		if r.Exact || r.Preserved || r.Arch != (searchspace.Arch{}) || r.Count(MorphReshaped) == 0 {
			t.Errorf("%v: kernels of 7 into 5\n%v", sharing, r)
		}
	}
}

// TestInheritRestricted inherits from a restriction of the supernet's space, and for images of
// another size, for which the model's layers are the same.
func TestInheritRestricted(t *testing.T) {
	s := tinySpace(t)
	narrow, err := s.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Keep: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	larger, err := s.WithInput(32)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []*searchspace.Space{s, narrow, larger} {
		m, n := livelyModel(t, narrow, narrow.Largest(), 3), livelyNet(t, to, Elastic, 4)
		r := inheritOf(t, n, m, nil)
		if !r.Exact || !r.Preserved || r.Arch != m.arch {
			t.Errorf("%d decisions at %d pixels\n%v", len(to.Decisions()), to.InputSize(), r)
		}
		b := firstBatch(t, stripes(t, 6, to.InputSize(), 1), 6)
		same, err := NewModel(to, m.arch, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := same.setValues(m.values()); err != nil {
			t.Fatal(err)
		}
		if d := away(t, same, n, r.Arch, b); !(d <= 1e-4) {
			t.Errorf("at %d pixels logits moved by %v", to.InputSize(), d)
		}
	}
}

// TestInheritWithoutSkip: new layers are the identity where the model's layers have skip
// connections; where they have none, an identity would let nothing through, and networks with more
// layers begin as Morph makes them.
func TestInheritWithoutSkip(t *testing.T) {
	s := lightSpaces(t)["eatnas"]
	arch := func(skip, depth int) searchspace.Arch {
		t.Helper()
		choices := s.Smallest().Choices()
		for i, d := range s.Decisions() {
			switch {
			case d.Kind == searchspace.KindOp:
				choices[i] = 1
			case d.Kind == searchspace.KindSkip:
				choices[i] = skip
			case d.Kind == searchspace.KindDepth && d.Stage == 2:
				choices[i] = depth
			}
		}
		a, err := s.New(choices)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	b := firstBatch(t, stripes(t, 8, s.InputSize(), 5), 8)
	for _, sharing := range sharings() {
		for skip := range 2 {
			before, n := livelyNet(t, s, sharing, 9), livelyNet(t, s, sharing, 9)
			m := livelyModel(t, s, arch(skip, 0), 7)
			inheritOf(t, n, m, &InheritOptions{KeepOrder: true})
			out, report := morphOf(t, m, arch(skip, 1), &MorphOptions{Supernet: before})
			if d := away(t, out, n, arch(skip, 1), b); report.Preserved != (skip == 1) || !(d <= 1e-4) {
				t.Errorf("%v, skip %d: morph and sub-network differ by %v\n%v", sharing, skip, d, report)
			}
		}
	}
}

// TestInheritWidths inherits from networks of another width: a wider supernet has the function of
// the model in its networks that have all of it, a narrower one takes the most important channels.
func TestInheritWidths(t *testing.T) {
	o := tinyOptions
	o.Width = 0.5
	wide, err := searchspace.MobileNetV3(o)
	if err != nil {
		t.Fatal(err)
	}
	narrow := tinySpace(t)
	b := firstBatch(t, stripes(t, 6, 16, 1), 6)
	for _, sharing := range sharings() {
		m, n := livelyModel(t, narrow, sample(t, narrow, 1), 3), livelyNet(t, wide, sharing, 4)
		if r := inheritOf(t, n, m, nil); r.Exact || !r.Preserved || r.Count(MorphDropped) > 0 {
			t.Errorf("%v, wider\n%v", sharing, r)
		}
		for _, a := range []searchspace.Arch{m.arch, wide.Largest()} {
			if d := away(t, m, n, a, b); !(d <= 1e-4) {
				t.Errorf("%v: logits of the wider %s moved by %v", sharing, wide.Format(a), d)
			}
		}
		m, n = livelyModel(t, wide, sample(t, wide, 1), 3), livelyNet(t, narrow, sharing, 4)
		r := inheritOf(t, n, m, nil)
		if r.Exact || r.Preserved || r.Count(MorphShrunk) == 0 || r.Count(MorphDropped) > 0 {
			t.Errorf("%v, narrower\n%v", sharing, r)
		}
		const site = "final_expand_layer."
		important := importance(m.prog.graph, modelArrays(t, m), prefix(4, 4))
		rank := ranks(m.prog.graph, map[string]int{site + "conv": 1}, nil, important)
		for i := range m.prog.graph.Nodes {
			if node := &m.prog.graph.Nodes[i]; node.Site == site+"bn" {
				from, to := m.values()[site+"bn.bias"], n.values()[site+"bn.bias"]
				if len(to) >= len(from) {
					t.Fatalf("%d channels of %d", len(to), len(from))
				}
				for c := range to {
					if to[c] != from[rank[i][c]] {
						t.Errorf("%v: channel %d is not channel %d of the model", sharing, c, rank[i][c])
					}
				}
			}
		}
	}
}

// modelArrays is a model's tensors.
func modelArrays(t testing.TB, m *Model) arrays {
	t.Helper()
	weights, err := m.copies()
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

// TestInheritOrder compares the order of inner channels with its definition, and the channels of
// the network, which all sub-networks have, with the model's.
func TestInheritOrder(t *testing.T) {
	s := tinySpace(t)
	m := livelyModel(t, s, s.Largest(), 7)
	old := m.values()
	var name string
	for _, n := range m.prog.graph.Nodes {
		if n.Site == "stage2.layer1.depth_conv.conv" {
			name = strings.TrimSuffix(n.Name, "depth_conv.conv")
		}
	}
	scale, reads := old[name+"depth_conv.bn.weight"], old[name+"point_linear.conv.weight"]
	width := len(reads) / len(scale)
	counts := func(c int) (sum float64) {
		for _, v := range reads[c*width:][:width] {
			sum += math.Abs(float64(v)) * math.Abs(float64(scale[c]))
		}
		return sum
	}
	order := prefix(len(scale), len(scale))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(counts(b), counts(a)) })
	for _, keep := range []bool{false, true} {
		n := livelyNet(t, s, Elastic, 9)
		inheritOf(t, n, m, &InheritOptions{KeepOrder: keep})
		copied, err := n.Extract(t.Context(), s.Largest(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := copied.values()
		if keep {
			sameValues(t, got, old)
			continue
		}
		for to, from := range order {
			if got[name+"depth_conv.bn.weight"][to] != scale[from] ||
				!slices.Equal(got[name+"point_linear.conv.weight"][to*width:][:width], reads[from*width:][:width]) {
				t.Errorf("channel %d is not channel %d of the model", to, from)
			}
		}
		for key, v := range got {
			if strings.HasSuffix(key, "point_linear.bn.bias") && !slices.Equal(v, old[key]) {
				t.Errorf("%s has another order", key)
			}
		}
	}
}
