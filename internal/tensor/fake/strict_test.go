package fake_test

import (
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

// TestStrict: the device refuses handles that are dead or not its own, which forgiving devices
// would let pass.
func TestStrict(t *testing.T) {
	b := fake.New()
	s, other := b.NewStream(), b.NewStream()
	shape := tensor.Vector(1, 2)
	alive := func() tensor.Tensor { return s.Upload(shape, []float32{1, 2}) }
	freed, stale, foreign := alive(), alive(), other.Upload(shape, []float32{1, 2})
	for _, c := range []struct {
		want string
		call func()
	}{
		{"fake: a tensor of shape 1×1×1×2 used after it was freed", func() { s.Free(freed); s.Act(freed, tensor.ActReLU) }},
		{"fake: a tensor of shape 1×1×1×2 used after it was freed", func() { s.Free(freed) }},
		{"fake: a tensor of shape 1×1×1×2 used after it was freed", func() { s.Reset(); s.Download(stale, make([]float32, 2)) }},
		{"fake: a tensor of another stream", func() { s.Add(alive(), foreign, tensor.ActNone) }},
		{"fake: a tensor of another device", func() { s.Act(nil, tensor.ActReLU) }},
		{"download: destination of 1 numbers for shape 1×1×1×2", func() { s.Download(alive(), make([]float32, 1)) }},
		{"upload: 1 numbers for shape 1×1×1×2", func() { s.Upload(shape, make([]float32, 1)) }},
		{"buffer: elements [3, 5) of 4", func() { s.Write(b.NewBuffer(4), 3, make([]float32, 2)) }},
		{"buffer: 0 elements", func() { b.NewBuffer(0) }},
	} {
		var err error
		func() {
			defer tensor.Recover(&err)
			c.call()
		}()
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, expected %q", err, c.want)
		}
	}
}

// TestOrder: a read waits for a long queue and sees its end.
func TestOrder(t *testing.T) {
	s := fake.New().NewStream()
	buf := s.Backend().NewBuffer(1)
	s.Write(buf, 0, []float32{1000})
	grad := s.Backend().NewBuffer(1)
	s.Write(grad, 0, []float32{-1})
	half := tensor.NewVec(s.Backend().NewBuffer(1))
	s.Write(half.Buf, 0, []float32{0.5})
	x := s.Fill(tensor.Vector(1, 1), 1)
	for range 1000 {
		s.SGD(buf, grad, nil, tensor.SGDSpec{LR: 1, GradScale: 1})
		x = s.Add(x, x, tensor.ActNone)
		x = s.Mix([]tensor.Tensor{x}, half, false)
	}
	var got [1]float32
	s.Download(x, got[:])
	if got[0] != 1 {
		t.Errorf("tensor is %g, expected 1", got[0])
	}
	s.Read(buf, 0, got[:])
	if got[0] != 2000 {
		t.Errorf("buffer is %g, expected 2000", got[0])
	}
	if math.IsNaN(float64(got[0])) || s.Sync() != nil {
		t.Error("device failed")
	}
}
