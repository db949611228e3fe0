package predictor

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawLosses is a stream of losses in [0, 1], of several characters.
func drawLosses(t *rapid.T, experts, steps int) [][]float64 {
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	value := rapid.Float64Range(0, 1)
	out := make([][]float64, steps)
	seed := rapid.SliceOfN(value, experts, experts).Draw(t, "level")
	state := rapid.Uint64().Draw(t, "state")
	for i := range out {
		out[i] = make([]float64, experts)
		for j := range out[i] {
			state = state*6364136223846793005 + 1442695040888963407
			u := float64(state>>11) / (1 << 53)
			switch kind {
			case 0: // any
				out[i][j] = u
			case 1: // experts of different quality
				out[i][j] = seed[j] * u
			case 2: // all or nothing
				out[i][j] = math.Round(u)
			case 3: // the best one changes
				if (i*experts/steps+j)%experts != 0 {
					out[i][j] = 1
				}
			}
		}
	}
	return out
}

// Theorem 1: whatever the losses in [0, 1], average regret·√T ≤ ln L·(1/C + 1/√T) + C/8.
func TestTheorem1(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		experts := rapid.IntRange(1, 12).Draw(t, "experts")
		steps := rapid.IntRange(1, 400).Draw(t, "steps")
		c := rapid.Float64Range(0.05, 50).Draw(t, "C")
		w, err := NewWeights(experts, Discount(steps, c), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, losses := range drawLosses(t, experts, steps) {
			if err := w.Update(losses); err != nil {
				t.Fatal(err)
			}
		}
		r, root := w.Regret(), math.Sqrt(float64(steps))
		bound := math.Log(float64(experts))*(1/c+1/root) + c/8
		if r.Average*root > bound+1e-9 {
			t.Fatalf("regret·√T is %v, the bound %v", r.Average*root, bound)
		}
		if b := RegretBound(experts, steps, c); math.Abs(b*root-bound) > 1e-9 {
			t.Fatalf("RegretBound·√T is %v, expected %v", b*root, bound)
		}
	})
}

// The worst of streams: an adversary charges the expert with the largest weight.
func TestTheorem1Adversary(t *testing.T) {
	for _, c := range []float64{1, 5, 20} {
		for _, steps := range []int{1, 10, 1000, 20000} {
			w, err := NewWeights(10, Discount(steps, c), 0)
			if err != nil {
				t.Fatal(err)
			}
			losses := make([]float64, 10)
			for range steps {
				clear(losses)
				worst := 0
				for i := range losses {
					if w.At(i) > w.At(worst) {
						worst = i
					}
				}
				losses[worst] = 1
				if err := w.Update(losses); err != nil {
					t.Fatal(err)
				}
			}
			if r := w.Regret(); r.Average > RegretBound(10, steps, c) {
				t.Errorf("C = %v, T = %d: regret %v, bound %v", c, steps, r.Average, RegretBound(10, steps, c))
			}
		}
	}
}

// With the discount of Tuned the squared error of the mixture itself is within 2·ln(L)/T of the
// best expert's, for predictions and truths in [0, 1].
func TestExpConcave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		experts, steps := rapid.IntRange(1, 8).Draw(t, "experts"), rapid.IntRange(1, 300).Draw(t, "steps")
		w, err := NewWeights(experts, Tuned().Discount, 0)
		if err != nil {
			t.Fatal(err)
		}
		outputs, truths := drawLosses(t, experts, steps), drawLosses(t, 1, steps)
		losses, total := make([]float64, experts), 0.0
		for i, f := range outputs {
			mix, y := 0.0, truths[i][0]
			for j, v := range f {
				mix += w.At(j) * v
				losses[j] = (v - y) * (v - y)
			}
			total += (mix - y) * (mix - y)
			if err := w.Update(losses); err != nil {
				t.Fatal(err)
			}
		}
		r := w.Regret()
		if excess := total - r.Experts[r.Best]*float64(steps); excess > 2*math.Log(float64(experts))+1e-9 {
			t.Fatalf("%v more than the best, expected at most %v", excess, 2*math.Log(float64(experts)))
		}
	})
}

// Weights neither vanish nor become what is no number, whatever the discount.
func TestWeightsStayFinite(t *testing.T) {
	for _, beta := range []float64{1e-320, 0.5, 1 - 1e-16} {
		for _, floor := range []float64{0, 0.2, 1} {
			w, err := NewWeights(3, beta, floor)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3000 {
				losses := []float64{1, 1, 1}
				losses[i/1500] = 0.25
				if err := w.Update(losses); err != nil {
					t.Fatal(err)
				}
				sum := w.At(0) + w.At(1) + w.At(2)
				if !(math.Abs(sum-1) < 1e-9) {
					t.Fatalf("β = %v, s = %v: weights add up to %v", beta, floor, sum)
				}
				for k := range 3 {
					if w.At(k) < floor/3/(1+floor)-1e-12 {
						t.Fatalf("weight %v with a floor of %v", w.At(k), floor)
					}
				}
			}
		}
	}
}

// Experts whose weight has vanished stay out, whatever the others lose.
func TestWeightsOfTheDead(t *testing.T) {
	w, err := NewWeights(3, math.SmallestNonzeroFloat64, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, losses := range [][]float64{{0, 0, 1}, {0, 0, 1}, {1, 1, 0}, {1, 0.5, 0}} {
		if err := w.Update(losses); err != nil {
			t.Fatal(err)
		}
		if sum := w.At(0) + w.At(1) + w.At(2); !(math.Abs(sum-1) < 1e-9) {
			t.Fatalf("weights %v, %v, %v after losses %v", w.At(0), w.At(1), w.At(2), losses)
		}
	}
	if w.At(2) != 0 || w.At(1) < 1-1e-9 {
		t.Errorf("weights %v, %v, %v", w.At(0), w.At(1), w.At(2))
	}
}

func TestWeightsRefuse(t *testing.T) {
	for _, c := range [][3]float64{{0, 0.5, 0}, {2, 0, 0}, {2, 1, 0}, {2, math.NaN(), 0}, {2, 0.5, -1}, {2, 0.5, 2}} {
		if _, err := NewWeights(int(c[0]), c[1], c[2]); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
	w, err := NewWeights(2, 0.5, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, losses := range [][]float64{{0}, {0, 2}, {-1, 0}, {0, math.NaN()}} {
		if err := w.Update(losses); err == nil {
			t.Errorf("losses %v: no error", losses)
		}
	}
	if w.Regret().Steps != 0 || w.At(0) != 0.5 {
		t.Error("what was refused counted")
	}
}

// The figures of a regret, by hand.
func TestRegret(t *testing.T) {
	w, err := NewWeights(2, 0.5, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range [][]float64{{0, 1}, {0, 1}} {
		if err := w.Update(l); err != nil {
			t.Fatal(err)
		}
	}
	r := w.Regret() // weights ½, ½; then ⅔, ⅓; then ⅘, ⅕
	if r.Steps != 2 || r.Best != 0 || math.Abs(r.Suffered-(0.5+1.0/3)/2) > 1e-15 || math.Abs(r.Average-r.Suffered) > 1e-15 ||
		math.Abs(r.Weights[0]-0.8) > 1e-15 || math.Abs(r.Evenness-0.25) > 1e-12 ||
		math.Abs(r.Effective-math.Exp(-0.8*math.Log(0.8)-0.2*math.Log(0.2))) > 1e-12 {
		t.Errorf("%+v", r)
	}
}
