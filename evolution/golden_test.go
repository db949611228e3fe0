package evolution

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// distance reads a number, or "inf".
func distance(x any) float64 {
	if v, ok := x.(float64); ok {
		return v
	}
	return math.Inf(1)
}

type golden struct {
	Problems map[string]struct {
		Reference   []float64 `json:"ref_point"`
		Hypervolume []float64 `json:"hypervolume"`
		IGD         []float64 `json:"igd"`
		FrontVolume float64   `json:"hv_of_reference_front"`
		Check       struct {
			X, F, G []float64
		}
	}
	Sets []struct {
		Name     string
		Points   [][]float64
		Front    []int
		Crowding []any // numbers and "inf"
		Zero     []any `json:"crowding_duplicates_zero"`
	}
}

func readGolden(t testing.TB) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/nsga2.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}
