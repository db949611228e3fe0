package predictor

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// What is read back predicts, and learns on, with the same bits, whatever learns.
func TestSaveOnline(t *testing.T) {
	const n = 4
	for name, make := range makers(5) {
		t.Run(name, func(t *testing.T) {
			l, err := make(n)
			if err != nil {
				t.Fatal(err)
			}
			s, err := NewOnline(l, &OnlineOptions{Intervals: IntervalOptions{Window: 30}, Low: -2, High: 2})
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 3))
			path := filepath.Join(t.TempDir(), "predictor")
			for i := range 120 {
				if i%40 == 0 { // new, and with a window that is full
					if err := s.Save(path); err != nil {
						t.Fatal(err)
					}
					again, err := LoadOnline(path)
					if err != nil {
						t.Fatal(err)
					}
					followed(t, s, again, rand.New(rand.NewPCG(2, uint64(i))))
					if s, err = LoadOnline(path); err != nil {
						t.Fatal(err)
					}
				}
				x, y := drawExample(r, n)
				if _, err := s.Learn(x, y); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// followed teaches both the same.
func followed(t *testing.T, a, b *Online, r *rand.Rand) {
	t.Helper()
	for i := range 20 {
		x, y := drawExample(r, a.learner.Inputs())
		p, err := a.Learn(x, y)
		q, err2 := b.Learn(x, y)
		if err != nil || err2 != nil || p != q {
			t.Fatalf("example %d: %+v and %+v (%v, %v)", i, p, q, err, err2)
		}
	}
	if a.Score() != b.Score() {
		t.Errorf("scores %+v and %+v", a.Score(), b.Score())
	}
	h, ok := a.learner.(*Hedge)
	if !ok {
		return
	}
	if d := cmp.Diff(h.Regret(), b.learner.(*Hedge).Regret()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(h.Options(), b.learner.(*Hedge).Options()); d != "" {
		t.Error(d)
	}
}

// A generator that is read back in another process proposes the same.
func TestSaveGenerator(t *testing.T) {
	o := TunedOptions(zooOfWorld)
	o.Grid = Grid{Rates: []float64{0.01, 0.1}, Frozen: []int{0, 2}, Iterations: []int{10, 30}}
	g, w := taught(t, o, 30), world{}
	r := rand.New(rand.NewPCG(3, 3))
	q := w.request(r)
	if err := g.LearnTime(q, Regime{Model: "small", Iterations: 10}, time.Second); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "generator")
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := LoadGenerator(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(g.Grid(), again.Grid()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(zooOfWorld, again.Features().Models()); d != "" {
		t.Error(d)
	}
	for range 3 {
		q := w.request(r)
		a, err := g.Propose(q)
		b, err2 := again.Propose(q)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if d := cmp.Diff(a, b, cmp.AllowUnexported(Proposal{})); d != "" {
			t.Fatal(d)
		}
		for _, g := range []*Generator{g, again} {
			if _, err := g.Learn(q.Task, a.Best().Regime, 0.7); err != nil {
				t.Fatal(err)
			}
		}
	}
	if g.Score() != again.Score() {
		t.Errorf("scores %+v and %+v", g.Score(), again.Score())
	}
}

// own is a learner that this package does not know.
type own struct{ *Mean }

func TestSaveRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "predictor")
	mean, err := NewMean(2)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewOnline(own{mean}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(path); err == nil || !strings.Contains(err.Error(), "own") {
		t.Errorf("a learner of another package: %v", err)
	}
	h, err := NewHedge(2, &HedgeOptions{Layers: 1, Units: 2})
	if err != nil {
		t.Fatal(err)
	}
	h.net.flat[3] = math.Inf(1)
	if s, err = NewOnline(h, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(path); !errors.Is(err, ErrDiverged) {
		t.Errorf("weights that are not finite: %v", err)
	}
	for _, kind := range []LinearExpert{LinearNormalised, LinearRidge} {
		if h, err = NewHedge(2, &HedgeOptions{Layers: 1, Units: 2, Linear: kind}); err != nil {
			t.Fatal(err)
		}
		if kind == LinearRidge {
			h.ridge.inv[1] = math.NaN()
		} else {
			h.linear.w[1] = math.Inf(-1)
		}
		if s, err = NewOnline(h, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(path); !errors.Is(err, ErrDiverged) {
			t.Errorf("linear expert %d that is not finite: %v", kind, err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file all the same")
	}
	if _, err := LoadOnline(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := newGenerator(t, Options{Models: zooOfWorld}).Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOnline(path); !errors.Is(err, checkpoint.ErrKind) {
		t.Errorf("a generator read as a predictor: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-9] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadGenerator(path); !errors.Is(err, checkpoint.ErrCorrupt) {
		t.Errorf("a damaged file: %v", err)
	}
}

// saved is the JSON part and the tensors of a small generator.
func saved(t testing.TB) (meta []byte, parts tensors) {
	t.Helper()
	g, err := NewGenerator(Options{Models: zooOfWorld, Learner: func(n int) (Learner, error) {
		return NewHedge(n, &HedgeOptions{Layers: 2, Units: 3, Linear: LinearRidge})
	}})
	if err != nil {
		t.Fatal(err)
	}
	task, regime := Task{Images: 100, Classes: 5, Similarity: 0.9}, Regime{Model: "small", Rate: 0.1, Iterations: 9}
	if _, err := g.Learn(task, regime, 0.4); err != nil {
		t.Fatal(err)
	}
	parts = tensors{}
	st, err := g.online.state(parts)
	if err != nil {
		t.Fatal(err)
	}
	meta, err = json.Marshal(&generatorState{g.features.models, g.grid, g.features.opts, g.pace, st})
	if err != nil {
		t.Fatal(err)
	}
	return meta, parts
}

// Whatever the JSON part of a file says, reading it ends with a generator that works, or an error,
// and takes no memory that the file does not account for.
func FuzzLoad(f *testing.F) {
	meta, parts := saved(f)
	f.Add(meta)
	for _, change := range [][2]string{{`"Units":3`, `"Units":16384`}, {`"Layers":2`, `"Layers":-1`}, {`"inputs":10`, `"inputs":3`},
		{`"Window":50`, `"Window":0`}, {`"Name":"small"`, `"Name":""`}, {`"hedge"`, `"mlp"`}, {`"weights"`, `"x"`},
		{`"miss":`, `"miss":5e`}, {`"Horizon":0`, `"Horizon":9`}, {`"Linear":2`, `"Linear":1`}, {`"learner"`, `"l"`}} {
		if !bytes.Contains(meta, []byte(change[0])) {
			f.Errorf("nothing says %s in %s", change[0], meta)
		}
		f.Add(bytes.Replace(meta, []byte(change[0]), []byte(change[1]), 1))
	}
	f.Fuzz(func(t *testing.T, meta []byte) {
		var st generatorState
		if json.Unmarshal(meta, &st) != nil {
			return
		}
		g, err := st.restore(parts)
		if err != nil {
			return
		}
		task, regime := Task{Images: 10, Classes: 2, Similarity: 1}, Regime{Model: st.Models[0].Name, Rate: 1, Iterations: 1}
		p, err := g.Predict(task, regime)
		if err == nil && !(finite(p.Value) && p.Low <= p.Value && p.Value <= p.High) {
			t.Fatalf("%+v", p)
		}
		if _, err := g.Learn(task, regime, 0.5); err != nil && !errors.Is(err, ErrDiverged) {
			t.Log(err)
		}
	})
}

// Tensors that do not belong to the JSON part are refused.
func TestRestoreRefuses(t *testing.T) {
	meta, _ := saved(t)
	for name, change := range map[string]func(tensors){
		"missing":  func(p tensors) { delete(p, tensorNetwork) },
		"short":    func(p tensors) { p.put(tensorAlpha, []float64{1}) },
		"type":     func(p tensors) { p[tensorMeans] = checkpoint.Of([]int{10}, make([]float32, 10)) },
		"number":   func(p tensors) { p.put(tensorAlpha, []float64{math.NaN(), 1, 1}) },
		"weights":  func(p tensors) { p.put(tensorAlpha, []float64{1, 1, 1}) },
		"negative": func(p tensors) { p.put(tensorRecent, []float64{-1}) },
		"window":   func(p tensors) { p.put(tensorRecent, make([]float64, 1000)) },
	} {
		_, parts := saved(t)
		change(parts)
		var st generatorState
		if err := json.Unmarshal(meta, &st); err != nil {
			t.Fatal(err)
		}
		if _, err := st.restore(parts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
