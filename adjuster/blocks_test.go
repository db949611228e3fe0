package adjuster

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

func TestTwenty(t *testing.T) {
	for images, want := range map[int]blocks{1: {1, 1}, 19: {1, 19}, 20: {1, 20}, 59: {2, 59}, 400: {20, 400}, 1999: {99, 1999},
		2000: {100, 2000}, 10000: {100, 10000}} {
		if got := twenty(images); got != want {
			t.Errorf("%d images: %+v, expected %+v", images, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := twenty(rapid.IntRange(1, 30000).Draw(t, "images"))
		next := 0
		for k := range b.count() {
			from, to := b.bounds(k)
			if from != next || to <= from || to-from > 100 || to-from < b.size && k+1 < b.count() {
				t.Fatalf("block %d of %+v: %d to %d", k, b, from, to)
			}
			next = to
		}
		if next != b.images || b.count() < min(20, b.images) {
			t.Fatalf("%d blocks up to image %d of %d", b.count(), next, b.images)
		}
	})
}

// Blocks together are the measurement of their images.
func TestCombined(t *testing.T) {
	a := archs(t, 1)[0]
	m := combined([]searchspace.Measurement{block(a, 3, 10, 1), block(a, 5, 10, 0.5), block(a, 0, 4, 3)})
	if m.Correct != 8 || m.Samples != 24 || m.Accuracy != 8./24 || math.Abs(m.Loss-27./24) > 1e-15 || m.Arch != a {
		t.Errorf("%+v", m)
	}
	part, none := block(a, 4, 10, 2), block(a, 0, 10, 0)
	part.Unknown, none.Unknown = 5, 10
	if m := combined([]searchspace.Measurement{block(a, 3, 10, 1), part, none}); m.Unknown != 15 || m.Accuracy != 7./30 ||
		math.Abs(m.Loss-20./15) > 1e-15 {
		t.Errorf("with unknown classes: %+v", m)
	}
	if m := combined([]searchspace.Measurement{none}); m.Loss != 0 {
		t.Errorf("of unknown classes only: %+v", m)
	}
	if m := combined(nil); m != (searchspace.Measurement{}) {
		t.Errorf("of nothing: %+v", m)
	}
	if m := combined([]searchspace.Measurement{block(a, 1, 2, 1), block(a, 1, 2, math.Inf(1))}); !math.IsInf(m.Loss, 1) {
		t.Errorf("with an infinite loss: %+v", m)
	}
}

func TestStandardErrorByHand(t *testing.T) {
	a := archs(t, 1)[0]
	list := func(images []int, right ...int) (out []searchspace.Measurement) {
		for i, k := range right {
			out = append(out, block(a, k, images[i], 0))
		}
		return out
	}
	equal, ragged := []int{10, 10, 10, 10}, []int{10, 10, 5}
	for _, tc := range []struct {
		name string
		x, y []searchspace.Measurement
		want float64
	}{
		// Differences 0.1, 0.3, 0.2, 0.2: deviation √(0.02/3), over √4.
		{"equal blocks", list(equal, 5, 8, 6, 7), list(equal, 4, 5, 4, 5), math.Sqrt(0.02/3) / 2},
		// 0.2, 0.1, 0.4 with weights 10, 10, 5: mean 0.2, squares 0.1 + 0.2 over 2·25.
		{"a short last block", list(ragged, 5, 4, 3), list(ragged, 3, 3, 1), math.Sqrt(0.3 / 50)},
		{"the same everywhere", list(equal, 5, 8, 6, 7), list(equal, 4, 7, 5, 6), 0},
		{"one block", list(equal, 5), list(equal, 4), math.Inf(1)},
	} {
		if got := standardError(tc.x, tc.y, Accuracy.Value); math.Abs(got-tc.want) > 1e-15 && got != tc.want {
			t.Errorf("%s: %v, expected %v", tc.name, got, tc.want)
		}
		if got, back := standardError(tc.x, tc.y, Accuracy.Value), standardError(tc.y, tc.x, Accuracy.Value); got != back {
			t.Errorf("%s: %v, the other way round %v", tc.name, got, back)
		}
	}
	x := []searchspace.Measurement{block(a, 0, 2, 1), block(a, 0, 2, 2)}
	y := []searchspace.Measurement{block(a, 0, 2, 1), block(a, 0, 2, 1)}
	// Likelihoods differ by 0 and e⁻¹ − e⁻²: half of that is the standard error of two blocks.
	if got, want := standardError(x, y, Likelihood.Value), (math.Exp(-1)-math.Exp(-2))/2; math.Abs(got-want) > 1e-15 {
		t.Errorf("likelihood: %v, expected %v", got, want)
	}
}

// The squared standard error is the variance of the measured difference, on average, and the true
// difference is within as many standard errors of the measured one as Student's t says, 19 degrees
// of freedom: both on images that the two mostly get right or wrong together.
func TestStandardErrorCovers(t *testing.T) {
	a := archs(t, 1)[0]
	const trials, p, q, own = 2000, 0.7, 0.65, 0.3
	for _, images := range []int{2000, 1930} {
		b := blocks{100, images}
		var sum, squares, variance float64
		within := 0
		for trial := range uint64(trials) {
			random := stream.New(2, "test.coverage", uint64(images), trial)
			x, y := pairs(random, a, b, p, q, own)
			d := combined(x).Accuracy - combined(y).Accuracy
			se := standardError(x, y, Accuracy.Value)
			sum += d / trials
			squares += d * d / trials
			variance += se * se / trials
			if math.Abs(d-(p-q)) <= 2.093*se { // 95 %
				within++
			}
		}
		if real := squares - sum*sum; math.Abs(variance/real-1) > 0.1 {
			t.Errorf("%d images: variance %v on average, really %v", images, variance, real)
		}
		if rate := float64(within) / trials; math.Abs(rate-0.95) > 0.015 {
			t.Errorf("%d images: in %.3f of the trials, expected 0.95", images, rate)
		}
	}
}

// pairs judges two architectures of true accuracies p and q; own is the share of images that they
// see independently of each other.
func pairs(random *rand.Rand, a searchspace.Arch, b blocks, p, q, own float64) (x, y []searchspace.Measurement) {
	for k := range b.count() {
		from, to := b.bounds(k)
		rightX, rightY := 0, 0
		for range to - from {
			u := random.Float64()
			v := u
			if random.Float64() < own {
				v = random.Float64()
			}
			if u < p {
				rightX++
			}
			if v < q {
				rightY++
			}
		}
		x, y = append(x, block(a, rightX, to-from, 0)), append(y, block(a, rightY, to-from, 0))
	}
	return x, y
}
