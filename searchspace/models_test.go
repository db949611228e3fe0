package searchspace_test

import (
	"math"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestModels: every published network opens, prints its text back, and agrees with the reported
// figures as far as its note does not say otherwise.
func TestModels(t *testing.T) {
	names := map[string]bool{}
	for _, m := range searchspace.Models() {
		s, a, err := m.Open()
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		again, err := s.Parse(s.Format(a))
		if names[m.Name] || err != nil || again != a || m.Source == "" || s.Classes() != m.Classes || m.Classes != 1000 && m.InputSize != 32 || s.InputSize() != m.InputSize {
			t.Errorf("%s: name again %v, prints as %s (%v), source %q, %d classes at %d", m.Name, names[m.Name], s.Format(a), err, m.Source, s.Classes(), s.InputSize())
		}
		names[m.Name] = true
		if err := s.Valid(a); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		c := must[searchspace.Cost](t)(s.Cost(a))
		count := float64(c.MAdds) / 1e6
		if strings.Contains(m.Note, "convolutions only") {
			count = float64(c.ConvMAdds) / 1e6
		}
		switch {
		case strings.Contains(m.Note, "exchanged"):
			// Checked against the neighbouring row below.
		case strings.Contains(m.Note, "output of a batch norm"):
			// TestLiteModels counts these.
		case math.Abs(count-m.Reported.MAdds) > 0.02*m.Reported.MAdds:
			t.Errorf("%s: %.1f M multiply-adds, reported %v", m.Name, count, m.Reported.MAdds)
		case m.Note == "" && (math.Abs(count-m.Reported.MAdds) > 0.005*m.Reported.MAdds || math.Abs(float64(c.Params)/1e6-m.Reported.Params) > 0.015*m.Reported.Params):
			t.Errorf("%s: %.1f M multiply-adds, %.2f M parameters, reported %v, and no remark says why", m.Name, count, float64(c.Params)/1e6, m.Reported)
		case m.Reported.Params > 0 && m.Name != "mobilenet_v2 x1.4" && math.Abs(float64(c.Params)/1e6-m.Reported.Params) > 0.05*m.Reported.Params:
			t.Errorf("%s: %.2f M parameters, reported %v", m.Name, float64(c.Params)/1e6, m.Reported.Params)
		}
	}
	for _, pair := range [][2]string{{"ET-NAS-E", "ET-NAS-F"}, {"ET-NAS-F", "ET-NAS-E"}, {"ET-NAS-G", "ET-NAS-H"}, {"ET-NAS-H", "ET-NAS-G"}} {
		ours, _ := searchspace.FindModel(pair[0])
		row, _ := searchspace.FindModel(pair[1])
		s, a, err := ours.Open()
		if err != nil {
			t.Fatal(err)
		}
		c := must[searchspace.Cost](t)(s.Cost(a))
		if math.Abs(float64(c.MAdds)/1e6-row.Reported.MAdds) > 6 || math.Abs(float64(c.Params)/1e6-row.Reported.Params) > 0.06 {
			t.Errorf("%s has %d and %d, row %s prints %v", pair[0], c.MAdds, c.Params, pair[1], row.Reported)
		}
	}
	if _, ok := searchspace.FindModel("nothing"); ok {
		t.Error("found a model that does not exist")
	}
}

// TestFixedModels: a fixed design is a space like any other.
func TestFixedModels(t *testing.T) {
	for _, m := range searchspace.Models() {
		if !strings.HasPrefix(m.Family, "model/") {
			continue
		}
		s, a, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		if s.Size().Int64() != 1 || s.Smallest() != a || s.Largest() != a || a.IsZero() {
			t.Errorf("%s: %v networks, smallest %v, largest %v", m.Name, s.Size(), s.Smallest(), s.Largest())
		}
		small := must[*searchspace.Space](t)(must[*searchspace.Space](t)(s.WithInput(64)).WithClasses(10))
		back := must[*searchspace.Space](t)(searchspace.FromSpec(small.Spec()))
		if was, is := must[searchspace.Cost](t)(small.Cost(a)), must[searchspace.Cost](t)(back.Cost(a)); was != is {
			t.Errorf("%s: rebuilt it costs %+v, expected %+v", m.Name, is, was)
		}
		if _, err := s.Parse("something else"); err == nil {
			t.Errorf("%s parses another text", m.Name)
		}
	}
}

// TestFixedNames spot-checks weight names against those of torchvision.
func TestFixedNames(t *testing.T) {
	for name, want := range map[string][]string{
		"mobilenet_v2 x1.0":  {"features.1.conv.0.0.weight [32,1,3,3]", "features.1.conv.1.weight [16,32,1,1]", "features.2.conv.3.weight [24]", "features.18.0.weight [1280,320,1,1]", "classifier.1.weight [1000,1280]"},
		"mobilenet_v3_large": {"features.4.block.2.fc1.weight [24,72,1,1]", "features.4.block.3.0.weight [40,72,1,1]", "features.15.block.1.0.weight [960,1,5,5]", "classifier.0.weight [1280,960]", "classifier.3.bias [1000]"},
		"mnasnet_b1":         {"layers.6.weight [16,32,1,1]", "layers.8.0.layers.3.weight [48,1,3,3]", "layers.13.0.layers.7.bias [320]", "layers.14.weight [1280,320,1,1]"},
		"resnet18":           {"conv1.weight [64,3,7,7]", "layer2.0.downsample.0.weight [128,64,1,1]", "layer4.1.bn2.bias [512]", "fc.weight [1000,512]"},
		"resnet50":           {"layer1.0.downsample.0.weight [256,64,1,1]", "layer2.0.conv2.weight [128,128,3,3]", "layer4.2.conv3.weight [2048,512,1,1]"},
		"shufflenet_v2_x2_0": {"stage2.0.branch1.0.weight [24,1,3,3]", "stage2.1.branch2.5.weight [122,122,1,1]", "conv5.0.weight [2048,976,1,1]"},
		"shufflenet_v2_x1_0": {"stage4.3.branch2.3.weight [232,1,3,3]", "conv5.0.weight [1024,464,1,1]"},
		"mobilenet_v2 x0.5":  {"features.2.conv.3.weight [16]", "features.18.0.weight [1280,160,1,1]"},
		"regnet_x_400mf":     {"stem.0.weight [32,3,3,3]", "trunk_output.block1.block1-0.proj.0.weight [32,32,1,1]", "trunk_output.block2.block2-1.f.b.0.weight [64,16,3,3]", "trunk_output.block4.block4-11.f.c.1.bias [384]", "fc.weight [1000,384]"},
		"efficientnet_b0":    {"features.1.0.block.1.fc1.weight [8,32,1,1]", "features.2.0.block.2.fc2.weight [96,4,1,1]", "features.7.0.block.3.1.weight [320]", "features.8.0.weight [1280,320,1,1]"},
	} {
		m, ok := searchspace.FindModel(name)
		if !ok {
			t.Fatalf("no model %s", name)
		}
		s, a, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]bool{}
		for _, w := range weights(must[*searchspace.Graph](t)(s.Lower(a))) {
			have[w] = true
		}
		for _, w := range want {
			if !have[w] {
				t.Errorf("%s has no weight %s", name, w)
			}
		}
	}
}
