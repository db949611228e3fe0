package wasserstein

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/sbinet/npyio"
	"gorgonia.org/tensor"
)

// number is a float64 that JSON may spell "Infinity", or null where there is none.
type number float64

func (n *number) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"Infinity"`:
		*n = number(math.Inf(1))
		return nil
	case "null":
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

type gaussianCase struct {
	Name  string
	Mean1 []float64
	Cov1  [][]float64
	Mean2 []float64
	Cov2  [][]float64
	W2    float64 `json:"w2sq"`
	Scale float64 `json:"cancel_scale"`
	KL12  number  `json:"kl12"`
	KL21  number  `json:"kl21"`
}

func (c gaussianCase) pair() (a, b Gaussian) {
	return Gaussian{Mean: c.Mean1, Cov: flatten(c.Cov1)}, Gaussian{Mean: c.Mean2, Cov: flatten(c.Cov2)}
}

func flatten(rows [][]float64) []float64 {
	var out []float64
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

type reference struct {
	Gaussians, Singular []gaussianCase
	JensenShannon       struct {
		EqualCovariance []struct {
			Mahalanobis float64
			JS          float64 `json:"js_nats"`
		} `json:"equal_covariance"`
		OneDim []struct {
			Mean1, Var1, Mean2, Var2 float64
			JS                       float64 `json:"js_nats"`
		} `json:"one_dim"`
		MultiDim []struct {
			Case       string
			Bound      float64 `json:"moment_matched_upper_bound"`
			Jeffreys   float64 `json:"jeffreys_quarter_bound"`
			Quadrature float64 `json:"js_quadrature"`
		} `json:"multi_dim"`
	} `json:"jensen_shannon"`
	Large []struct {
		Name string
		W2   float64  `json:"w2sq"`
		Mean float64  `json:"mean_sq"`
		T1   float64  `json:"trace1"`
		T2   float64  `json:"trace2"`
		SHA  []string `json:"sha256_raw_le_f32"`
		KL12 any      `json:"kl12_f64"`
		KL21 any      `json:"kl21_f64"`
	}
}

func readReference(t testing.TB) reference {
	t.Helper()
	text, err := os.ReadFile("testdata/gaussians.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func readNPY(t testing.TB, path string) []float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var data []float32
	if err := npyio.Read(f, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// dense wraps vectors of length q.
func dense[T float32 | float64](data []T, q int) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(data)/q, q), tensor.WithBacking(data))
}

// closeTo fails the test unless got is within tol × scale of want.
func closeTo(t testing.TB, what string, got, want, tol, scale float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*scale) {
		t.Errorf("%s: %.17g, expected %.17g: off by %.2g of %.3g", what, got, want, math.Abs(got-want)/scale, scale)
	}
}

func TestGaussianCases(t *testing.T) {
	ref := readReference(t)
	worst := 0.0
	for _, c := range append(ref.Gaussians, ref.Singular...) {
		a, b := c.pair()
		got, err := SquaredGaussian(a, b)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		closeTo(t, c.Name, got, c.W2, 1e-12, c.Scale)
		if c.Scale > 0 {
			worst = max(worst, math.Abs(got-c.W2)/c.Scale)
		}
		if got < 0 {
			t.Errorf("%s: negative: %g", c.Name, got)
		}
		back, err := SquaredGaussian(b, a)
		if err != nil || back != got {
			t.Errorf("%s: %g one way, %g, %v the other", c.Name, got, back, err)
		}
	}
	t.Logf("largest error of %d cases: %.2g of the cancellation scale", len(ref.Gaussians)+len(ref.Singular), worst)
}

// splitmix is the counter generator of the recipe in testdata/README.md.
func splitmix(base, i uint64) uint64 {
	z := base + (i+1)*0x9E3779B97F4A7C15
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// factorModel makes n vectors of q rectified features that follow 32 factors; every value is an
// exact float32.
func factorModel(seed uint64, n, q, shift int) []float32 {
	g := func(base, i uint64) int64 {
		w := splitmix(base, i)
		return int64(w&0xFFFF) + int64(w>>16&0xFFFF) + int64(w>>32&0xFFFF) + int64(w>>48) - 131070
	}
	b := make([]int64, 32*q)
	for i := range b {
		b[i] = int64(splitmix(seed+1<<41, uint64(i))%5) - 2
	}
	x := make([]float32, n*q)
	z := make([]int64, 32)
	for r := range n {
		for f := range z {
			z[f] = g(seed+1<<40, uint64(r*32+f))
		}
		for c := range q {
			v := g(seed, uint64(r*q+c)) + int64(shift*((c%7)-3)*8192)
			for f := range z {
				v += z[f] * b[f*q+c]
			}
			x[r*q+c] = float32(math.Ldexp(float64(max(0, v)), -(18 + c%4)))
		}
	}
	return x
}

func TestLargeCases(t *testing.T) {
	ref := readReference(t)
	for _, c := range ref.Large {
		var x, y []float32
		var q int
		switch c.Name {
		case "400x64":
			x, y, q = readNPY(t, "testdata/gauss_400x64_1.npy"), readNPY(t, "testdata/gauss_400x64_2.npy"), 64
		case "1000x1280":
			x, y, q = factorModel(1001, 1000, 1280, 0), factorModel(2002, 1000, 1280, 1), 1280
		default:
			t.Fatalf("no data for case %s", c.Name)
		}
		scale := c.Mean + c.T1 + c.T2
		got, err := SquaredSamples(dense(x, q), dense(y, q))
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, c.Name+" from samples", got, c.W2, 1e-12, scale)
		a, _ := NewMoments(q, "")
		b, _ := NewMoments(q, "")
		if err := a.AddFloat32(x); err != nil {
			t.Fatal(err)
		}
		if err := b.AddFloat32(y); err != nil {
			t.Fatal(err)
		}
		got, err = Squared(a, b)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, c.Name+" from moments", got, c.W2, 1e-12, scale)
	}
}
