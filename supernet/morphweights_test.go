package supernet

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestMorphFills compares every number of a network that grew with the definition: the old number,
// 0 where something new would act on something old, or the number of the supernet.
func TestMorphFills(t *testing.T) {
	for _, sharing := range sharings() {
		net := tinyNet(t, sharing)
		enliven(t, net.network, 1)
		s := net.space
		from, to := s.Smallest(), s.Largest()
		m, err := NewModel(s, from, &Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		enliven(t, m.network, 7)
		fill, err := net.Extract(t.Context(), to, nil)
		if err != nil {
			t.Fatal(err)
		}
		shared := net.values()
		out, _ := morphOf(t, m, to, &MorphOptions{Supernet: net})
		sameValues(t, net.values(), shared)
		old, filled, got := m.values(), fill.values(), out.values()
		sites := make(map[string]*searchspace.Node)
		for i := range m.prog.graph.Nodes {
			sites[m.prog.graph.Nodes[i].Site] = &m.prog.graph.Nodes[i]
		}
		for i := range out.prog.graph.Nodes {
			n := &out.prog.graph.Nodes[i]
			for _, kind := range kindsOf(n) {
				key := own{}.place(n, kind).key
				want, size := slices.Clone(filled[key]), out.store.byKey[key].extent
				if s := sites[n.Site]; s != nil {
					oldKey := own{}.place(s, kind).key
					asGrown(want, size, old[oldKey], m.store.byKey[oldKey].extent)
				} else if strings.HasSuffix(n.Site, "point_linear.bn") && (kind == kindGamma || kind == kindBeta) {
					clear(want)
				}
				if !slices.Equal(got[key], want) {
					t.Fatalf("%v: %s has other numbers than the old network and the supernet give", sharing, key)
				}
			}
		}
	}
}

// TestMorphBegins: initial numbers that nothing would be left of are not drawn, and that changes no
// bit. Without new channels none are.
func TestMorphBegins(t *testing.T) {
	space := tinySpace(t)
	for i := range uint64(6) {
		from, to := sample(t, space, 2*i), sample(t, space, 2*i+1)
		if i == 0 {
			from, to = space.Largest(), space.Smallest()
		}
		m, err := NewModel(space, from, &Options{Seed: i})
		if err != nil {
			t.Fatal(err)
		}
		enliven(t, m.network, i)
		o := &MorphOptions{Classes: Unnamed(space.Classes() + int(i%2))}
		out, _ := morphOf(t, m, to, o)
		p, weights, err := m.beginMorph(t.Context(), to, o)
		if err != nil {
			t.Fatal(err)
		}
		ways := p.follow(func() [][]float64 { return importance(p.old, weights, p.matched) })
		want, err := newModel(m.backend, p.space, to, p.options)
		if err != nil {
			t.Fatal(err)
		}
		if err := want.goOn(ways, weights); err != nil {
			t.Fatal(err)
		}
		sameValues(t, out.values(), want.values())
		begin := ways.begin()
		for _, sp := range want.store.list {
			if sp.kind == kindWeight && i == 0 && begin(sp) {
				t.Errorf("%s is drawn, and nothing is left of it", sp.key)
			}
		}
	}
}

// asGrown puts a smaller tensor into a larger one by the definition.
func asGrown(to []float32, size extent, from []float32, old extent) {
	margin := (size.kernel - old.kernel) / 2
	for i := range to {
		out, rest := i%size.out, i/size.out
		in, y, x := rest%size.in, rest/size.in/size.kernel-margin, rest/size.in%size.kernel-margin
		if out >= old.out {
			continue
		}
		to[i] = 0
		if in < old.in && 0 <= min(x, y) && max(x, y) < old.kernel {
			to[i] = from[((y*old.kernel+x)*old.in+in)*old.out+out]
		}
	}
}

// byImportance is the n most important of channels, by definition, in their order.
func byImportance(n, channels int, important func(c int) float64) []int {
	all := prefix(channels, channels)
	slices.SortFunc(all, func(a, b int) int { return cmp.Compare(important(b), important(a)) })
	all = all[:n]
	slices.Sort(all)
	return all
}

// TestMorphKeepsImportant shrinks the expansion and the kernel of one layer with
// squeeze-and-excitation and compares all its tensors with the definition.
func TestMorphKeepsImportant(t *testing.T) {
	s := tinySpace(t)
	m, err := NewModel(s, s.Largest(), &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 7)
	choices := s.Largest().Choices()
	choices[s.DecisionIndex("stage2.layer1.expand")] = 0
	choices[s.DecisionIndex("stage2.layer1.kernel")] = 0
	to, err := s.New(choices)
	if err != nil {
		t.Fatal(err)
	}
	out, report := morphOf(t, m, to, nil)
	if report.Preserved {
		t.Error("the function stays")
	}
	old, got := m.values(), out.values()
	var name string
	for _, n := range m.prog.graph.Nodes {
		if n.Site == "stage2.layer1.depth_conv.conv" {
			name = strings.TrimSuffix(n.Name, "depth_conv.conv")
		}
	}
	at := func(values map[string][]float32, key string) []float32 { return values[name+key] }
	width := len(at(old, "point_linear.bn.bias"))
	inner, hidden := len(at(old, "depth_conv.bn.bias")), len(at(old, "depth_conv.se.fc.reduce.bias"))
	norm := func(row []float32) (sum float64) {
		for _, v := range row {
			sum += math.Abs(float64(v))
		}
		return sum
	}
	channels := byImportance(len(at(got, "depth_conv.bn.bias")), inner, func(c int) float64 {
		return norm(at(old, "point_linear.conv.weight")[c*width:][:width]) *
			math.Abs(float64(at(old, "depth_conv.bn.weight")[c]))
	})
	units := byImportance(len(at(got, "depth_conv.se.fc.reduce.bias")), hidden, func(h int) float64 {
		return norm(at(old, "depth_conv.se.fc.expand.weight")[h*inner:][:inner])
	})
	if slices.Equal(channels, prefix(inner, len(channels))) || slices.Equal(units, prefix(hidden, len(units))) {
		t.Fatal("the first channels are the most important ones: nothing is tested")
	}
	all := prefix(width, width)
	check := func(key string, in, out []int, ins, outs int) {
		t.Helper()
		var want []float32
		for _, i := range in {
			for _, o := range out {
				want = append(want, at(old, key)[i*outs+o])
			}
		}
		if !slices.Equal(at(got, key), want) {
			t.Errorf("%s: %v, expected %v", key, at(got, key), want)
		}
	}
	check("inverted_bottleneck.conv.weight", all, channels, width, inner)
	for _, bn := range []string{"inverted_bottleneck.bn.", "depth_conv.bn."} {
		for _, v := range []string{"weight", "bias", "running_mean", "running_var"} {
			check(bn+v, []int{0}, channels, 1, inner)
		}
	}
	var centre []int // of kernel 7
	for y := 2; y < 5; y++ {
		for x := 2; x < 5; x++ {
			centre = append(centre, 7*y+x)
		}
	}
	check("depth_conv.conv.weight", centre, channels, 49, inner)
	check("depth_conv.se.fc.reduce.weight", channels, units, inner, hidden)
	check("depth_conv.se.fc.reduce.bias", []int{0}, units, 1, hidden)
	check("depth_conv.se.fc.expand.weight", units, channels, hidden, inner)
	check("depth_conv.se.fc.expand.bias", []int{0}, channels, 1, inner)
	check("point_linear.conv.weight", channels, all, inner, width)
	for key, v := range got {
		if !strings.HasPrefix(key, name) && !slices.Equal(v, old[key]) {
			t.Errorf("%s changed", key)
		}
	}
}

// TestMorphPadding: kernels that reach over more than padding can shrink without effect, and the
// report knows.
func TestMorphPadding(t *testing.T) {
	s := tinySpace(t) // at 16 pixels maps of stages 3 and 4 are 2×2, those of stage 5 one pixel
	for decision, preserved := range map[string]bool{
		"stage1.layer0.kernel": false, "stage2.layer1.kernel": false,
		"stage3.layer1.kernel": true, "stage4.layer0.kernel": true, "stage5.layer1.kernel": true,
	} {
		choices := s.Largest().Choices()
		choices[s.DecisionIndex(decision)] = 0
		to, err := s.New(choices)
		if err != nil {
			t.Fatal(err)
		}
		report, err := morphing(t, s, s.Largest(), to, 1)
		if err != nil || report.Preserved != preserved || report.Count(MorphShrunk) != 1 {
			t.Errorf("%s: %v\n%v", decision, err, report)
		}
	}
}

// TestTies checks which channels move together in a network with all kinds of layers.
func TestTies(t *testing.T) {
	s := tinySpace(t)
	g, err := s.Lower(s.Largest())
	if err != nil {
		t.Fatal(err)
	}
	tie, at := ties(g), make(map[string]int)
	for i := range g.Nodes {
		at[g.Nodes[i].Site] = i
	}
	const block = "stage2.layer1."
	for _, c := range []struct {
		a, b     string
		together bool
	}{
		{"stage2.layer0.point_linear.conv", block + "point_linear.conv", true}, // the sum of both
		{block + "inverted_bottleneck.conv", block + "depth_conv.se.fc.expand", true},
		{block + "inverted_bottleneck.conv", block + "depth_conv.conv", true},
		{block + "depth_conv.se.fc.reduce", block + "depth_conv.se.fc.expand", false},
		{block + "inverted_bottleneck.conv", block + "point_linear.conv", false},
		{block + "point_linear.conv", "stage3.layer0.point_linear.conv", false},
		{"final_expand_layer.conv", "global_avg_pool", true},
		{"feature_mix_layer.conv", "classifier.linear", false},
	} {
		if at[c.a] == 0 || at[c.b] == 0 || (tie[at[c.a]] == tie[at[c.b]]) != c.together {
			t.Errorf("%s (node %d) and %s (node %d): together %v, expected %v", c.a, at[c.a], c.b, at[c.b],
				!c.together, c.together)
		}
	}
}
