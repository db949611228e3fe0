package pruning

import (
	"cmp"
	"fmt"
	"slices"
)

// Confusion is the share of the images of a class, a row, that are taken for a class, a column, the
// mean over models. Rows of classes without images are 0.
func Confusion(models ...*Answers) ([][]float64, error) {
	if err := alike(models); err != nil {
		return nil, fmt.Errorf("pruning: confusion: %w", err)
	}
	classes, index := models[0].Classes, models[0].byClass()
	out := make([][]float64, classes)
	for c := range out {
		out[c] = make([]float64, classes)
	}
	for _, a := range models {
		for k, c := range a.Label {
			out[c][a.Predicted[k]] += 1 / float64(len(index[c])) / float64(len(models))
		}
	}
	return out, nil
}

// Twins are two classes that are often taken for each other.
type Twins struct {
	A     int     `json:"a"`
	B     int     `json:"b"`
	Share float64 `json:"share"` // mean of A taken for B and B taken for A
}

// FindTwins lists the pairs of classes whose share is at least so much, the largest first. Such
// classes may be one, or have labels mixed up. It is given a Confusion.
func FindTwins(confusion [][]float64, least float64) ([]Twins, error) {
	var out []Twins
	for a, row := range confusion {
		if len(row) != len(confusion) {
			return nil, fmt.Errorf("pruning: confusion of %d classes has a row of %d", len(confusion),
				len(row))
		}
		for b := range a {
			if share := (row[b] + confusion[b][a]) / 2; share >= least && share > 0 {
				out = append(out, Twins{A: b, B: a, Share: share})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Twins) int { return cmp.Compare(y.Share, x.Share) })
	return out, nil
}
