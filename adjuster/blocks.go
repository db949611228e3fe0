package adjuster

import (
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// blocks divides images into ranges of equal size, the last one shorter where they do not divide.
type blocks struct{ size, images int }

// twenty are blocks of at most 100 images, and so small that there are 20 of them where there are
// as many images (ours: enough for a standard error).
func twenty(images int) blocks { return blocks{min(max(images/20, 1), 100), images} }

// count is 0 where there are no images.
func (b blocks) count() int {
	n := max(b.images, 0) / b.size
	if n*b.size < b.images {
		n++
	}
	return n
}

func (b blocks) bounds(block int) (from, to int) {
	from = block * b.size
	return from, min(from+b.size, b.images)
}

// combined is the measurement of all images of some blocks: accuracy by counts, loss by mean over
// the images that have one. Everything else is that of the first.
func combined(parts []searchspace.Measurement) searchspace.Measurement {
	if len(parts) == 0 {
		return searchspace.Measurement{}
	}
	m := parts[0]
	m.Correct, m.Samples, m.Unknown, m.Loss = 0, 0, 0, 0
	loss := 0.0
	for _, p := range parts {
		m.Correct += p.Correct
		m.Samples += p.Samples
		m.Unknown += p.Unknown
		if known := p.Samples - p.Unknown; known > 0 {
			loss += p.Loss * float64(known)
		}
	}
	m.Accuracy = float64(m.Correct) / float64(m.Samples)
	if known := m.Samples - m.Unknown; known > 0 {
		m.Loss = loss / float64(known)
	}
	return m
}

// standardError is that of the mean of the differences between two architectures in V, block by
// block of images that both were judged on: d_b in a block of n_b images, N in all. The mean is D =
// Σ n_b·d_b/N. If single images differ with variance σ² independently of each other, d_b has
// variance σ²/n_b and D has σ²/N; Σ n_b·(d_b − D)²/(blocks − 1) is an unbiased estimate of σ². One
// block says nothing: +Inf.
//
// The difference of the V over all images is D where V is the accuracy, and close to D where it is
// the likelihood, whose V of the whole is not the mean of its blocks'.
func standardError(x, y []searchspace.Measurement, v func(searchspace.Measurement) float64) float64 {
	if len(x) < 2 {
		return math.Inf(1)
	}
	difference := make([]float64, len(x))
	mean, images := 0.0, 0.0
	for b := range x {
		n := float64(x[b].Samples)
		difference[b] = v(x[b]) - v(y[b])
		mean += n * difference[b]
		images += n
	}
	mean /= images
	squares := 0.0
	for b, d := range difference {
		squares += float64(x[b].Samples) * (d - mean) * (d - mean)
	}
	return math.Sqrt(squares / (float64(len(x)-1) * images))
}
