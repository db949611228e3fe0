package wasserstein

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

func TestMomentsSurviveSaving(t *testing.T) {
	m := momentsOf(t, 5, normal(rand.New(rand.NewPCG(2, 1)), 30, 5, 1e6))
	m.version = "any \xff string"
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back Moments
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.ckpt")
	if err := back.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadMoments(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loaded.MarshalBinary()
	if err != nil || !bytes.Equal(data, again) || loaded.Version() != m.version || loaded.Count() != 30 || loaded.Dim() != 5 {
		t.Errorf("moments changed on the way: %v", err)
	}
	// Going on after loading gives the bits of never having stopped.
	more := normal(rand.New(rand.NewPCG(2, 2)), 10, 5, -3)
	if err := errors.Join(m.AddFloat64(more), loaded.AddFloat64(more)); err != nil {
		t.Fatal(err)
	}
	x, _ := m.MarshalBinary()
	y, _ := loaded.MarshalBinary()
	if !bytes.Equal(x, y) {
		t.Error("interrupted and uninterrupted streams differ")
	}
	for n := range data {
		if err := back.UnmarshalBinary(data[:n]); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Fatalf("first %d bytes: %v", n, err)
		}
	}
	if got, _ := back.MarshalBinary(); !bytes.Equal(got, data) {
		t.Error("a failed decoding changed the moments")
	}
	if _, err := LoadMoments(path + ".none"); err == nil {
		t.Error("a missing file was loaded")
	}
}

// Intact files that no Moments has written.
func TestDecodeRefuses(t *testing.T) {
	f := func(v ...float64) checkpoint.Tensor { return checkpoint.Of([]int{len(v)}, v) }
	good := map[string]checkpoint.Tensor{"sum.hi": f(1, 2), "sum.lo": f(0, 0), "scatter": f(1, 0, 1)}
	for name, c := range map[string]struct {
		kind string
		meta any
		set  map[string]checkpoint.Tensor
		want error
	}{
		"kind":      {"other", momentsMeta{nil, 2, 1}, nil, checkpoint.ErrKind},
		"dimension": {momentsKind, momentsMeta{nil, 0, 1}, nil, ErrDim},
		"huge":      {momentsKind, momentsMeta{nil, maxDim, 1}, nil, checkpoint.ErrTensor},
		"too huge":  {momentsKind, momentsMeta{nil, math.MaxInt, 1}, nil, ErrDim},
		"count":     {momentsKind, momentsMeta{nil, 2, -1}, nil, ErrValue},
		"empty":     {momentsKind, momentsMeta{nil, 2, 0}, nil, ErrValue},
		"scatter":   {momentsKind, momentsMeta{nil, 2, 1}, map[string]checkpoint.Tensor{"scatter": f(1, 0)}, checkpoint.ErrTensor},
		"sum":       {momentsKind, momentsMeta{nil, 2, 1}, map[string]checkpoint.Tensor{"sum.lo": f(math.NaN(), 0)}, ErrValue},
		"type":      {momentsKind, momentsMeta{nil, 2, 1}, map[string]checkpoint.Tensor{"sum.hi": checkpoint.Of([]int{2}, []float32{1, 2})}, checkpoint.ErrTensor},
		"variance":  {momentsKind, momentsMeta{nil, 2, 1}, map[string]checkpoint.Tensor{"scatter": f(-1, 0, 1)}, ErrNotPSD},
	} {
		tensors := make(map[string]checkpoint.Tensor)
		for k, v := range good {
			tensors[k] = v
		}
		for k, v := range c.set {
			tensors[k] = v
		}
		var buf bytes.Buffer
		if err := checkpoint.Encode(&buf, c.kind, 1, c.meta, tensors); err != nil {
			t.Fatal(err)
		}
		var m Moments
		if err := m.UnmarshalBinary(buf.Bytes()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, expected %v", name, err, c.want)
		}
	}
}

func FuzzUnmarshalMoments(f *testing.F) {
	m := momentsOf(f, 2, []float64{1, 2, 3, 5})
	data, err := m.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		var m Moments
		if err := m.UnmarshalBinary(in); err != nil {
			return
		}
		out, err := m.MarshalBinary()
		if err != nil || !bytes.Equal(in, out) {
			t.Fatalf("accepted data that are not what would be written, %v", err)
		}
	})
}
