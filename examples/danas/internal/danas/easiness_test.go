package danas

import (
	"context"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
)

// byClass answers about images of 10 classes that lie class by class, 60 each: it is sure of the
// image's class, more so of later images.
type byClass struct {
	t     *testing.T
	asked []int
}

func (b *byClass) Labels() []int {
	labels := make([]int, 600)
	for k := range labels {
		labels[k] = k / 60
	}
	return labels
}

func (b *byClass) Probabilities(_ context.Context, _ searchspace.Relaxed, images []int) ([][]float64, error) {
	seen := map[int]bool{}
	var out [][]float64
	for _, k := range images {
		seen[k/60] = true
		p := slices.Repeat([]float64{0.5 / 10}, 10)
		p[k/60] += 0.5 * float64(k) / 600
		p[0] += 0.5 * (1 - float64(k)/600)
		out = append(out, p)
	}
	if len(seen) < 10 || len(images) < 200 {
		b.t.Errorf("a batch of %d images of %d classes, expected 200 of 10", len(images), len(seen))
	}
	b.asked = append(b.asked, images...)
	return out, nil
}

// The supernet is asked about every image once, in batches of images of all classes, and its
// answers stand in the order of the images.
func TestAskMixture(t *testing.T) {
	x, a := &byClass{t: t}, pruning.NewAnswers("supernet", 10)
	cfg := Default()
	if err := askMixture(t.Context(), x, nil, cfg.Seed.Stream("danas.asked"), a); err != nil {
		t.Fatal(err)
	}
	slices.Sort(x.asked)
	if len(slices.Compact(x.asked)) != 600 || !slices.Equal(a.Label, x.Labels()) {
		t.Errorf("asked about %d images, labels %v", len(x.asked), a.Label)
	}
	for k := 61; k < 600; k++ {
		if a.Own[k] <= a.Own[k-1] {
			t.Fatalf("image %d has %v, the one before %v", k, a.Own[k], a.Own[k-1])
		}
	}
}
