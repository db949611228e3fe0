package searchspace_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// published is one entry of testdata/cost.json.
type published struct {
	Name       string
	Space      string
	Encoding   json.RawMessage
	Input      [4]int
	Classes    int
	MAdds      int64 `json:"madds"`
	ConvMAdds  int64 `json:"conv_madds"`
	LinearAdds int64 `json:"linear_madds"`
	Params     int64
	Layers     []struct {
		Name     string
		Kind     string
		InShape  []int `json:"in_shape"`
		OutShape []int `json:"out_shape"`
		MAdds    int64 `json:"madds"`
		Params   int64
	}
}

func readPublished(t testing.TB) []published {
	t.Helper()
	text, err := os.ReadFile("testdata/cost.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []published
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// lower builds the entry's graph, nil when the space has no text form here.
func (p *published) lower(t *testing.T) *searchspace.Graph {
	t.Helper()
	var enc struct {
		String string
		Width  float64 `json:"width_mult"`
	}
	switch p.Space {
	case "adaxpert", "ofa_mobilenetv3":
		if err := json.Unmarshal(p.Encoding, &enc); err != nil {
			t.Fatal(err)
		}
		s, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: enc.Width, InputSize: p.Input[2], Classes: p.Classes})
		if err != nil {
			t.Fatal(err)
		}
		return lowerText(t, s, enc.String)
	case "ofa_proxylessnas":
		if err := json.Unmarshal(p.Encoding, &enc); err != nil {
			t.Fatal(err)
		}
		s, err := searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: enc.Width, InputSize: p.Input[2], Classes: p.Classes})
		if err != nil {
			t.Fatal(err)
		}
		return lowerText(t, s, enc.String)
	case "torchvision":
		m, ok := searchspace.FindModel(p.Name)
		if !ok {
			t.Fatalf("no model %s", p.Name)
		}
		s, a, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		return lowerText(t, s, s.Format(a))
	case "etnas":
		var text string
		if err := json.Unmarshal(p.Encoding, &text); err != nil {
			t.Fatal(err)
		}
		s, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: p.Input[2], Classes: p.Classes})
		if err != nil {
			t.Fatal(err)
		}
		return lowerText(t, s, text)
	case "ofa_resnet50":
		var enc struct{ D, E, W []json.Number }
		if err := json.Unmarshal(p.Encoding, &enc); err != nil {
			t.Fatal(err)
		}
		list := func(l []json.Number) string {
			var out []string
			for _, v := range l {
				out = append(out, v.String())
			}
			return strings.Join(out, ",")
		}
		s, err := searchspace.ResNet50(searchspace.ResNet50Options{InputSize: p.Input[2], Classes: p.Classes})
		if err != nil {
			t.Fatal(err)
		}
		return lowerText(t, s, list(enc.D)+":"+list(enc.E)+":"+list(enc.W))
	}
	return nil
}

func lowerText(t *testing.T, s *searchspace.Space, text string) *searchspace.Graph {
	t.Helper()
	a, err := s.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.Lower(a)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestPublishedCosts holds totals and layers to the published figures, to the unit.
func TestPublishedCosts(t *testing.T) {
	for _, p := range readPublished(t) {
		g := p.lower(t)
		if g == nil {
			t.Fatalf("%s: no space %s", p.Name, p.Space)
		}
		t.Run(p.Name, func(t *testing.T) {
			c := g.Cost()
			got := [4]int64{c.MAdds, c.ConvMAdds, c.LinearMAdds, c.Params}
			if want := [4]int64{p.MAdds, p.ConvMAdds, p.LinearAdds, p.Params}; got != want {
				t.Errorf("madds, conv, linear, params = %v, expected %v", got, want)
			}
			p.compareLayers(t, g.Layers())
		})
	}
}

func (p *published) compareLayers(t *testing.T, layers []searchspace.LayerCost) {
	if p.Layers == nil {
		return
	}
	if len(layers) != len(p.Layers) {
		t.Errorf("%d layers, expected %d", len(layers), len(p.Layers))
	}
	for i := range min(len(layers), len(p.Layers)) {
		got, want := layers[i], p.Layers[i]
		in, out := []int{1, got.In.C, got.In.H, got.In.W}, []int{1, got.Out.C, got.Out.H, got.Out.W}
		if got.Name != want.Name || got.Kind != want.Kind || got.MAdds != want.MAdds || got.Params != want.Params ||
			!sameShape(in, want.InShape) || !sameShape(out, want.OutShape) {
			t.Errorf("layer %d is %+v, expected %+v", i, got, want)
		}
	}
}

// sameShape compares shapes; a linear layer's published shape stops after C.
func sameShape(got, want []int) bool {
	for i := range want {
		if got[i] != want[i] {
			return false
		}
	}
	return true
}
