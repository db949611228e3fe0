package checkpoint

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type state struct {
	Name  string
	Steps []int
	Rate  float64
}

func sample() (state, map[string]Tensor) {
	return state{Name: "stem \"sha256\":\"x", Steps: []int{1, 2}, Rate: 0.1}, map[string]Tensor{
		"a.weight": Of([]int{2, 3}, []float32{1, -2, 3.5, 0, 5, 6}),
		"b":        Of([]int{2}, []float64{1e300, -0.25}),
		"steps":    Of([]int{1, 2}, []int64{-1, 1 << 60}),
		"n":        Of([]int{3}, []int32{-1, 0, 7}),
		"scalar":   Of([]int{}, []float32{42}),
		"empty":    Of([]int{0, 4}, []float32{}),
		"bytes":    Of([]int{5}, []uint8("hello")),
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	want, tensors := sample()
	if err := Write(path, "demo", 2, want, tensors); err != nil {
		t.Fatal(err)
	}
	var got state
	back, err := Read(path, "demo", 2, &got)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(tensors, back); d != "" {
		t.Error(d)
	}
}
