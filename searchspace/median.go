package searchspace

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/stream"
)

// MedianMAdds is the median of the multiply-adds of n architectures that Sample draws from a
// generator of the given seed: a target for scores that weigh accuracy against cost, as those of
// EAT-NAS do.
func (s *Space) MedianMAdds(n int, seed uint64) (float64, error) {
	if n < 1 {
		return 0, fmt.Errorf("searchspace: median of %d architectures, expected at least 1", n)
	}
	r := stream.New(seed, "searchspace.median")
	_, value := s.madds()
	var costs []float64
	for range n {
		a, err := s.Sample(r)
		if err != nil {
			return 0, err
		}
		cost, err := value(a.Choices())
		if err != nil {
			return 0, err
		}
		costs = append(costs, cost)
	}
	return median(costs), nil
}
