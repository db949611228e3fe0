package searchspace_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/searchspace"
)

func ExampleGraph_String() {
	space, err := searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet})
	if err != nil {
		fmt.Println(err)
		return
	}
	arch, err := space.Parse("8,1,separable,5,dense,3,16,0,dense,3,dense,3")
	if err != nil {
		fmt.Println(err)
		return
	}
	graph, err := space.Lower(arch)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(graph)
	// Output:
	// layer                             operation         output  parameters  multiply-adds
	// input                             Input            3×32×32
	// stem.conv                         Conv2d k3 s2     8×16×16         216          55296
	// stem.bn                           BatchNorm2d      8×16×16          16
	// stem.act                          Activation relu  8×16×16
	// stages.0.down.conv                Conv2d k3 s2       8×8×8         576          36864
	// stages.0.down.bn                  BatchNorm2d        8×8×8          16
	// stages.0.down.act                 Activation relu    8×8×8
	// stages.0.layers.0.depthwise.conv  Conv2d k5 s1 g8    8×8×8         200          12800
	// stages.0.layers.0.depthwise.bn    BatchNorm2d        8×8×8          16
	// stages.0.layers.0.depthwise.act   Activation relu    8×8×8
	// stages.0.layers.0.pointwise.conv  Conv2d k1 s1       8×8×8          64           4096
	// stages.0.layers.0.pointwise.bn    BatchNorm2d        8×8×8          16
	// stages.0.layers.0.add             Add                8×8×8
	// stages.1.down.conv                Conv2d k3 s2      16×4×4        1152          18432
	// stages.1.down.bn                  BatchNorm2d       16×4×4          32
	// stages.1.down.act                 Activation relu   16×4×4
	// pool                              GlobalAvgPool     16×1×1
	// classifier                        Linear            10×1×1         170            160
	// total                                                             2474         127648
}

// TestSummary: columns are aligned, and the lines add up to the total.
func TestSummary(t *testing.T) {
	for name, s := range spaces(t) {
		g := must[*searchspace.Graph](t)(s.Lower(must[searchspace.Arch](t)(s.Sample(newRand(9)))))
		lines := strings.Split(strings.TrimSuffix(g.String(), "\n"), "\n")
		if len(lines) != len(g.Nodes)+2 {
			t.Fatalf("%s: %d lines for %d nodes", name, len(lines), len(g.Nodes))
		}
		width := utf8.RuneCountInString(lines[0])
		var params, madds int64
		for i, l := range lines {
			fields := strings.Fields(l)
			if utf8.RuneCountInString(l) > width || i > 0 && i <= len(g.Nodes) && fields[0] != g.Nodes[i-1].Name {
				t.Errorf("%s: line %q below %q", name, l, lines[0])
			}
			if i == 0 || i > len(g.Nodes) {
				continue
			}
			n := &g.Nodes[i-1]
			if !strings.Contains(l, n.Op.String()) || !strings.Contains(l, n.Out.String()) {
				t.Errorf("%s: line %q lacks %v or %v", name, l, n.Op, n.Out)
			}
			if n.MAdds() > 0 && fields[len(fields)-1] != strconv.FormatInt(n.MAdds(), 10) {
				t.Errorf("%s: line %q, expected %d multiply-adds", name, l, n.MAdds())
			}
			params, madds = params+n.Params(), madds+n.MAdds()
		}
		want := fmt.Sprint("total ", params, " ", madds)
		if got := strings.Join(strings.Fields(lines[len(lines)-1]), " "); got != want {
			t.Errorf("%s: last line %q, expected %q", name, got, want)
		}
	}
}
