package adjuster_test

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
)

// growth stands for a supernet bound to validation data: accuracy grows with cost, ever more
// slowly.
type growth struct{ space *searchspace.Space }

func (g growth) Evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	c, err := adjuster.MAdds(g.space, a)
	if err != nil {
		return searchspace.Measurement{}, err
	}
	return searchspace.Measurement{Arch: a, Accuracy: 1 - math.Exp(-c)}, nil
}

// sampled is growth on images: which ones an architecture gets right depends on the image and on
// one of its choices, so that some images are needed to tell architectures apart.
type sampled struct {
	growth
	images int
}

func (s sampled) Len() int { return s.images }

func (s sampled) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return s.EvaluateRange(ctx, a, 0, s.images)
}

func (s sampled) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (searchspace.Measurement, error) {
	m, err := s.growth.Evaluate(ctx, a)
	v := m.Accuracy
	for i := from; i < to; i++ {
		drawn := float64(i + 10000*a.At(i%a.Len()))
		if _, difficulty := math.Modf(1e4 + 5e3*math.Sin(drawn)); difficulty < v {
			m.Correct++
		}
	}
	m.Samples = to - from
	m.Accuracy = float64(m.Correct) / float64(m.Samples)
	return m, err
}

// The condition needs no model: count right answers on the data that the serving weights know, and
// on what came since.
func ExampleCondition_Decide() {
	d, err := adjuster.Condition{}.Decide(adjuster.Reading{
		Reference: adjuster.Tally{Correct: 9300, Total: 10000},
		Added:     adjuster.Tally{Correct: 1680, Total: 2000},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("H = %.2f points, adjust: %v\n", d.H, d.Adjust)
	// Output: H = 1.50 points, adjust: true
}

// The further the data moved, the more added cost is accepted.
func ExampleAdjuster_Adjust() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10,
		Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 6}})
	if err != nil {
		fmt.Println(err)
		return
	}
	previous := space.Smallest()
	var costs []float64
	for _, distance := range []float64{0.1, 2} {
		a, err := adjuster.New(space, &adjuster.Options{Iterations: 100, Baseline: 0.9, Lambda: 0.05, Seed: 1})
		if err != nil {
			fmt.Println(err)
			return
		}
		res, err := a.Adjust(context.Background(), previous, distance, growth{space}, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(res.History), "proposals, reward above zero:", res.Best().Reward > 0)
		costs = append(costs, res.Best().Cost)
	}
	fmt.Println("larger distance, larger network:", costs[1] > costs[0])
	// Output:
	// 100 proposals, reward above zero: true
	// 100 proposals, reward above zero: true
	// larger distance, larger network: true
}

// Candidates are judged on a few blocks of images, and only those that may still win on more.
func ExampleRace() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := adjuster.New(space, &adjuster.Options{Iterations: 20, Form: adjuster.PerDoubling, Race: &adjuster.Race{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := a.Adjust(context.Background(), space.Smallest(), 1, sampled{growth{space}, 4000}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dropped, images := 0, 0
	for _, c := range res.Candidates {
		images += c.Measurement.Samples
		if c.Dropped > 0 {
			dropped++
		}
	}
	fmt.Printf("%d of %d candidates dropped in %d rounds\n", dropped, len(res.Candidates), res.Rounds)
	fmt.Println("less than half of the images:", images < len(res.Candidates)*4000/2)
	// Output:
	// 9 of 10 candidates dropped in 3 rounds
	// less than half of the images: true
}

// service owns data, supernet and serving model; here each of them is a line.
type service struct {
	space   *searchspace.Space
	reading adjuster.Reading
	serving searchspace.Arch
}

func (s *service) Measure(context.Context) (adjuster.Reading, error) { return s.reading, nil }
func (s *service) FineTune(context.Context) error                    { return nil }

func (s *service) Judges(context.Context) (*adjuster.Judges, error) {
	return &adjuster.Judges{Space: s.space, Reward: growth{s.space}}, nil
}

func (s *service) Retrain(_ context.Context, a searchspace.Arch) error {
	s.serving = a
	return nil
}

// Three snapshots: the first is trained, the second fits, the third does not.
func ExampleExpert() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := adjuster.New(space, &adjuster.Options{Iterations: 20, Lambda: 0.01})
	if err != nil {
		fmt.Println(err)
		return
	}
	expert, err := adjuster.NewExpert(a, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &service{space: space}
	for _, reading := range []adjuster.Reading{
		{},
		{Reference: adjuster.Tally{Correct: 900, Total: 1000}, Added: adjuster.Tally{Correct: 895, Total: 1000}, Distance: 0.2},
		{Reference: adjuster.Tally{Correct: 900, Total: 1000}, Added: adjuster.Tally{Correct: 1600, Total: 2000}, Distance: 1.4},
	} {
		s.reading = reading
		out, err := expert.Advance(context.Background(), s)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("snapshot %d: H = %.2f, %s, serves what was found: %v\n", out.Step, out.Decision.H, out.Action, s.serving == expert.Arch())
	}
	// Output:
	// snapshot 1: H = 0.00, first, serves what was found: true
	// snapshot 2: H = 0.25, kept, serves what was found: true
	// snapshot 3: H = 6.67, adjusted, serves what was found: true
}

// careful is a service that has two trained networks compared before one takes the other's place.
type careful struct{ *service }

// Contest would train the serving architecture and the adapted one on the new data first.
func (c careful) Contest(context.Context) (adjuster.RangeEvaluator, error) {
	return saturated{sampled{growth{c.space}, 2000}}, nil
}

// saturated stands for data on which nothing is gained by a larger network.
type saturated struct{ sampled }

func (s saturated) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (searchspace.Measurement, error) {
	m, err := s.sampled.EvaluateRange(ctx, s.space.Smallest(), from, to)
	m.Arch = a
	return m, err
}

// A dearer architecture that is no better is refused, and the one that serves goes on serving.
func ExampleComparer() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := adjuster.New(space, &adjuster.Options{Iterations: 20, Lambda: 0.01})
	if err != nil {
		fmt.Println(err)
		return
	}
	expert, err := adjuster.NewExpert(a, &adjuster.ExpertOptions{Deployed: true, Remember: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := careful{&service{space: space, serving: space.Smallest(), reading: adjuster.Reading{
		Reference: adjuster.Tally{Correct: 900, Total: 1000}, Added: adjuster.Tally{Correct: 1600, Total: 2000}, Distance: 1.4}}}
	out, err := expert.Advance(context.Background(), s)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := out.Comparison
	fmt.Printf("%s: gain %.3f ± %.3f, dearer: %v\n", out.Action, c.Gain, c.StandardError, c.Adapted.Cost > c.Kept.Cost)
	fmt.Println("the smallest serves:", s.serving == space.Smallest())
	fmt.Println(expert.Summary())
	// Output:
	// refused: gain 0.000 ± 0.000, dearer: true
	// the smallest serves: true
	// map[refused:1]
}

// A search from scratch has no previous architecture: the zero Arch, at distance 1.
func ExampleReward() {
	r := adjuster.Reward{Lambda: 2.5e-4}
	fmt.Printf("%.4f\n", r.Value(0.79, 0.78, 252, 232, 0.25))
	fmt.Printf("%.4f\n", r.Value(0.79, 0, 252, 0, 1))
	// Output:
	// -0.0100
	// 0.7270
}
