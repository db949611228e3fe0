package searchspace_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// nets are the families of NetOptions.
func nets() map[string]func(searchspace.NetOptions) (*searchspace.Space, error) {
	return map[string]func(searchspace.NetOptions) (*searchspace.Space, error){"vgg": searchspace.VGG,
		"resnet": searchspace.ResNet, "mobilenet": searchspace.MobileNet, "shufflenet": searchspace.ShuffleNet}
}

func regnet(t testing.TB, o searchspace.RegNetOptions) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.RegNet(o))
}

// TestNetDefaults: the zero values are small networks for small images, the largest of which is the
// published design.
func TestNetDefaults(t *testing.T) {
	for name, want := range map[string]struct {
		text  string
		madds float64
		size  int64
	}{
		"vgg":        {"1,1,2,2,2:16,32,64,128,128", 9.88, 1296},
		"resnet":     {"2,2,2:8,16,32", 6.78, 48},
		"mobilenet":  {"1,2,3,4,3,3,1:8,16,16,32,48,80,160", 7.84, 10368},
		"shufflenet": {"4,8,4", 7.50, 8},
		"regnet":     {"1,1,4,7:16,40,112,272", 9.29, 216},
	} {
		s := regnet(t, searchspace.RegNetOptions{})
		if open, ok := nets()[name]; ok {
			s = must[*searchspace.Space](t)(open(searchspace.NetOptions{}))
		}
		c := must[searchspace.Cost](t)(s.Cost(s.Largest()))
		if got := s.Format(s.Largest()); got != want.text || math.Abs(float64(c.MAdds)/1e6-want.madds) > 0.005 || c.MAdds > 1e7 ||
			s.Size().Int64() != want.size || s.InputSize() != 32 || s.Classes() != 10 {
			t.Errorf("%s: %s with %d multiply-adds, %v networks of %d pixels and %d classes, expected %+v", name, got, c.MAdds,
				s.Size(), s.InputSize(), s.Classes(), want)
		}
		hundred := must[*searchspace.Space](t)(s.WithClasses(100))
		if c := must[searchspace.Cost](t)(hundred.Cost(hundred.Largest())); c.MAdds > 1e7 {
			t.Errorf("%s: %d multiply-adds with 100 classes, expected at most 10 M", name, c.MAdds)
		}
		one := must[*searchspace.Space](t)(s.Restrict(searchspace.Restriction{Decisions: []string{"*"}, Keep: []int{0}}))
		if one.Smallest() != s.Smallest() {
			t.Errorf("%s: the first choices are %s, expected the smallest %s", name, s.Format(one.Smallest()), s.Format(s.Smallest()))
		}
	}
}

// TestNetShared: what the options of the families say, they do.
func TestNetShared(t *testing.T) {
	for name, open := range nets() {
		o := searchspace.NetOptions{Width: 0.5, StemStride: 2, InputSize: 48, Classes: 3, Dropout: 0.2, DepthRange: -1}
		if name != "shufflenet" {
			o.Widths = []float64{1}
		}
		s := must[*searchspace.Space](t)(open(o))
		g := must[*searchspace.Graph](t)(s.Lower(s.Largest()))
		drops := 0
		for _, n := range g.Nodes {
			drops += asInt(n.Op == searchspace.OpDropout && n.Rate == 0.2)
		}
		if s.Size().Int64() != 1 || g.Nodes[1].Out.H != 24 || g.Classes != 3 || drops != 1 {
			t.Errorf("%s: %v networks, stem of %v, %d classes, %d dropouts", name, s.Size(), g.Nodes[1].Out, g.Classes, drops)
		}
		stages := len(must[*searchspace.Space](t)(open(searchspace.NetOptions{})).Decisions())
		if name != "shufflenet" {
			stages /= 2 // a depth and a width each
		}
		layers := func(first int) []int {
			out := slices.Repeat([]int{1}, stages)
			out[0] = first
			return out
		}
		wrong := map[string]searchspace.NetOptions{
			"width multiplier -1":          {Width: -1},
			"stem stride 3":                {StemStride: 3},
			"dropout 1":                    {Dropout: 1},
			"layers of 2 stages, expected": {Layers: []int{1, 2}},
			"0 layers in stage 1":          {Layers: layers(0)},
			"65 layers in stage 1":         {Layers: layers(65)},
			"widths [0 1], expected":       {Widths: []float64{0, 1}},
			"input size -1, expected 1 to": {InputSize: -1},
			"-1 classes, expected 1 to":    {Classes: -1},
		}
		if name != "shufflenet" {
			wrong["widths [0.5 0.5 1], expected"] = searchspace.NetOptions{Widths: []float64{0.5, 0.5, 1}}
			wrong["widths [0.5 0.75], expected"] = searchspace.NetOptions{Widths: []float64{0.5, 0.75}}
		}
		for want, o := range wrong {
			if _, err := open(o); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %+v: error %v, expected one with %q", name, o, err, want)
			}
		}
	}
}

// TestRegNet: the rule gives the published stages; squeeze-and-excitation makes RegNetY.
func TestRegNet(t *testing.T) {
	for text, o := range map[string]searchspace.RegNetOptions{
		"1,1,4,7:24,56,152,368":  {SE: true},
		"1,3,6,6:48,104,208,440": {Depth: 16, W0: 48, WA: 27.89, WM: 2.09, Group: 8, SE: true}, // RegNetY-400MF
	} {
		o.Width, o.StemStride, o.InputSize, o.Classes = 1, 2, 224, 1000
		s := regnet(t, o)
		c := must[searchspace.Cost](t)(s.Cost(s.Largest()))
		want := map[bool]float64{true: 3.163, false: 4.344}[o.Depth == 0] // printed 3.2 and 4.3
		if got := s.Format(s.Largest()); got != text || math.Abs(float64(c.Params)/1e6-want) > 0.001 {
			t.Errorf("%+v: %s with %d parameters, expected %s with %v M", o, got, c.Params, text, want)
		}
	}
	s := regnet(t, searchspace.RegNetOptions{Group: 24, W0: 48, WM: 2.24, Width: 1})
	for _, n := range must[*searchspace.Graph](t)(s.Lower(s.Smallest())).Nodes {
		if n.Op == searchspace.OpConv && n.Groups > 1 && n.In.C/n.Groups != 24 {
			t.Errorf("%s has groups of %d channels, expected 24", n.Name, n.In.C/n.Groups)
		}
	}
	for want, o := range map[string]searchspace.RegNetOptions{
		"65 blocks":            {Depth: 65},
		"w0 4":                 {W0: 4},
		"wa -1":                {WA: -1},
		"wm 1,":                {WM: 1},
		"groups of -8":         {Group: -8},
		"64 stages, expected":  {Depth: 64, WM: 1.0001, WA: 16},
		"width multiplier 17":  {Width: 17},
		"widths [2], expected": {Widths: []float64{2}},
	} {
		if _, err := searchspace.RegNet(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, expected one with %q", o, err, want)
		}
	}
}
