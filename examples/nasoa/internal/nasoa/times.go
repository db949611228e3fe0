package nasoa

import (
	"fmt"
	"math"
	"time"

	"github.com/tendril-nas/tendril/zoo"
)

// timetable are the times of the steps of the models of a zoo, as they were measured for it.
type timetable struct{ zoo *zoo.Zoo }

// StepTime is predictor.StepTimer's. Batches below the smallest that was measured take its time.
func (t timetable) StepTime(model string, frozen, batch, size int) (time.Duration, error) {
	e, err := t.zoo.Find(model)
	if err != nil {
		return 0, err
	}
	least := math.MaxInt
	for _, s := range e.Steps {
		least = min(least, s.Batch)
	}
	if least == math.MaxInt {
		least = batch
	}
	s, ok := e.StepTime("", max(batch, least), size, frozen)
	if !ok {
		return 0, fmt.Errorf("no time of %d images of %d pixels with %d stages frozen", batch, size, frozen)
	}
	return seconds(s), nil
}

// classifying is the time that a model takes to classify n images, 0 where it is not known.
func (e *engine) classifying(model string, n int) time.Duration {
	entry, err := e.zoo.Find(model)
	if err != nil {
		return 0
	}
	t, _ := inference(&entry)
	return seconds(t * float64(n))
}
