package predictor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/tendril-nas/tendril/predictor"
)

// The network of the paper on a stream of its own: after a thousand examples, how it fared beside
// the best of its layers.
func ExampleHedge() {
	const horizon = 1000
	h, err := predictor.NewHedge(2, &predictor.HedgeOptions{Layers: 4, Units: 16, Rate: 0.1, Horizon: horizon})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range horizon {
		x := []float64{r.NormFloat64(), r.NormFloat64()}
		if _, err := h.Update(x, 0.5+0.1*math.Tanh(x[0]*x[1])); err != nil {
			fmt.Println(err)
			return
		}
	}
	regret := h.Regret()
	fmt.Println("within the bound:", regret.Average < predictor.RegretBound(4, horizon, 0))
	// Output: within the bound: true
}

// table stands for the step times of a zoo.
type table map[string]time.Duration

func (t table) StepTime(model string, frozen, _, _ int) (time.Duration, error) {
	d, ok := t[model]
	if !ok {
		return 0, fmt.Errorf("no model %q", model)
	}
	return d * time.Duration(6-frozen) / 6, nil
}

// A zoo of two models: outcomes of random regimes are learnt, a regime is proposed, and a limit
// that nothing fits is refused with one that would do.
func ExampleGenerator() {
	g, err := predictor.NewGenerator(predictor.TunedOptions([]predictor.Model{
		{Name: "small", Accuracy: 0.60}, {Name: "large", Accuracy: 0.75}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	task := predictor.Task{Images: 1000, Classes: 10, Similarity: 0.93}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		regime := predictor.Regime{Model: []string{"small", "large"}[r.IntN(2)], Rate: math.Pow(10, -3+2*r.Float64()),
			Frozen: r.IntN(5), Iterations: 10 + r.IntN(300)}
		// What fine-tuning gives is made up here: best at a rate of 0.01, worse the more is frozen.
		accuracy := 0.6 - 0.1*math.Pow(math.Log10(regime.Rate)+2, 2) - 0.02*float64(regime.Frozen) +
			0.03*math.Log(float64(regime.Iterations))
		if regime.Model == "large" {
			accuracy += 0.1
		}
		if _, err := g.Learn(task, regime, accuracy); err != nil {
			fmt.Println(err)
			return
		}
	}
	request := predictor.Request{Task: task, Limit: 10 * time.Second, Batch: 64, Size: 32,
		Times:    table{"small": 20 * time.Millisecond, "large": 60 * time.Millisecond},
		Overhead: func(string) time.Duration { return time.Second }}
	plan, err := g.Propose(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	best := plan.Best()
	fmt.Printf("%s at %g in %v\n", best.Regime.Model, best.Regime.Rate, best.Time)
	request.Limit = time.Second
	var limit *predictor.LimitError
	if _, err = g.Propose(request); errors.As(err, &limit) {
		fmt.Println("one second is too little,", limit.Least.Round(time.Millisecond), "would do")
	}
	// Output:
	// large at 0.01 in 10s
	// one second is too little, 1.007s would do
}

// A schedule of 100 steps in ten seconds, every one of which takes 200 ms instead of 100: half of
// them fit, and the rate has come down at the end.
func ExampleAnytime() {
	now := time.Unix(0, 0)
	a, err := predictor.NewAnytime(&predictor.AnytimeOptions{Limit: 10 * time.Second, Steps: 100,
		Step: 100 * time.Millisecond, Now: func() time.Time { return now }})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := 0.0
	for step := 0; ; step++ {
		factor, more := a.Pace(step)
		if !more {
			break
		}
		now, last = now.Add(200*time.Millisecond), factor
	}
	fmt.Printf("%d steps, the last with %.2f of the rate\n", a.Steps(), last)
	// Output: 50 steps, the last with 0.00 of the rate
}
