package searchspace_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestWeightNames compares names and shapes with those PyTorch lists for the authors' code.
func TestWeightNames(t *testing.T) {
	f, err := os.Open("testdata/mobilenetv3_weights.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var want []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		want = append(want, lines.Text())
	}
	s := mobile(t, searchspace.MobileNetV3Options{Width: 0.25, Classes: 10, InputSize: 32})
	g := lowerText(t, s, "2,3,2,2,2:3,5,7,3,5,7,3,5,7,3,5,7,5,3,7,3,5,7,3,5:3,4,6,3,6,3,4,3,4,6,3,4,6,4,3,6,3,6,4,3")
	got := weights(g)
	if c := g.Cost(); c.Params != 242226 || c.MAdds != 760784 {
		t.Errorf("%d parameters and %d multiply-adds, expected 242226 and 760784", c.Params, c.MAdds)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("weights are\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if f := g.Nodes[g.Feature()]; f.Out.C != 320 || f.Act != searchspace.ActHSwish {
		t.Errorf("feature comes from %+v", f)
	}
}

// weights lists the weights of g as PyTorch would.
func weights(g *searchspace.Graph) []string {
	var out []string
	for i := range g.Nodes {
		n := &g.Nodes[i]
		switch n.Op {
		case searchspace.OpConv:
			out = append(out, fmt.Sprintf("%s.weight [%d,%d,%d,%d]", n.Name, n.Out.C, n.In.C/n.Groups, n.Kernel, n.Kernel))
		case searchspace.OpLinear:
			out = append(out, fmt.Sprintf("%s.weight [%d,%d]", n.Name, n.Out.C, n.In.C))
		case searchspace.OpBatchNorm:
			out = append(out, fmt.Sprintf("%s.weight [%d]", n.Name, n.Out.C), fmt.Sprintf("%s.bias [%d]", n.Name, n.Out.C))
		}
		if n.Bias {
			out = append(out, fmt.Sprintf("%s.bias [%d]", n.Name, n.Out.C))
		}
	}
	return out
}

// TestSinglePathWeights counts the weights of the published single-path supernet, one block per
// candidate.
func TestSinglePathWeights(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	sites := must[[]searchspace.Site](t)(s.Sites())
	var params int64
	blocks := map[string]int{}
	for _, site := range sites {
		for _, v := range site.Variants {
			params += v.Params
		}
		blocks[site.Block] = len(site.Variants)
	}
	if params != 30382856 {
		t.Errorf("%d parameters, expected 30382856", params)
	}
	if len(blocks) != 22 || blocks["stage5.layer3"] != 9 || blocks["first_block"] != 1 {
		t.Errorf("candidates per block: %v", blocks)
	}
}

// TestSitesFit checks that every layer of random networks fits its site.
func TestSitesFit(t *testing.T) {
	for name, s := range spaces(t) {
		sites := map[string]searchspace.Site{}
		list, err := s.Sites()
		if err != nil {
			continue // families without a choice graph; see TestNoChoiceGraph
		}
		for _, site := range list {
			sites[site.Name] = site
		}
		r := newRand(1)
		for range 20 {
			g := must[*searchspace.Graph](t)(s.Lower(must[searchspace.Arch](t)(s.Sample(r))))
			for i := range g.Nodes {
				n := &g.Nodes[i]
				if n.Params() == 0 {
					continue
				}
				site, ok := sites[n.Site]
				if !ok || site.Op != n.Op || n.Kernel > site.Kernel || n.In.C > site.In || n.Out.C > site.Out || site.Bias != n.Bias || site.Block != n.Block {
					t.Fatalf("%s: %+v does not fit %+v", name, n, site)
				}
				found := false
				for _, v := range site.Variants {
					found = found || v.Key == n.Variant && v.Kernel >= n.Kernel && v.In >= n.In.C && v.Out >= n.Out.C && v.Params >= n.Params()
				}
				if !found {
					t.Fatalf("%s: no variant of %+v for %+v", name, site, n)
				}
			}
		}
	}
}

func TestEncode120(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	if s.EncodingLen() != 120 {
		t.Fatalf("%d numbers, expected 120", s.EncodingLen())
	}
	a := must[searchspace.Arch](t)(s.Parse("2,2,2,3,4:" + "7,5,3,3," + strings.Repeat("3,3,3,3,", 3) + "3,5,7,5:" + "4,6,3,3," + strings.Repeat("3,3,3,3,", 3) + "6,3,4,6"))
	code := s.Encode(a)
	row := func(list, slot int) string {
		var b strings.Builder
		for _, v := range code[60*list+3*slot:][:3] {
			fmt.Fprintf(&b, "%g", v)
		}
		return b.String()
	}
	for _, c := range []struct {
		slot           int
		kernel, expand string
	}{
		{0, "001", "010"}, {1, "010", "001"}, {2, "000", "000"}, {3, "000", "000"},
		{4, "100", "100"}, {6, "000", "000"}, {14, "100", "100"}, {15, "000", "000"},
		{16, "100", "001"}, {17, "010", "100"}, {18, "001", "010"}, {19, "010", "001"},
	} {
		if row(0, c.slot) != c.kernel || row(1, c.slot) != c.expand {
			t.Errorf("slot %d is encoded %s and %s, expected %s and %s", c.slot, row(0, c.slot), row(1, c.slot), c.kernel, c.expand)
		}
	}
}

// TestIgnoredSlots: what stands past a stage's depth does not matter.
func TestIgnoredSlots(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	three := strings.Repeat("3,", 19) + "3"
	a := must[searchspace.Arch](t)(s.Parse("2,2,2,2,2:" + three + ":" + three))
	for _, slot := range []string{"7", "0", "9", "123"} {
		text := "2,2,2,2,2:3,3," + slot + ",3" + three[7:] + ":" + three
		b, err := s.Parse(text)
		if err != nil || a != b {
			t.Errorf("%s gives %s, %v", text, s.Format(b), err)
		}
		if s.Format(b) != "2,2,2,2,2:"+three+":"+three {
			t.Errorf("%s prints as %s", text, s.Format(b))
		}
	}
	var syntax *searchspace.SyntaxError
	if _, err := s.Parse("2,2,2,2,2:3,3,x,3" + three[7:] + ":" + three); !errors.As(err, &syntax) || syntax.Offset != 14 {
		t.Errorf("a letter past the depth gives %v", err)
	}
}

func TestMobileNetV3Options(t *testing.T) {
	for _, o := range []searchspace.MobileNetV3Options{
		{Width: -1}, {Width: 1e9}, {StemStride: 3}, {Dropout: 1}, {Classes: -1}, {InputSize: -1},
		{Depths: []int{0, 1}}, {Depths: []int{3, 2}}, {Depths: []int{2, 2}}, {Kernels: []int{4}}, {Kernels: []int{-3}}, {Expands: []int{0}}, {Expands: []int{99}},
	} {
		if _, err := searchspace.MobileNetV3(o); err == nil {
			t.Errorf("options %+v accepted", o)
		}
	}
	for _, width := range []float64{0.25, 0.35, 0.5, 0.75, 1, 1.1, 1.2, 1.3} {
		s := mobile(t, searchspace.MobileNetV3Options{Width: width, Dropout: -1})
		g := must[*searchspace.Graph](t)(s.Lower(s.Largest()))
		for i := range g.Nodes {
			n := &g.Nodes[i]
			if n.Op == searchspace.OpDropout {
				t.Error("dropout in a network without")
			}
			if n.Op != searchspace.OpLinear && n.Out.C != 3 && n.Out.C%8 != 0 {
				t.Errorf("width %v: %s has %d channels", width, n.Name, n.Out.C)
			}
		}
	}
}
