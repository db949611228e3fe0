package predictor

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// reference is testdata/hbp.json.
type reference struct {
	Spec    struct{ L, Width, Inputs int }
	Initial Parameters
	X       [][]float64
	Y       []float64
	Traces  []struct {
		Eta, Beta, S           float64
		GradientThroughClip    bool `json:"gradient_through_clip"`
		Steps                  []referenceStep
		Final                  Parameters
		ClippedLayerLosses     int `json:"clipped_layer_losses"`
		TorchAutogradMaxAbsDif float64
	}
}

type referenceStep struct {
	Prediction float64
	Outputs    []float64 `json:"layer_outputs"`
	Losses     []float64 `json:"layer_losses"`
	Alpha      []float64 `json:"alpha_after"`
}

func readReference(t *testing.T) *reference {
	t.Helper()
	text, err := os.ReadFile("testdata/hbp.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

const traceTolerance = 1e-12

func nearAll(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, expected %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= traceTolerance) {
			t.Fatalf("%s %d: %v, expected %v", what, i, got[i], want[i])
		}
	}
}

// Every step of every trace, with all that it shows, and the weights at the end.
func TestHedgeTraces(t *testing.T) {
	r := readReference(t)
	if len(r.Traces) == 0 {
		t.Fatal("no traces")
	}
	for k, tr := range r.Traces {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			h, err := NewHedge(r.Spec.Inputs, &HedgeOptions{Layers: r.Spec.L, Units: r.Spec.Width, Rate: tr.Eta,
				Discount: tr.Beta, Floor: tr.S, ClippedGradient: !tr.GradientThroughClip})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.SetParameters(r.Initial); err != nil {
				t.Fatal(err)
			}
			if len(tr.Steps) != len(r.X) {
				t.Fatalf("%d steps of %d examples", len(tr.Steps), len(r.X))
			}
			for i, s := range tr.Steps {
				before, err := h.Predict(r.X[i])
				if err != nil {
					t.Fatal(err)
				}
				f, err := h.Update(r.X[i], r.Y[i])
				if err != nil {
					t.Fatal(err)
				}
				if before != f {
					t.Fatalf("step %d: predicted %v, and while learning %v", i, before, f)
				}
				nearAll(t, fmt.Sprintf("step %d: prediction", i), []float64{f}, []float64{s.Prediction})
				nearAll(t, fmt.Sprintf("step %d: output", i), h.Outputs(nil), s.Outputs)
				nearAll(t, fmt.Sprintf("step %d: loss", i), h.Losses(nil), s.Losses)
				nearAll(t, fmt.Sprintf("step %d: weight", i), h.Alpha(nil), s.Alpha)
			}
			end := h.Parameters()
			nearAll(t, "final C", end.C, tr.Final.C)
			nearAll(t, "final alpha", end.Alpha, tr.Final.Alpha)
			for l := range end.Phi {
				nearAll(t, "final B", end.B[l], tr.Final.B[l])
				nearAll(t, "final W", end.W[l], tr.Final.W[l])
				for i := range end.Phi[l] {
					nearAll(t, "final Phi", end.Phi[l][i], tr.Final.Phi[l][i])
				}
			}
		})
	}
}
