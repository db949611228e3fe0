package supernet

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/sbinet/npyio/npz"
)

// TestCosineGolden compares the default schedule with PyTorch's cosine annealing over the published
// 120 epochs, in closed and in recursive form.
func TestCosineGolden(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(goldenDir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct {
		Attrs struct {
			Base float64 `json:"base_lr"`
			Min  float64 `json:"eta_min"`
			TMax int     `json:"T_max"`
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	attrs := all["cosine_lr"].Attrs
	if attrs.Base == 0 || attrs.Min != 0 || attrs.TMax != defaultTMax {
		t.Fatalf("attributes are %+v", attrs)
	}
	f, err := npz.Open(filepath.Join(goldenDir, "cosine_lr.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := &plan{LR: attrs.Base, Schedule: Cosine, TMax: attrs.TMax, StepsPerEpoch: 1}
	for _, key := range []string{"lr_f64.npy", "lr_torch_f64.npy"} {
		var want []float64
		if err := f.Read(key, &want); err != nil {
			t.Fatal(err)
		}
		for epoch, w := range want {
			if got := p.rate(epoch); math.Abs(got-w) > 1e-14*attrs.Base { // the recursive form drifts a little
				t.Errorf("%s: epoch %d has rate %.17g, expected %.17g", key, epoch, got, w)
			}
		}
	}
}
