package danas

import (
	"fmt"

	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
)

// easinessFigure is the histograms of entropies, a row per class from easy to hard.
func easinessFigure(r *EasinessReport, ranking []int, names []string) []byte {
	h := heatmap{title: "entropy of the answers, classes from easy to hard"}
	top := 0.0
	for _, c := range ranking {
		x := &r.Easiness.Classes[c]
		h.rows, h.values = append(h.rows, names[c]), append(h.values, x.Histogram)
		for _, v := range x.Histogram {
			top = max(top, v)
		}
	}
	bins := len(h.values[0])
	h.under = fmt.Sprintf("0 to %.2f nats; darkest: %.0f %% of the images of a class",
		float64(bins)*r.Easiness.Width,
		100*top)
	h.top = top
	return h.svg()
}

// confusionFigure is what the classes of rows are taken for, both from easy to hard.
func confusionFigure(confusion [][]float64, ranking []int, names []string) []byte {
	h := heatmap{title: "classes (rows) and what they are taken for, from easy to hard", top: 1,
		under: "darkest: all images of a class"}
	for _, c := range ranking {
		row := make([]float64, len(ranking))
		for k, other := range ranking {
			row[k] = confusion[c][other]
		}
		h.rows, h.values = append(h.rows, names[c]), append(h.values, row)
	}
	return h.svg()
}

// learningFigure is the accuracies of classes after every epoch, the mean over networks; nil
// without curves.
func learningFigure(references []*Reference, ranking []int, names []string) []byte {
	var curves [][][]float64
	for _, r := range references {
		if len(r.Curve) > 0 {
			curves = append(curves, r.Curve)
		}
	}
	if len(curves) == 0 {
		return nil
	}
	h := heatmap{title: "accuracy after every epoch, classes from easy to hard", top: 1,
		under: fmt.Sprintf("%d epochs; darkest: all validation images of a class", len(curves[0]))}
	for _, c := range ranking {
		row := make([]float64, len(curves[0]))
		for _, curve := range curves {
			for epoch := range row {
				row[epoch] += curve[epoch][c] / float64(len(curves))
			}
		}
		h.rows, h.values = append(h.rows, names[c]), append(h.values, row)
	}
	return h.svg()
}

// candidatesFigure is the probabilities of the candidates of every decision, stacked, over the
// steps of all phases that learn. What is removed ends.
func candidatesFigure(decisions []searchspace.Decision, phases []pruning.PhaseResult) []byte {
	s := strips{title: "probabilities of candidates over the search"}
	for i, d := range decisions {
		var course [][]float64
		for _, p := range phases {
			for _, rows := range p.Course {
				course = append(course, rows[i])
			}
		}
		s.rows, s.courses = append(s.rows, d.Name), append(s.courses, course)
	}
	if len(decisions) > 0 {
		s.labels = decisions[0].Labels
	}
	at := 0
	for _, p := range phases {
		at += len(p.Course)
		s.marks = append(s.marks, at)
	}
	return s.svg()
}
