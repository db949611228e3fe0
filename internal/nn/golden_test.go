package nn_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npz"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// golden is one manifest entry with its arrays.
type golden struct {
	Attrs  map[string]any `json:"attrs"`
	Errors map[string]struct {
		MaxAbs float64 `json:"max_abs"`
	} `json:"f32_vs_f64"`
	arrays map[string]array
}

// array is an array of a golden file, widened, in the file's order.
type array struct {
	dims []int
	data []float64
}

// checks says how a case of each kind is checked; activations and conv-bn-ACTIVATION come beside
// these.
var checks = map[string]func(*run){
	"conv2d":                checkConv,
	"batchnorm":             checkBatchNorm,
	"se":                    checkSE,
	"mbconv":                checkMBConv,
	"etnas_block":           checkETNASBlock,
	"global_avg_pool":       checkPool,
	"max_pool":              checkPool,
	"avg_pool":              checkPool,
	"linear":                checkLinear,
	"channel_shuffle":       checkShuffle,
	"softmax_cross_entropy": checkCrossEntropy,
	"kl_distillation":       checkDistill,
	"lstm_cell":             checkLSTM,
	"embedding":             checkEmbedding,
	"sgd":                   checkSGD,
	"adam":                  checkAdam,
	"cosine_annealing":      checkNothing, // package supernet does
	"network":               checkNetwork,
}

// TestGolden compares with PyTorch's results on every backend. See testdata/golden/README.md.
func TestGolden(t *testing.T) {
	cases := loadGoldens(t, filepath.Join("testdata", "golden"))
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			for _, id := range slices.Sorted(maps.Keys(cases)) {
				t.Run(id, func(t *testing.T) { checkGolden(t, cases[id], backend()) })
			}
		})
	}
}

func checkGolden(t *testing.T, g *golden, b tensor.Backend) {
	op, _ := g.Attrs["op"].(string)
	check := checks[op]
	if _, ok := actNamed(op); ok {
		check = checkAct
	}
	if strings.HasPrefix(op, "conv-bn-") {
		check = checkConvNormAct
	}
	if check == nil {
		t.Fatalf("no check for operation %q", op)
	}
	r := newRun(t, g, b)
	check(r)
	for _, name := range slices.Sorted(maps.Keys(g.arrays)) {
		if !r.used[name] {
			t.Errorf("array %s was not used", name)
		}
	}
}

// checkNothing marks everything as used.
func checkNothing(r *run) {
	for name := range r.g.arrays {
		r.used[name] = true
	}
}

func loadGoldens(t *testing.T, dir string) map[string]*golden {
	t.Helper()
	manifests, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("no manifest in %s: %v", dir, err)
	}
	all := make(map[string]*golden)
	for _, path := range manifests {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	for name, g := range all {
		g.arrays = loadArrays(t, filepath.Join(dir, name+".npz"))
	}
	return all
}

func loadArrays(t *testing.T, path string) map[string]array {
	t.Helper()
	f, err := npz.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	arrays := make(map[string]array)
	for _, key := range f.Keys() {
		h := f.Header(key)
		a := array{dims: h.Descr.Shape}
		var read error
		switch h.Descr.Type {
		case "<f4":
			var v []float32
			read = f.Read(key, &v)
			for _, x := range v {
				a.data = append(a.data, float64(x))
			}
		case "<f8":
			read = f.Read(key, &a.data)
		case "<i4":
			var v []int32
			read = f.Read(key, &v)
			for _, x := range v {
				a.data = append(a.data, float64(x))
			}
		case "<i8":
			var v []int64
			read = f.Read(key, &v)
			for _, x := range v {
				a.data = append(a.data, float64(x))
			}
		default:
			t.Fatalf("%s: array %s has type %s", path, key, h.Descr.Type)
		}
		if read != nil {
			t.Fatalf("%s: %s: %v", path, key, read)
		}
		arrays[strings.TrimSuffix(key, ".npy")] = a
	}
	return arrays
}

// largest is the largest magnitude.
func largest(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}
