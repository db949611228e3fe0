package tendril_test

import (
	"testing"
	"time"

	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// A training under a schedule that looks at the clock ends in time, where steps take twice as long
// as was thought, with a rate that has come down, and counts as finished.
func TestAnytimeTraining(t *testing.T) {
	images, err := dataset.Open(t.Context(), "examples/internal/fashion/data", &dataset.Options{Part: dataset.Test})
	if err != nil {
		t.Fatal(err)
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: images.Size(),
		Classes: len(images.Classes()), Depths: []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.New(space, &supernet.Options{Classes: images.Classes()})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	pace, err := predictor.NewAnytime(&predictor.AnytimeOptions{Limit: 2500 * time.Millisecond,
		Reserve: 500 * time.Millisecond, Steps: 20, Step: 100 * time.Millisecond, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var rates []float64
	o := &supernet.TrainOptions{Epochs: 20, BatchSize: 8, LR: 0.05, Schedule: supernet.Constant, Pace: pace.Pace,
		Recorder: supernet.RecorderFunc(func(p supernet.Progress) error {
			now = now.Add(200 * time.Millisecond)
			rates = append(rates, p.LR)
			return nil
		})}
	res, err := net.Train(t.Context(), images, o)
	if err != nil || res.Status != searchspace.StatusFinished || !res.Cut || res.Steps != pace.Steps() {
		t.Fatalf("%+v after %d steps of the schedule: %v", res, pace.Steps(), err)
	}
	if took := now.Sub(time.Unix(0, 0)); took != 2*time.Second || len(rates) != 10 {
		t.Errorf("%d steps in %v, expected 10 in 2s", len(rates), took)
	}
	if rates[0] != 0.05 || rates[9] > 0.05*0.1 {
		t.Errorf("rates %v", rates)
	}
}
