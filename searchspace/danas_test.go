package searchspace_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func danas(t testing.TB, o searchspace.DANASOptions) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.DANAS(o))
}

func TestDANASCandidates(t *testing.T) {
	for _, c := range []struct {
		variant    searchspace.DANASVariant
		layers     int
		candidates string
	}{
		{"", 21, "ir1k3 ir1k5 ir3k3 ir3k5 ir6k3 ir6k5"},
		{searchspace.DANASMobilePlus, 21, "ir1k3 ir1k5 ir3k3 ir3k5 ir6k3 ir6k5 ir1n3 ir1n5 ir3n3 ir3n5 ir6n3 ir6n5"},
		{searchspace.DANASShuffle, 20, "sh1k3 sh1k5 sh1k7 sh3k3 sh3k5 sh3k7"},
		{searchspace.DANASShufflePlus, 20, "sh1k3 sh1k5 sh1k7 sh3k3 sh3k5 sh3k7 sh1n3 sh1n5 sh3n3 sh3n5"},
		{searchspace.DANASShuffleMobile, 20, "sh1k3 sh1k5 sh1k7 sh3k3 sh3k5 sh3k7 ir1k3 ir1k5 ir3k3 ir3k5 ir6k3 ir6k5"},
	} {
		for _, se := range []bool{false, true} {
			s := danas(t, searchspace.DANASOptions{Variant: c.variant, SE: se})
			want := strings.Fields(c.candidates)
			if se {
				want = append(want, strings.Fields(strings.ReplaceAll(c.candidates+" ", " ", "se "))...)
			}
			decisions := s.Decisions()
			if len(decisions) != c.layers || strings.Join(decisions[0].Labels, " ") != strings.Join(want, " ") {
				t.Errorf("%s: %d layers of %v, expected %d of %v", s.Name(), len(decisions), decisions[0].Labels, c.layers, want)
			}
			if size := new(big.Int).Exp(big.NewInt(int64(len(want))), big.NewInt(int64(c.layers)), nil); s.Size().Cmp(size) != 0 {
				t.Errorf("%s: %v networks, expected %v", s.Name(), s.Size(), size)
			}
		}
	}
	if _, err := searchspace.DANAS(searchspace.DANASOptions{Variant: "none"}); err == nil {
		t.Error("unknown variant accepted")
	}
	if _, err := searchspace.DANAS(searchspace.DANASOptions{Dropout: 1}); err == nil {
		t.Error("dropout 1 accepted")
	}
}

// TestDANASLayers counts blocks of each kind by hand.
func TestDANASLayers(t *testing.T) {
	s := danas(t, searchspace.DANASOptions{Variant: searchspace.DANASShufflePlus, SE: true, InputSize: 32, Classes: 2})
	g := lowerText(t, s, "sh1k5,sh3n3,sh1k3se"+strings.Repeat(",sh3k7", 17))
	got := map[string]int64{}
	for _, l := range g.Layers() {
		got[l.Name] = l.MAdds
	}
	for name, want := range map[string]int64{
		"first_conv.conv":                   3 * 9 * 16 * 256,
		"blocks.0.branch_proj.0.conv":       25 * 16 * 64,
		"blocks.0.branch_proj.1.conv":       16 * 32 * 64,
		"blocks.0.branch_main.0.conv":       16 * 32 * 256,
		"blocks.0.branch_main.1.conv":       25 * 32 * 64,
		"blocks.0.branch_main.2.conv":       32 * 32 * 64,
		"blocks.1.branch_main.0.conv":       9 * 32 * 32 * 64,
		"blocks.1.branch_main.5.conv":       32 * 32 * 64,
		"blocks.1.branch_proj.0.conv":       0,
		"blocks.2.branch_main.se.fc.reduce": 32 * 8,
		"blocks.4.branch_main.1.conv":       64 * 80 * 16,
		"blocks.4.branch_main.2.conv":       49 * 80 * 16,
		"feature_mix_layer.conv":            640 * 1024,
	} {
		if got[name] != want {
			t.Errorf("%s has %d multiply-adds, expected %d", name, got[name], want)
		}
	}
	m := danas(t, searchspace.DANASOptions{Variant: searchspace.DANASMobilePlus, InputSize: 32, Classes: 2})
	g = lowerText(t, m, "ir3n3"+strings.Repeat(",ir1k5", 20))
	for _, l := range g.Layers() {
		if l.Name == "blocks.1.conv.depth_conv.conv" && l.MAdds != 9*48*48*64 {
			t.Errorf("normal convolution of %d multiply-adds", l.MAdds)
		}
		if strings.HasPrefix(l.Name, "blocks.2.conv.inverted") {
			t.Errorf("%s in a block of expansion 1", l.Name)
		}
	}
}

// TestDANASIsMobile: the Mobile space is ProxylessNAS with depth 4.
func TestDANASIsMobile(t *testing.T) {
	m := danas(t, searchspace.DANASOptions{})
	p := must[*searchspace.Space](t)(searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Expands: []int{1, 3, 6}, Dropout: -1}))
	var ops, kernels, ratios []string
	for i := range 21 {
		k, e := []string{"3", "5"}[i%2], []string{"1", "3", "6"}[i*i%3]
		ops, kernels, ratios = append(ops, "ir"+e+"k"+k), append(kernels, k), append(ratios, e)
	}
	a := lowerText(t, m, strings.Join(ops, ",")).Cost()
	b := lowerText(t, p, "4,4,4,4,4,1:"+strings.Join(kernels, ",")+":"+strings.Join(ratios, ",")).Cost()
	if a != b {
		t.Errorf("costs %+v and %+v", a, b)
	}
}

// Where candidates share weights, architectures are the same with the same texts and costs, and a
// layer has one site for each convolution.
func TestDANASShared(t *testing.T) {
	o := searchspace.DANASOptions{InputSize: 32, Layers: 2, Width: 0.25, Classes: 5}
	own := danas(t, o)
	o.Shared = true
	s := danas(t, o)
	r := rand.New(rand.NewPCG(1, 5))
	for range 20 {
		a := must[searchspace.Arch](t)(own.Sample(r))
		b := must[searchspace.Arch](t)(s.Parse(own.Format(a)))
		x, y := must[searchspace.Cost](t)(own.Cost(a)), must[searchspace.Cost](t)(s.Cost(b))
		if s.Format(b) != own.Format(a) || x != y {
			t.Errorf("%s: %+v, where candidates share weights %s: %+v", own.Format(a), x, s.Format(b), y)
		}
	}
	convs := 0
	for _, site := range must[[]searchspace.Site](t)(s.Sites()) {
		convs += asInt(site.Op == searchspace.OpConv)
	}
	if convs != 11*3+4 { // as in TestPrunedChoices
		t.Errorf("%d convolutions, expected %d", convs, 11*3+4)
	}
	for _, o := range []searchspace.DANASOptions{{Shared: true, SE: true},
		{Shared: true, Variant: searchspace.DANASMobilePlus}, {Shared: true, Variant: searchspace.DANASShuffle}} {
		if _, err := searchspace.DANAS(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// TestPrunedChoices: candidates that restrictions remove leave the choice graph.
func TestPrunedChoices(t *testing.T) {
	s := danas(t, searchspace.DANASOptions{InputSize: 32, Classes: 5})
	count := func(s *searchspace.Space) (convs int) {
		for _, site := range must[[]searchspace.Site](t)(s.Sites()) {
			convs += asInt(site.Op == searchspace.OpConv)
		}
		return convs
	}
	narrow := must[*searchspace.Space](t)(s.Restrict(searchspace.Restriction{Decisions: []string{"*.op"}, Keep: []int{0, 5}}))
	// Of 2·(2+3+3) convolutions a layer, 2+3 stay; 5 are outside the layers.
	if all, left := count(s), count(narrow); all != 21*16+4 || left != 21*5+4 {
		t.Errorf("%d convolutions before and %d after pruning, expected %d and %d", all, left, 21*16+4, 21*5+4)
	}
	one := must[*searchspace.Space](t)(s.Restrict(searchspace.Restriction{Decisions: []string{"*.op"}, Keep: []int{3}}))
	g := must[*searchspace.ChoiceGraph](t)(one.LowerChoices())
	for i := range g.Nodes {
		if g.Nodes[i].Op == searchspace.OpSelect {
			t.Error("a choice node where one candidate is left")
		}
	}
}

// TestDANASSmall: width, stem and layers make the spaces small; what all candidates of a layer cost
// together is counted, and the published form is the default.
func TestDANASSmall(t *testing.T) {
	mobile, shuffle := searchspace.DANASMobile, searchspace.DANASShuffle
	for _, c := range []struct {
		o       searchspace.DANASOptions
		layers  int
		mixture float64 // millions
		stem    searchspace.Shape
	}{
		{searchspace.DANASOptions{Variant: mobile, StemStride: 1}, 21, 122.17, searchspace.Shape{C: 32, H: 32, W: 32}},
		{searchspace.DANASOptions{Variant: mobile, StemStride: 1, Width: 0.25}, 21, 16.15, searchspace.Shape{C: 8, H: 32, W: 32}},
		{searchspace.DANASOptions{Variant: mobile, StemStride: 1, Width: 0.25, Layers: 2}, 11, 8.81, searchspace.Shape{C: 8, H: 32, W: 32}},
		{searchspace.DANASOptions{Variant: shuffle, StemStride: 1}, 20, 162.84, searchspace.Shape{C: 16, H: 32, W: 32}},
		{searchspace.DANASOptions{Variant: shuffle, StemStride: 1, Width: 0.25, Layers: 2}, 8, 7.99, searchspace.Shape{C: 8, H: 32, W: 32}},
		{searchspace.DANASOptions{Variant: mobile, Width: 1, StemStride: 2, Layers: 4}, 21, 0, searchspace.Shape{C: 32, H: 16, W: 16}},
		{searchspace.DANASOptions{Variant: mobile, Layers: 16}, 81, 0, searchspace.Shape{C: 32, H: 16, W: 16}},
	} {
		c.o.InputSize, c.o.Classes = 32, 100
		s := danas(t, c.o)
		g := must[*searchspace.ChoiceGraph](t)(s.LowerChoices())
		var all float64
		for _, term := range must[[]searchspace.Term](t)(g.Terms(func(n *searchspace.Node) float64 { return float64(n.MAdds()) })) {
			for _, v := range term.Table {
				all += v
			}
		}
		net := must[*searchspace.Graph](t)(s.Lower(s.Largest()))
		if n := len(s.Decisions()); n != c.layers || net.Nodes[1].Out != c.stem ||
			c.mixture > 0 && math.Abs(all/1e6-c.mixture) > 0.005 {
			t.Errorf("%+v: %d layers after a stem of %v, %.2f M multiply-adds as a mixture, expected %d, %v, %.2f",
				c.o, n, net.Nodes[1].Out, all/1e6, c.layers, c.stem, c.mixture)
		}
		back := must[*searchspace.Space](t)(searchspace.FromSpec(s.Spec()))
		if was, is := must[searchspace.Cost](t)(s.Cost(s.Largest())), must[searchspace.Cost](t)(back.Cost(back.Largest())); was != is {
			t.Errorf("%+v: rebuilt it costs %+v, expected %+v", c.o, is, was)
		}
	}
	plain, written := danas(t, searchspace.DANASOptions{}), danas(t, searchspace.DANASOptions{Width: 1, StemStride: 2, Layers: 4})
	if a, b := must[searchspace.Cost](t)(plain.Cost(plain.Largest())), must[searchspace.Cost](t)(written.Cost(written.Largest())); a != b {
		t.Errorf("written out, the published form costs %+v, expected %+v", b, a)
	}
	for want, o := range map[string]searchspace.DANASOptions{
		"width multiplier -1":  {Width: -1},
		"width multiplier 17":  {Width: 17},
		"stem stride 3":        {StemStride: 3},
		"-1 layers in a stage": {Layers: -1},
		"17 layers in a stage": {Layers: 17},
	} {
		if _, err := searchspace.DANAS(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, expected one with %q", o, err, want)
		}
	}
}
