package kernel

import (
	"math"
	"unsafe"
)

// Softmax describes one row of logits, targets and results: vectors of 16 classes, Next floats
// apart. A class counts where the mask, whose vectors are side by side, is above 0; there must be
// such a mask for lanes beyond the last class.
type Softmax struct {
	Logits, Targets unsafe.Pointer
	Mask            unsafe.Pointer
	Dst             unsafe.Pointer // results of SoftmaxGrad
	Next, Planes    int
	Top             float32 // the largest logit that counts, set by SoftmaxSums
	Share, Gain     float32
	_               float32
	max             Vec
	sum, total, dot Vec
}

// lanes calls f for every class that counts.
func (s *Softmax) lanes(f func(l, off int, x float32)) {
	for b := range s.Planes {
		for l := range Block {
			if off := b*s.Next + l; *at(s.Mask, b*Block+l) > 0 {
				f(l, off, *at(s.Logits, off))
			}
		}
	}
}

func softmaxMaxGo(s *Softmax) {
	for l := range s.max {
		s.max[l] = float32(math.Inf(-1))
	}
	s.lanes(func(l, _ int, x float32) {
		if !(s.max[l] > x) {
			s.max[l] = x
		}
	})
}

func softmaxSumsGo(s *Softmax) {
	s.sum, s.total, s.dot = Vec{}, Vec{}, Vec{}
	s.lanes(func(l, off int, x float32) {
		t := *at(s.Targets, off)
		s.sum[l] += float32(math.Exp(float64(x - s.Top)))
		s.total[l] += t
		s.dot[l] += t * (x - s.Top)
	})
}

func softmaxGradGo(s *Softmax) {
	for b := range s.Planes {
		clear(row(unsafe.Add(s.Dst, b*s.Next*4), 0)[:])
	}
	s.lanes(func(_, off int, x float32) {
		e := float32(math.Exp(float64(x - s.Top)))
		*at(s.Dst, off) = (e*s.Share - *at(s.Targets, off)) * s.Gain
	})
}

func wide(v *Vec) (sum float64) {
	for _, x := range v {
		sum += float64(x)
	}
	return sum
}

// SoftmaxSums sets Top and gives, over the classes that count, Σe^(x−Top), Σt and Σt·(x−Top): the
// cross entropy is total·log(sum) − dot. Lanes are added up in float64. Without a class that
// counts, all three are 0.
func (p Path) SoftmaxSums(s *Softmax) (sum, total, dot float64) {
	s.watch(false)
	p.softmaxMax(s)
	s.Top = s.max[0]
	for _, v := range s.max {
		s.Top = max(s.Top, v)
	}
	p.softmaxSums(s)
	return wide(&s.sum), wide(&s.total), wide(&s.dot)
}

// SoftmaxGrad writes (e^(x−Top)·Share − t)·Gain for the classes that count, 0 for others. With
// Share = Σt/Σe^(x−Top) that is Gain times the gradient of the cross entropy.
func (p Path) SoftmaxGrad(s *Softmax) {
	s.watch(true)
	p.softmaxGrad(s)
}
