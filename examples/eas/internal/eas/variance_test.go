package eas

import (
	"math"
	"math/rand/v2"
	"testing"
)

// simulated answers: images have difficulties of their own, which all architectures share, and
// architectures differ by arch in general and by interaction on a superclass, in logits.
func simulated(seed uint64, archs, classes, images int, arch, interaction float64) (halves [2][][][]bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	general := make([]float64, archs)
	special := make([][]float64, archs)
	for a := range archs {
		general[a] = arch * r.NormFloat64()
		for range classes {
			special[a] = append(special[a], interaction*r.NormFloat64())
		}
	}
	for h := range halves {
		halves[h] = make([][][]bool, archs)
		for k := range classes {
			for a := range archs {
				halves[h][a] = append(halves[h][a], make([]bool, images))
			}
			for i := range images {
				hard := 2 * r.NormFloat64()
				for a := range archs {
					p := 1 / (1 + math.Exp(-(0.7 + hard + general[a] + special[a][k])))
					halves[h][a][k][i] = r.Float64() < p
				}
			}
		}
	}
	return halves
}

// Where architectures do not differ the parts are 0 up to noise, and P is uniform; where they do,
// the parts are found.
func TestSplit(t *testing.T) {
	const runs = 40
	var null, arch, mixed, low, lowMixed, classes float64
	for seed := range uint64(runs) {
		s := headroomOf(1, simulated(seed, 8, 6, 100, 0, 0)).Split
		classes += s.Superclass / runs
		null += (s.Arch + s.Interaction) / runs
		low += number01(s.PArch < 0.1) / runs
		lowMixed += number01(s.PInteraction < 0.1) / runs
		if s.Noise > s.Binomial || s.Noise == 0 {
			t.Errorf("seed %d: noise %v, binomial %v", seed, s.Noise, s.Binomial)
		}
		arch += headroomOf(1, simulated(seed, 8, 6, 100, 0.3, 0)).Arch / runs
		mixed += headroomOf(1, simulated(seed, 8, 6, 100, 0, 0.3)).Interaction / runs
	}
	// A logit is worth about 0.16 of accuracy here, by the slope of the logistic function averaged
	// over images.
	if null > 0.02 || arch < 0.03 || arch > 0.06 || mixed < 0.03 || mixed > 0.06 {
		t.Errorf("no difference %.4f, of architectures %.4f, by superclass %.4f", null, arch, mixed)
	}
	// Superclasses do not differ either; their images are a sample, with a spread of 0.025.
	if classes > 0.015 {
		t.Errorf("superclasses differ by %.4f, expected about 0.01", classes)
	}
	if low > 0.3 || lowMixed > 0.3 {
		t.Errorf("p below 0.1 in %.2f and %.2f of the cases without a difference", low, lowMixed)
	}
}

// An oracle gains nothing where there is nothing to gain, and one for each superclass gains more
// than one for all where superclasses differ.
func TestOracle(t *testing.T) {
	const runs = 30
	var none, each, all float64
	for seed := range uint64(runs) {
		none += math.Abs(headroomOf(1, simulated(seed, 8, 6, 100, 0, 0)).Each) / runs
		h := headroomOf(1, simulated(seed, 8, 6, 100, 0, 0.5))
		each, all = each+h.Each/runs, all+h.All/runs
	}
	if none > 0.02 || each < 0.05 || each < 2*all {
		t.Errorf("gain %.4f without differences; %.4f for each and %.4f for all with them", none, each, all)
	}
}

// What is the same for all architectures has no variance and no certainty.
func TestSplitOfEqual(t *testing.T) {
	one := [][]bool{{true, false, true, true}, {false, false}}
	s := split([][][]bool{one, one, one})
	if s.Arch > 1e-12 || s.Interaction > 1e-12 || s.Noise != 0 || s.PArch != 1 || s.PInteraction != 1 ||
		s.Superclass == 0 {
		t.Errorf("%+v", s)
	}
}
