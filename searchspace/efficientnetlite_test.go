package searchspace_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func lite(t testing.TB, o searchspace.EfficientNetLiteOptions) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.EfficientNetLite(o))
}

// TestLiteModels holds Lite0 to Lite4 to the authors' counts: parameters to the unit, multiply-adds
// as the note of the models explains.
func TestLiteModels(t *testing.T) {
	for name, want := range map[string]struct {
		params int64
		size   int
		depths string
	}{
		"efficientnet_lite0": {4652008, 224, "2,2,3,3,4,1"},
		"efficientnet_lite1": {5416680, 240, "3,3,4,4,5,1"},
		"efficientnet_lite2": {6092072, 260, "3,3,4,4,5,1"},
		"efficientnet_lite3": {8197096, 280, "3,3,5,5,6,1"},
		"efficientnet_lite4": {13006568, 300, "4,4,6,6,8,1"},
	} {
		m, ok := searchspace.FindModel(name)
		if !ok {
			t.Fatalf("no model %s", name)
		}
		s, a, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		g := must[*searchspace.Graph](t)(s.Lower(a))
		c := g.Cost()
		if depths, _, _ := strings.Cut(m.Text, ":"); c.Params != want.params || s.InputSize() != want.size || depths != want.depths {
			t.Errorf("%s: %d parameters at %d px with depths %s, expected %+v", name, c.Params, s.InputSize(), depths, want)
		}
		if r := int64(math.Round(1e6 * m.Reported.Params)); r != want.params {
			t.Errorf("%s: %d parameters are reported, expected %d", name, r, want.params)
		}
		var normed int64
		for i := range g.Nodes {
			if n := &g.Nodes[i]; n.Op == searchspace.OpBatchNorm {
				normed += n.Out.Size()
			}
		}
		if got := float64(c.MAdds+3*normed) / 1e6; math.Abs(got-m.Reported.MAdds) > 0.005*m.Reported.MAdds {
			t.Errorf("%s: %.1f M with batch norms, reported %v", name, got, m.Reported.MAdds)
		}
	}
}

// TestLiteWeightNames compares names and shapes with those of published weights.
func TestLiteWeightNames(t *testing.T) {
	text, err := os.ReadFile("testdata/efficientnetlite0_weights.txt")
	if err != nil {
		t.Fatal(err)
	}
	m, _ := searchspace.FindModel("efficientnet_lite0")
	s, a, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	got := weights(must[*searchspace.Graph](t)(s.Lower(a)))
	slices.Sort(got)
	if want := strings.Fields(strings.ReplaceAll(string(text), " ", "")); !slices.Equal(want, strings.Fields(strings.ReplaceAll(strings.Join(got, "\n"), " ", ""))) {
		t.Errorf("weights are\n%s\nexpected\n%s", strings.Join(got, "\n"), text)
	}
}

// TestLiteOptions: what the options change, and what they leave alone.
func TestLiteOptions(t *testing.T) {
	const published = "2,2,3,3,4,1:3,5,3,5,5,3:6,6,6,6,6,6"
	want := must[searchspace.Cost](t)(func() (searchspace.Cost, error) {
		m, _ := searchspace.FindModel("efficientnet_lite0")
		s, a, err := m.Open()
		if err != nil {
			return searchspace.Cost{}, err
		}
		return s.Cost(a)
	}())
	for _, symmetric := range []bool{false, true} {
		s := lite(t, searchspace.EfficientNetLiteOptions{PerStage: true, Symmetric: symmetric})
		g := lowerText(t, s, published)
		if c := g.Cost(); c != want {
			t.Errorf("per stage, symmetric %v: %+v, expected %+v", symmetric, c, want)
		}
		uneven := 0
		for _, n := range g.Nodes {
			if n.PadExtra > 0 {
				uneven++
			}
		}
		if expected := map[bool]int{false: 5, true: 0}[symmetric]; uneven != expected {
			t.Errorf("symmetric %v: %d layers with more zeros after than before, expected %d", symmetric, uneven, expected)
		}
	}
	narrow := lite(t, searchspace.EfficientNetLiteOptions{PerStage: true, DepthRange: -1, Kernels: []int{3, 5}, Expands: []int{6}})
	if n := narrow.Size().Int64(); n != 1<<6 {
		t.Errorf("%d networks of 6 stages with 2 kernels, expected 64", n)
	}
	small := lite(t, searchspace.EfficientNetLiteOptions{Width: 0.25, Depth: 0.5, DepthRange: 3, StemStride: 1, InputSize: 33, Classes: 7, Dropout: -1})
	g := must[*searchspace.Graph](t)(small.Lower(small.Smallest()))
	if stem, head := g.Nodes[1], g.Nodes[g.Feature()]; stem.Out != (searchspace.Shape{C: 32, H: 33, W: 33}) || head.Out.C != 1280 {
		t.Errorf("stem of %v, embedding of %d channels, expected 32×33×33 and 1280", stem.Out, head.Out.C)
	}
	if text, _, _ := strings.Cut(small.Format(small.Largest()), ":"); text != "4,4,5,5,5,1" {
		t.Errorf("largest depths are %s, expected 4,4,5,5,5,1", text)
	}
	for given, want := range map[float64]float64{0: 0.01, 0.1: 0.1} {
		quick := lite(t, searchspace.EfficientNetLiteOptions{Momentum: given})
		for _, n := range must[*searchspace.Graph](t)(quick.Lower(quick.Smallest())).Nodes {
			if n.Op == searchspace.OpBatchNorm && n.Momentum != want {
				t.Fatalf("momentum %v gives %v in %s, expected %v", given, n.Momentum, n.Name, want)
			}
		}
	}
	for want, o := range map[string]searchspace.EfficientNetLiteOptions{
		"width multiplier -1":                  {Width: -1},
		"depth multiplier 5":                   {Depth: 5},
		"depth range 9":                        {DepthRange: 9},
		"kernel 1, expected at least 3":        {Kernels: []int{1, 3}},
		"kernel 4, expected an odd":            {Kernels: []int{4}},
		"expansion ratios [6 3], expected asc": {Expands: []int{6, 3}},
		"stem stride 3":                        {StemStride: 3},
		"dropout 1":                            {Dropout: 1},
		"momentum 1.5":                         {Momentum: 1.5},
		"momentum -1":                          {Momentum: -1},
	} {
		if _, err := searchspace.EfficientNetLite(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, expected one with %q", o, err, want)
		}
	}
}
