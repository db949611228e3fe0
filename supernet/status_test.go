package supernet

import (
	"context"
	"errors"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// A result says why its training ended.
func TestTrainStatus(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	full := errors.New("disk full")
	for want, run := range map[searchspace.Status]func() (*TrainResult, error){
		searchspace.StatusFinished: func() (*TrainResult, error) { return tinyModel(t).Train(t.Context(), train, short(1)) },
		searchspace.StatusDiverged: func() (*TrainResult, error) {
			o := short(20)
			o.LR = 1e20
			return tinyModel(t).Train(t.Context(), train, o)
		},
		searchspace.StatusStopped: func() (*TrainResult, error) {
			o := short(2)
			o.Recorder = RecorderFunc(func(Progress) error { return full })
			res, err := tinyModel(t).Train(t.Context(), train, o)
			if !errors.Is(err, full) {
				t.Errorf("error %v, expected %v", err, full)
			}
			return res, err
		},
		searchspace.StatusCancelled: func() (*TrainResult, error) {
			ctx, cancel := context.WithCancel(t.Context())
			o := short(2)
			o.Recorder = stopAfter(1, cancel)
			return tinyModel(t).Train(ctx, train, o)
		},
		searchspace.StatusFailed: func() (*TrainResult, error) {
			o := short(2)
			o.LabelSmoothing = 7
			return tinyModel(t).Train(t.Context(), train, o)
		},
	} {
		res, err := run()
		if res.Status != want || (err == nil) != (want == searchspace.StatusFinished) {
			t.Errorf("status %v with error %v, expected %v", res.Status, err, want)
		}
	}
}

// So does that of a training that never began.
func TestStatusOfTheUnbegun(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	n, m := tinyNet(t, Elastic), tinyModel(t)
	bad := short(1)
	bad.Subnets.StepsPerDraw = -1
	blind := short(1)
	blind.Validation = stripes(t, 8, 4, 1) // images of another size
	for name, c := range map[string]struct {
		run  func() (*TrainResult, error)
		want searchspace.Status
	}{
		"net, cancelled":    {func() (*TrainResult, error) { return n.Train(ended, train, nil) }, searchspace.StatusCancelled},
		"model, cancelled":  {func() (*TrainResult, error) { return m.Train(ended, train, nil) }, searchspace.StatusCancelled},
		"net, bad options":  {func() (*TrainResult, error) { return n.Train(t.Context(), train, bad) }, searchspace.StatusFailed},
		"net, validation":   {func() (*TrainResult, error) { return n.Train(t.Context(), train, blind) }, searchspace.StatusFailed},
		"model, validation": {func() (*TrainResult, error) { return m.Train(t.Context(), train, blind) }, searchspace.StatusFailed},
	} {
		if res, err := c.run(); err == nil || res.Status != c.want {
			t.Errorf("%s: status %v, error %v, expected %v", name, res.Status, err, c.want)
		}
	}
}
