package supernet

import (
	"math"

	"github.com/tendril-nas/tendril/internal/stream"
)

// initial fills a tensor with its first values. Convolutions are He-normal by fan-out, std = √(2 /
// (k²·out/groups)), the usual start of this family; the linear classifier is normal with std 0.01;
// biases and batch-norm shifts are 0, batch-norm scales and running variances 1. Every tensor has a
// stream of its own, named by its key, so that neither order nor the presence of others matters;
// the classifier has one per class, so that a class starts the same in a network made with it and
// in one grown to it.
func initial(s *spec, seed uint64, dst []float32) {
	switch {
	case s.kind == kindGamma || s.kind == kindVar:
		for i := range dst {
			dst[i] = 1
		}
	case s.kind != kindWeight:
		clear(dst)
	case s.linear:
		for c := range s.out {
			initialClass(s, seed, c, dst)
		}
	default:
		std := math.Sqrt(2 / (float64(s.kernel*s.kernel*s.out) / float64(s.groups)))
		r := stream.New(seed, "supernet.weight:"+s.key)
		for i := range dst {
			dst[i] = float32(std * r.NormFloat64())
		}
	}
}

// initialClass fills the weights of one output of a linear layer, stored [in][out].
func initialClass(s *spec, seed uint64, class int, dst []float32) {
	r := stream.New(seed, "supernet.weight:"+s.key, uint64(class))
	for i := range s.in {
		dst[i*s.out+class] = float32(0.01 * r.NormFloat64())
	}
}
