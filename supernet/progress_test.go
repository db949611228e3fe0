package supernet

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// A report comes back from JSON as it was, with an infinite loss and a readable architecture.
func TestProgressJSON(t *testing.T) {
	space := tinySpace(t)
	p := Progress{Phase: PhaseTrain, Epoch: 1, Epochs: 2, Step: 3, Steps: 4, Arch: space.Largest(), Text: space.Format(space.Largest()), Passes: 5,
		Loss: math.Inf(1), Accuracy: 0.5, LR: 0.1, ImagesPerSecond: 7.5, Best: true}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), p.Text) || !strings.Contains(string(text), `"images_per_second":7.5`) {
		t.Errorf("text %s", text)
	}
	var back Progress
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("%+v comes back as %+v (%v)", p, back, err)
	}
}

// Reports of a training name what ran.
func TestProgressNamesArchs(t *testing.T) {
	n := tinyNet(t, Elastic)
	o := short(1)
	o.Subnets = SubnetOptions{Sampler: Sandwich(n.space, 1, 1), StepsPerDraw: 1}
	o.Recorder = RecorderFunc(func(p Progress) error {
		if p.Arch != n.space.Largest() || p.Text != n.space.Format(p.Arch) || p.Passes != 3 {
			t.Errorf("report %+v", p)
		}
		return nil
	})
	if _, err := n.Train(t.Context(), stripes(t, 32, 16, 1), o); err != nil {
		t.Fatal(err)
	}
}
