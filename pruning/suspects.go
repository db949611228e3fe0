package pruning

import (
	"cmp"
	"slices"
)

// Suspect is an image to look at before its class is called hard.
type Suspect struct {
	Image int   `json:"image"` // by its place in the answers
	Label int   `json:"label"`
	Why   Doubt `json:"why"`
	// Taken is the class that most of the models that doubt it take it for.
	Taken  int `json:"taken"`
	Models int `json:"models"` // that agree on this
	// Own is the probability of its label, and Entropy that of the answers, means over models.
	Own     float64 `json:"own"`
	Entropy float64 `json:"entropy"`
}

// Doubt says why an image is suspect.
type Doubt string

const (
	// Mislabelled: more than half of the models take it for one other class, as surely as they take
	// images of that class for it on average (confident learning, Northcutt et al. 2021).
	Mislabelled Doubt = "mislabelled"
	// Odd: its entropy is above the upper quartile of its class by more than three times the
	// distance between the quartiles (Tukey's far out), in more than half of the models.
	Odd Doubt = "odd"
)

// ClassReport says what may be wrong with a class rather than hard about it.
type ClassReport struct {
	Class    int     `json:"class"`
	Images   int     `json:"images"`
	Entropy  float64 `json:"entropy"` // as ClassEasiness.Entropy
	Accuracy float64 `json:"accuracy"`
	// Taken lists the other classes that its images are taken for, the most frequent first, with
	// their shares.
	Taken []Share `json:"taken,omitempty"`
	// Suspects are its doubtful images: those that may be mislabelled first, the least probable
	// labels first.
	Suspects []Suspect `json:"suspects,omitempty"`
}

// Share is a part of the images of a class.
type Share struct {
	Class int     `json:"class"`
	Share float64 `json:"share"`
}

// ReportClasses helps to clean data: all classes, hardest first, with what they are taken for and
// with the images that several models doubt. Models that were trained on the very images know wrong
// labels by heart and doubt few; answers about images that a model has not seen, of parts in turn
// say, find more.
func ReportClasses(o *EasinessOptions, models ...*Answers) ([]ClassReport, error) {
	e, err := MeasureEasiness(o, models...)
	if err != nil {
		return nil, err
	}
	confusion, err := Confusion(models...)
	if err != nil {
		return nil, err
	}
	suspects := findSuspects(models)
	ranking := e.Ranking()
	slices.Reverse(ranking)
	var out []ClassReport
	for _, c := range ranking {
		x := &e.Classes[c]
		r := ClassReport{Class: c, Images: x.Images, Entropy: x.Entropy, Accuracy: x.Accuracy,
			Suspects: suspects[c]}
		for other, share := range confusion[c] {
			if other != c && share > 0 {
				r.Taken = append(r.Taken, Share{other, share})
			}
		}
		slices.SortStableFunc(r.Taken, func(a, b Share) int { return cmp.Compare(b.Share, a.Share) })
		out = append(out, r)
	}
	return out, nil
}

// findSuspects is the suspects of every class.
func findSuspects(models []*Answers) [][]Suspect {
	first := models[0]
	index := first.byClass()
	own, far := make([][]float64, len(models)), make([][]float64, len(models))
	for m, a := range models {
		own[m], far[m] = a.ownMeans(index), a.farOut(index)
	}
	out := make([][]Suspect, first.Classes)
	for k, label := range first.Label {
		s := Suspect{Image: k, Label: label}
		votes, odd := map[int]int{}, 0
		for m, a := range models {
			s.Own += a.Own[k] / float64(len(models))
			s.Entropy += a.Entropy[k] / float64(len(models))
			taken := a.Predicted[k]
			if taken != label && len(index[taken]) > 0 && a.Top[k] >= own[m][taken] {
				votes[taken]++
			}
			if a.Entropy[k] > far[m][label] {
				odd++
			}
		}
		for c, n := range votes {
			if 2*n > len(models) { // one class at most
				s.Why, s.Taken, s.Models = Mislabelled, c, n
			}
		}
		if s.Why == "" && 2*odd > len(models) {
			s.Why, s.Taken, s.Models = Odd, plurality(models, k), odd
		}
		if s.Why != "" {
			out[label] = append(out[label], s)
		}
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b Suspect) int {
			return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(a.Own, b.Own)) // "mislabelled" before "odd"
		})
	}
	return out
}

// plurality is the class that most models take an image for, of equal ones that of the first.
func plurality(models []*Answers, image int) int {
	best, most := 0, 0
	for _, a := range models {
		n := 0
		for _, b := range models {
			if b.Predicted[image] == a.Predicted[image] {
				n++
			}
		}
		if n > most {
			best, most = a.Predicted[image], n
		}
	}
	return best
}

// ownMeans is the mean probability of the label, by class.
func (a *Answers) ownMeans(index [][]int) []float64 {
	out := make([]float64, len(index))
	for c, images := range index {
		for _, k := range images {
			out[c] += a.Own[k] / float64(len(images))
		}
	}
	return out
}

// farOut is the entropy above which an image is odd, by class.
func (a *Answers) farOut(index [][]int) []float64 {
	out := make([]float64, len(index))
	for c, images := range index {
		var values []float64
		for _, k := range images {
			values = append(values, a.Entropy[k])
		}
		q := interval(values, 0.5)
		out[c] = q[1] + 3*(q[1]-q[0]) + 1e-9
	}
	return out
}
