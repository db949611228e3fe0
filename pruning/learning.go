package pruning

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
)

// Learning says when a class is learnt, by its accuracy after every epoch (the paper's Fig. 1).
type Learning struct {
	Mean     float64 // of the accuracies: large where it is learnt early, and well
	Variance float64 // of the accuracies; Fig. 1 sorts by it
	// Epoch is when half of its final accuracy is reached for good: the number of epochs, between
	// two by straight line, after which it stays above. It says when, however well the class is
	// known in the end. NaN where that is nothing.
	Epoch float64
}

// MarshalJSON writes "mean", "variance" and "epoch"; NaN as a string.
func (l Learning) MarshalJSON() ([]byte, error) {
	return json.Marshal(learningJSON{jsonfloat.Float(l.Mean), jsonfloat.Float(l.Variance),
		jsonfloat.Float(l.Epoch)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *Learning) UnmarshalJSON(text []byte) error {
	var j learningJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("pruning: learning: %w", err)
	}
	*l = Learning{float64(j.Mean), float64(j.Variance), float64(j.Epoch)}
	return nil
}

type learningJSON struct {
	Mean     jsonfloat.Float `json:"mean"`
	Variance jsonfloat.Float `json:"variance"`
	Epoch    jsonfloat.Float `json:"epoch"`
}

// MeasureLearning is the learning of every class, accuracies[epoch][class] being its accuracies as
// Answers.Accuracies gives them, on the same images each time. The final accuracy is the mean over
// the last tenth of the epochs, at least one. Classes with NaN anywhere have NaN everywhere.
func MeasureLearning(accuracies [][]float64) ([]Learning, error) {
	if len(accuracies) == 0 {
		return nil, fmt.Errorf("pruning: learning: no epochs")
	}
	out := make([]Learning, len(accuracies[0]))
	for epoch, row := range accuracies {
		if len(row) != len(out) {
			return nil, fmt.Errorf("pruning: learning: epoch %d has %d classes, expected %d", epoch,
				len(row), len(out))
		}
		for c, v := range row {
			if v < 0 || v > 1 {
				return nil,
					fmt.Errorf("pruning: learning: accuracy %v of class %d in epoch %d, expected 0 to 1", v,
						c,
						epoch)
			}
		}
	}
	curve := make([]float64, len(accuracies))
	for c := range out {
		for epoch, row := range accuracies {
			curve[epoch] = row[c]
		}
		out[c] = learningOf(curve)
	}
	return out, nil
}

func learningOf(curve []float64) (l Learning) {
	n := float64(len(curve))
	for _, v := range curve {
		l.Mean += v / n
	}
	for _, v := range curve {
		l.Variance += (v - l.Mean) * (v - l.Mean) / n
	}
	last := curve[len(curve)-max(1, len(curve)/10):]
	var half float64
	for _, v := range last {
		half += v / 2 / float64(len(last))
	}
	l.Epoch = math.NaN()
	if math.IsNaN(l.Mean) || half == 0 {
		return l
	}
	l.Epoch = half / curve[0] // from nothing before the first epoch
	for k := len(curve) - 1; k >= 0; k-- {
		if curve[k] < half {
			l.Epoch = float64(k + 1) // accuracy k is that after k+1 epochs
			if k+1 < len(curve) {
				l.Epoch += (half - curve[k]) / (curve[k+1] - curve[k])
			}
			return l
		}
	}
	return l
}
