package jsonfloat

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Every number comes back as it was, whatever its bits.
func TestRoundTrip(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, x float64) {
		text, err := json.Marshal(map[string]Float{"x": Float(x)})
		if err != nil {
			t.Fatalf("marshal %v: %v", x, err)
		}
		var back map[string]Float
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("unmarshal %s: %v", text, err)
		}
		if y := float64(back["x"]); y != x && !(math.IsNaN(x) && math.IsNaN(y)) {
			t.Fatalf("%v comes back as %v through %s", x, y, text)
		}
	}
	for _, x := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), 0, -1.5, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		check(t, x)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.Float64().Draw(t, "x")) })
}

// Other texts are refused.
func TestRefuses(t *testing.T) {
	for _, text := range []string{`"infinity"`, `"1"`, `{}`, `true`} {
		var f Float
		if err := json.Unmarshal([]byte(text), &f); err == nil {
			t.Errorf("%s is read as %v", text, f)
		}
	}
}
