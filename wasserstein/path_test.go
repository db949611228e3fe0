package wasserstein

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestUnknownPath runs this test binary again with a kernel path that there is none of: whatever
// computes says so.
func TestUnknownPath(t *testing.T) {
	const variable = "TENDRIL_KERNEL"
	if os.Getenv(variable) != "avx215" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestUnknownPath$")
		cmd.Env = append(os.Environ(), variable+"=avx215")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	p := Gaussian{Mean: []float64{0, 0}, Cov: []float64{1, 0.5, 0.5, 1}}
	q := Gaussian{Mean: []float64{0, 0}, Cov: []float64{1, 0, 0, 1}}
	_, w2 := SquaredGaussian(p, q)
	_, kl := KL(p, q)
	m, err := NewMoments(2, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"squared": w2, "KL": kl, "moments": m.AddFloat64([]float64{1, 2})} {
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s: error %v, expected one of %s", name, err, variable)
		}
	}
}
