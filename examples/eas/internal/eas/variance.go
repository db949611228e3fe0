package eas

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Split says what the accuracies of architectures on superclasses differ by. All are standard
// deviations, of fractions.
type Split struct {
	Arch        float64 `json:"arch"`        // of architectures, over all superclasses
	Superclass  float64 `json:"superclass"`  // of superclasses, over all architectures
	Interaction float64 `json:"interaction"` // of what suits one superclass more than others
	// Noise is what is left in the accuracy of an architecture on a superclass because the images
	// are a sample. All architectures have the same images, so that it is less than Binomial, which
	// it would be with images of their own.
	Noise    float64 `json:"noise"`
	Binomial float64 `json:"binomial"`
	// PArch and PInteraction are the probabilities of variances as large where architectures do not
	// differ, or differ alike on all superclasses.
	PArch        float64 `json:"p_arch"`
	PInteraction float64 `json:"p_interaction"`
}

// split divides the variance of right[architecture][superclass][image] into its parts: images are
// levels of a superclass that every architecture meets, and superclasses are those of interest, not
// a sample of others. Parts whose estimates are negative are 0.
func split(right [][][]bool) Split {
	na, nk := float64(len(right)), float64(len(right[0]))
	cells := make([][]float64, len(right)) // accuracies
	ofArch, ofClass := make([]float64, len(right)), make([]float64, len(right[0]))
	var grand, rest, restDF, perCell, binomial, hard float64
	for a := range right {
		cells[a] = make([]float64, len(right[a]))
		for k, images := range right[a] {
			p := share(images)
			cells[a][k] = p
			ofArch[a] += p / nk
			ofClass[k] += p / na
			grand += p / (na * nk)
			binomial += float64(p*(1-p)) / float64(len(images)) / (na * nk)
		}
	}
	for k := range right[0] {
		n := float64(len(right[0][k]))
		perCell += 1 / n / nk
		restDF += (na - 1) * (n - 1)
		spread := 0.0 // of images, over all architectures
		for i := range right[0][k] {
			image := 0.0
			for a := range right {
				image += number01(right[a][k][i]) / na
			}
			spread += square(image - ofClass[k])
			for a := range right {
				d := number01(right[a][k][i]) - cells[a][k] - image + ofClass[k]
				rest += float64(d * d)
			}
		}
		hard += spread / max(n-1, 1) / n / nk
	}
	noise := rest / restDF * perCell // of one cell
	var between, classes, mixed float64
	for a := range cells {
		between += square(ofArch[a]-grand) * nk / (na - 1)
		for k := range cells[a] {
			mixed += square(cells[a][k]-ofArch[a]-ofClass[k]+grand) / ((na - 1) * (nk - 1))
		}
	}
	for k := range ofClass {
		classes += square(ofClass[k]-grand) / (nk - 1)
	}
	return Split{
		Arch: root((between - noise) / nk), Superclass: root(classes - hard), Interaction: root(mixed - noise),
		Noise: root(noise), Binomial: root(binomial), PArch: survival(between/noise, na-1, restDF),
		PInteraction: survival(mixed/noise, (na-1)*(nk-1), restDF),
	}
}

// survival is the probability of a greater F; 1 where there is none.
func survival(f, d1, d2 float64) float64 {
	if !(f >= 0) || math.IsInf(f, 0) {
		return 1
	}
	return distuv.F{D1: d1, D2: d2}.Survival(f)
}

func share(right []bool) (p float64) {
	for _, r := range right {
		p += number01(r) / float64(len(right))
	}
	return p
}

func number01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func square(x float64) float64 { return float64(x * x) }

func root(x float64) float64 { return math.Sqrt(max(0, x)) }
