package adjuster

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// panel is a RangeEvaluator over images of which each is as hard for every architecture: an
// architecture of accuracy v gets an image right when its difficulty, drawn for the image, is below
// v, but for a share of noise that is its own.
type panel struct {
	judge
	images  int
	noise   float64
	seed    uint64
	version func(a searchspace.Arch) uint64 // nil = 5
	asked   map[searchspace.Arch][][2]int   // ranges, in the order of being judged
	broken  bool                            // accuracies are not numbers
}

func newPanel(images int, v func(searchspace.Arch) float64) *panel {
	return &panel{judge: judge{v: v}, images: images, noise: 0.1, asked: map[searchspace.Arch][][2]int{}}
}

func (p *panel) Len() int { return p.images }

func (p *panel) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return p.EvaluateRange(ctx, a, 0, p.images)
}

func (p *panel) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (searchspace.Measurement, error) {
	m, err := p.judge.Evaluate(ctx, a)
	if err != nil {
		return m, err
	}
	p.asked[a] = append(p.asked[a], [2]int{from, to})
	key, err := a.MarshalText()
	if err != nil {
		return m, err
	}
	v, own := p.v(a), stream.Seed(p.seed, "test."+string(key))
	m.Correct, m.Samples, m.Loss = 0, to-from, 0
	for i := from; i < to; i++ {
		difficulty := stream.New(p.seed, "test.image", uint64(i)).Float64()
		if r := stream.New(own, "test.own", uint64(i)); r.Float64() < p.noise {
			difficulty = r.Float64()
		}
		if difficulty < v {
			m.Correct++
		}
		m.Loss += -math.Log(0.05 + 0.9*v + 0.05*(v-difficulty))
	}
	m.Loss /= float64(m.Samples)
	m.Accuracy = float64(m.Correct) / float64(m.Samples)
	if p.broken {
		m.Accuracy = math.NaN()
	}
	if p.version != nil {
		m.WeightVersion = p.version(a)
	}
	return m, nil
}

// repeated is a range that was judged more than once, or overlaps another.
func (p *panel) repeated() string {
	for a, ranges := range p.asked {
		seen := map[int]bool{}
		for _, r := range ranges {
			for i := r[0]; i < r[1]; i++ {
				if seen[i] {
					return fmt.Sprint(a, r)
				}
				seen[i] = true
			}
		}
	}
	return ""
}
