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
	ranges  map[string]int                  // how often each was judged
}

func newPanel(images int, v func(searchspace.Arch) float64) *panel {
	return &panel{judge: judge{v: v}, images: images, noise: 0.1, ranges: map[string]int{}}
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
	p.ranges[fmt.Sprint(a, from, to)]++
	key, err := a.MarshalText()
	if err != nil {
		return m, err
	}
	v := p.v(a)
	m.Correct, m.Samples, m.Loss = 0, to-from, 0
	for i := from; i < to; i++ {
		shared := stream.New(p.seed, "test.image", uint64(i))
		own := stream.New(p.seed, "test."+string(key), uint64(i))
		difficulty := shared.Float64()
		if own.Float64() < p.noise {
			difficulty = own.Float64()
		}
		right := difficulty < v
		if right {
			m.Correct++
		}
		m.Loss += -math.Log(0.05 + 0.9*v + 0.05*(v-difficulty))
	}
	m.Loss /= float64(m.Samples)
	m.Accuracy = float64(m.Correct) / float64(m.Samples)
	if p.version != nil {
		m.WeightVersion = p.version(a)
	}
	return m, nil
}

// repeated is a range that was judged more than once.
func (p *panel) repeated() string {
	for r, n := range p.ranges {
		if n > 1 {
			return r
		}
	}
	return ""
}
