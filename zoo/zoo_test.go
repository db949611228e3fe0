package zoo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

// What is added is there after opening anew, description and weights.
func TestAddAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "zoo")
	z := filled(t, dir, 3)
	again := open(t, dir, nil)
	if diff := cmp.Diff(z.Entries(), again.Entries()); diff != "" {
		t.Errorf("opened anew: %s", diff)
	}
	e, err := again.Find("model 1")
	if err != nil {
		t.Fatal(err)
	}
	cost, err := space(t).Cost(model(t, "0-_16_1-1-1-1", 0).arch)
	if err != nil {
		t.Fatal(err)
	}
	if e.Arch != "0-_16_1-1-1-1" || e.Space.InputSize != 32 || !slices.Equal(e.Classes, names) || e.MAdds != cost.MAdds ||
		e.Params != cost.Params || e.Weights == nil || e.Weights.Kind != "toy" {
		t.Errorf("entry %+v", e)
	}
	for i, e := range again.Entries() {
		m, err := zoo.Load(t.Context(), again, e.Name, load)
		if err != nil {
			t.Fatal(err)
		}
		if m.weight != float32(i) || m.space.Format(m.arch) != e.Arch {
			t.Errorf("%s has weight %v", e.Name, m.weight)
		}
	}
	m, err := zoo.LoadFor(t.Context(), again, "model 2", load, "car", "cat")
	if err != nil || m.weight != 2 || !slices.Equal(m.classes, []string{"car", "cat"}) {
		t.Errorf("for other classes: %+v, %v", m, err)
	}
	if err := again.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	// Entries are copies.
	e.Classes[0], e.Steps[0].Seconds = "other", 99
	if now, _ := again.Find("model 1"); now.Classes[0] != "cat" || now.Steps[0].Seconds == 99 {
		t.Error("a caller's change shows in the zoo")
	}
}

func TestChanges(t *testing.T) {
	dir := t.TempDir()
	z := filled(t, dir, 3)
	other := open(t, dir, nil)
	e, _ := z.Find("model 0")
	same := *model(t, "0-_16_1-1-1-1", 0)
	if err := z.Add(t.Context(), zoo.Entry{Name: "twin"}, &same); err != nil {
		t.Fatal(err)
	}
	if err := z.Add(t.Context(), zoo.Entry{Name: "twin"}, &same); !errors.Is(err, zoo.ErrExists) {
		t.Errorf("a name twice: %v", err)
	}
	if files(t, dir) != 3 {
		t.Errorf("%d files, expected 3: two models are the same", files(t, dir))
	}
	// Describing keeps the weights.
	e.SetStep(zoo.Timing{Batch: 32, InputSize: 32, Seconds: 0.007, Machine: "mine"})
	if err := z.Describe(e); err != nil {
		t.Fatal(err)
	}
	if err := z.Describe(zoo.Entry{Name: "heard of", Space: e.Space, Arch: e.Arch}); err != nil {
		t.Fatal(err)
	}
	// What another has changed shows after Reload, and does not get lost.
	if other.Len() != 3 {
		t.Errorf("%d entries, expected 3", other.Len())
	}
	if err := other.Remove("model 1"); err != nil {
		t.Fatal(err)
	}
	if err := z.Reload(); err != nil || z.Len() != 4 {
		t.Errorf("%d entries, %v, expected 4", z.Len(), err)
	}
	if now, err := z.Find("model 0"); err != nil || len(now.Steps) != 2 || now.Weights == nil {
		t.Errorf("%+v, %v", now, err)
	}
	if err := z.Remove("model 0"); err != nil {
		t.Fatal(err)
	}
	if m, err := zoo.Load(t.Context(), z, "twin", load); err != nil || m.weight != 0 {
		t.Errorf("the twin went with the other: %v", err)
	}
	if files(t, dir) != 2 {
		t.Errorf("%d files, expected 2", files(t, dir))
	}
	for name, err := range map[string]error{
		"unknown": z.Remove("model 0"),
		"find":    second(z.Find("model 0")),
		"load":    second(zoo.Load(t.Context(), z, "model 1", load)),
	} {
		if !errors.Is(err, zoo.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := zoo.Load(t.Context(), z, "heard of", load); !errors.Is(err, zoo.ErrNoWeights) {
		t.Errorf("no weights: %v", err)
	}
	// A model that cannot be saved leaves everything as it was.
	bad := errors.New("full")
	if err := z.Add(t.Context(), zoo.Entry{Name: "bad"}, &toy{space: same.space, arch: same.arch, bad: bad}); !errors.Is(err, bad) {
		t.Errorf("a model that cannot be saved: %v", err)
	}
	if open(t, dir, nil).Len() != 3 || files(t, dir) != 2 {
		t.Error("a failure left something behind")
	}
}

func second[T any](_ T, err error) error { return err }

// files counts what is in the folder of the weights.
func files(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(dir, "models"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Every kind of damage is an error that says so, and touches no other model.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	z := filled(t, dir, 4)
	path := func(name string) string {
		e, err := z.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, "models", e.Weights.SHA256+".safetensors")
	}
	flip(t, path("model 0"), -1)
	if err := os.Truncate(path("model 1"), 10); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path("model 2")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"model 0": zoo.ErrCorrupt, "model 1": zoo.ErrCorrupt, "model 2": fs.ErrNotExist, "model 3": nil} {
		if _, err := zoo.Load(t.Context(), z, name, load); !errors.Is(err, want) {
			t.Errorf("%s: %v, expected %v", name, err, want)
		}
	}
	if err := z.Verify(t.Context()); !errors.Is(err, zoo.ErrCorrupt) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("verify: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := zoo.Load(ctx, z, "model 3", load); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	index := filepath.Join(dir, "zoo.index")
	text, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(text); at += 37 {
		if err := os.WriteFile(index, text, 0o666); err != nil {
			t.Fatal(err)
		}
		flip(t, index, at)
		if _, err := zoo.Open(dir, nil); !errors.Is(err, zoo.ErrCorrupt) {
			t.Fatalf("byte %d: %v", at, err)
		}
		if err := z.Remove("model 3"); !errors.Is(err, zoo.ErrCorrupt) {
			t.Fatalf("byte %d: changed: %v", at, err)
		}
	}
}

// flip changes a byte of a file; −1 is the last.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at = len(text) - 1
	}
	text[at] ^= 1
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Weights of others come with a space and an architecture, and bring their classes.
func TestAddFile(t *testing.T) {
	dir := t.TempDir()
	z := open(t, filepath.Join(dir, "zoo"), nil)
	s := space(t)
	write := func(name string, metadata map[string]string) string {
		path := filepath.Join(dir, name)
		err := checkpoint.WriteFileAtomic(path, func(w io.Writer) error {
			return checkpoint.WriteSafetensors(w, metadata, map[string]checkpoint.Tensor{"w": checkpoint.Of([]int{2}, []float32{1, 2})})
		})
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	entry := zoo.Entry{Name: "theirs", Space: s.Spec(), Arch: "0-_16_1-1-1-1", Accuracy: 0.8, Source: "elsewhere"}
	if err := z.AddFile(t.Context(), entry, write("plain", map[string]string{"classes": `["cat","dog","bird"]`})); err != nil {
		t.Fatal(err)
	}
	e, err := z.Find("theirs")
	if err != nil || !slices.Equal(e.Classes, names) || e.Weights.Kind != "" || e.Params == 0 || e.MAdds == 0 {
		t.Errorf("%+v, %v", e, err)
	}
	got, err := zoo.Load(t.Context(), z, "theirs", func(_ context.Context, _ zoo.Entry, w *io.SectionReader) (float32, error) {
		_, tensors, err := checkpoint.ReadSafetensors(w, w.Size())
		if err != nil {
			return 0, err
		}
		data, err := checkpoint.Get[float32](tensors, "w", 2)
		return data[1], err
	})
	if err != nil || got != 2 {
		t.Errorf("read %v, %v", got, err)
	}
	entry.Name = "others"
	if err := z.AddFile(t.Context(), entry, write("ten", map[string]string{"classes": `["a","b"]`})); err != nil {
		t.Fatal(err)
	}
	if e, err := z.Find("others"); err != nil || e.Classes != nil {
		t.Errorf("classes %v, %v, expected none: there are two names for three", e.Classes, err)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("not weights"), 0o666); err != nil {
		t.Fatal(err)
	}
	entry.Name = "third"
	wrong := entry
	wrong.Arch = "9-_16_1-1-1-1"
	for name, c := range map[string]struct{ err, want error }{
		"broken":  {z.AddFile(t.Context(), entry, broken), zoo.ErrCorrupt},
		"missing": {z.AddFile(t.Context(), entry, filepath.Join(dir, "none")), fs.ErrNotExist},
		"folder":  {z.AddFile(t.Context(), entry, dir), nil},
		"arch":    {z.AddFile(t.Context(), wrong, filepath.Join(dir, "plain")), nil},
		"classes": {z.AddFile(t.Context(), entry, write("bad", map[string]string{"classes": "{"})), nil},
		"taken":   {z.AddFile(t.Context(), zoo.Entry{Name: "theirs", Space: s.Spec(), Arch: entry.Arch}, filepath.Join(dir, "plain")), zoo.ErrExists},
	} {
		if c.err == nil || c.want != nil && !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, expected %v", name, c.err, c.want)
		}
	}
	if z.Len() != 2 {
		t.Errorf("%d entries, expected 2", z.Len())
	}
}

func TestEntryRefused(t *testing.T) {
	z := open(t, t.TempDir(), nil)
	m := model(t, "0-_16_1-1-1-1", 1)
	good := zoo.Entry{Name: "x", Space: m.space.Spec(), Arch: "0-_16_1-1-1-1"}
	for name, change := range map[string]func(e *zoo.Entry){
		"no name":    func(e *zoo.Entry) { e.Name = "" },
		"bad name":   func(e *zoo.Entry) { e.Name = "\xff" },
		"no family":  func(e *zoo.Entry) { e.Space.Family = "" },
		"no arch":    func(e *zoo.Entry) { e.Arch = "" },
		"classes":    func(e *zoo.Entry) { e.Classes = []string{"a"} },
		"accuracy":   func(e *zoo.Entry) { e.Accuracy = 62 },
		"samples":    func(e *zoo.Entry) { e.Samples = -1 },
		"madds":      func(e *zoo.Entry) { e.MAdds = -1 },
		"batch":      func(e *zoo.Entry) { e.Steps = []zoo.Timing{{InputSize: 32, Seconds: 1}} },
		"no seconds": func(e *zoo.Entry) { e.Inference = []zoo.Timing{{Batch: 1, InputSize: 32}} },
		"quartiles": func(e *zoo.Entry) {
			e.Steps = []zoo.Timing{{Batch: 1, InputSize: 32, Seconds: 1, Lower: 2, Upper: 1}}
		},
		"machine": func(e *zoo.Entry) { e.Steps = []zoo.Timing{{Batch: 1, InputSize: 32, Seconds: 1, Machine: "\xff"}} },
		"data":    func(e *zoo.Entry) { e.Data = "caf\xe9" },
		"class":   func(e *zoo.Entry) { e.Classes = []string{"a", "b", "\xe9"} },
	} {
		e := good
		change(&e)
		if err := z.Describe(e); !errors.Is(err, zoo.ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := z.Add(t.Context(), good, nil); err == nil {
		t.Error("no model: no error")
	}
	if err := z.Add(t.Context(), good, &toy{arch: m.arch}); err == nil {
		t.Error("a model of no space: no error")
	}
	if _, err := zoo.Open("", nil); err == nil {
		t.Error("no folder: no error")
	}
	if z.Len() != 0 {
		t.Errorf("%d entries", z.Len())
	}
}

// What a process that was killed while it added a model has left does not stay.
func TestLitter(t *testing.T) {
	dir := t.TempDir()
	z := filled(t, dir, 1)
	orphan := strings.Repeat("ab", 32) + ".safetensors"
	for _, name := range []string{".incoming.tmp-123-0", "incoming", orphan} {
		if err := os.WriteFile(filepath.Join(dir, "models", name), []byte("half a mod"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Describe(z.Entries()[0]); err != nil {
		t.Fatal(err)
	}
	if files(t, dir) != 1 {
		t.Errorf("%d files, expected 1", files(t, dir))
	}
	if err := z.Add(t.Context(), zoo.Entry{Name: "next"}, model(t, "0-_16_1-1-1-1", 7)); err != nil {
		t.Fatal(err)
	}
	if files(t, dir) != 2 {
		t.Errorf("%d files, expected 2", files(t, dir))
	}
	if m, err := zoo.Load(t.Context(), z, "next", load); err != nil || m.weight != 7 {
		t.Errorf("%v", err)
	}
}

// Several goroutines change a zoo, and others read it.
func TestConcurrentChanges(t *testing.T) {
	z := open(t, t.TempDir(), nil)
	models := make([]*toy, 8)
	for i := range models {
		models[i] = model(t, "0-_16_1-1-1-1", float32(i))
	}
	var wg sync.WaitGroup
	for i, m := range models {
		wg.Go(func() {
			name := fmt.Sprint(i)
			if err := z.Add(t.Context(), zoo.Entry{Name: name}, m); err != nil {
				t.Error(err)
			}
			if got, err := zoo.Load(t.Context(), z, name, load); err != nil || got.weight != float32(i) {
				t.Errorf("%s: %v", name, err)
			}
			z.Entries()
		})
	}
	wg.Wait()
	if z.Len() != len(models) {
		t.Errorf("%d entries, expected %d", z.Len(), len(models))
	}
}

// The published models have the costs that searchspace counts.
func TestPublished(t *testing.T) {
	list := zoo.Published()
	if len(list) != 12 {
		t.Fatalf("%d models, expected 12", len(list))
	}
	for i := range list {
		e := &list[i]
		s, a, err := e.Network()
		if err != nil {
			t.Fatal(err)
		}
		cost, err := s.Cost(a)
		if err != nil {
			t.Fatal(err)
		}
		if cost.MAdds != e.MAdds || cost.Params != e.Params {
			t.Errorf("%s: %d multiply-adds, %d parameters, counted %d, %d", e.Name, e.MAdds, e.Params, cost.MAdds, cost.Params)
		}
	}
	dir := t.TempDir()
	z := open(t, dir, &zoo.Options{Published: true})
	if z.Len() != 12 {
		t.Errorf("%d entries, expected 12", z.Len())
	}
	if err := z.Add(t.Context(), zoo.Entry{Name: "ET-NAS-A"}, model(t, "2-_32_2-11-12-12", 1)); err != nil {
		t.Fatal(err)
	}
	if e, err := z.Find("ET-NAS-A"); err != nil || e.Weights == nil || z.Len() != 12 {
		t.Errorf("%+v, %v, %d entries", e, err, z.Len())
	}
	if open(t, dir, nil).Len() != 1 {
		t.Error("published models were stored")
	}
	front := zoo.Front(list, func(e *zoo.Entry) (float64, bool) { return e.StepTime("Nvidia V100", 64, 224, 0) })
	if len(front) != 12 || front[0].Name != "ET-NAS-A" || front[11].Name != "ET-NAS-L" {
		t.Errorf("%d models in front", len(front))
	}
}

func TestFront(t *testing.T) {
	entry := func(name string, accuracy, seconds float64) zoo.Entry {
		e := zoo.Entry{Name: name, Accuracy: accuracy}
		if seconds > 0 {
			e.SetStep(zoo.Timing{Batch: 1, InputSize: 32, Seconds: seconds})
		}
		return e
	}
	list := []zoo.Entry{entry("slow", 0.9, 3), entry("beaten", 0.5, 2.5), entry("fast", 0.4, 1), entry("twin", 0.4, 1),
		entry("even", 0.9, 3.5), entry("middle", 0.6, 2), entry("untimed", 1, 0), entry("worse", 0.3, 1),
		entry("unjudged", 0, 0.1), entry("no number", math.NaN(), 0.2)}
	var got []string
	for _, e := range zoo.Front(list, func(e *zoo.Entry) (float64, bool) { return e.StepTime("", 1, 32, 0) }) {
		got = append(got, e.Name)
	}
	if want := []string{"fast", "middle", "slow"}; !slices.Equal(got, want) {
		t.Errorf("front %v, expected %v", got, want)
	}
	if front := zoo.Front(list, nil); len(front) != 0 {
		t.Errorf("%d entries in front of no cost", len(front))
	}
}

// BenchmarkOpen opens a zoo of 300 models of 1000 classes, the same for all.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	z := open(b, dir, nil)
	classes := make([]string, 1000)
	for i := range classes {
		classes[i] = fmt.Sprintf("class number %d", i)
	}
	e := zoo.Entry{Space: searchspace.Spec{Family: "etnas", InputSize: 224, Classes: 1000}, Arch: "2-_32_2-11-112-1121112",
		Classes: classes, Data: "ImageNet"}
	for batch := range 3 {
		for frozen := range 5 {
			e.SetStep(zoo.Timing{Batch: 16 << batch, InputSize: 224, Frozen: frozen, Seconds: 0.01, Lower: 0.009, Upper: 0.011, Machine: "this"})
		}
	}
	for i := range 300 {
		e.Name = fmt.Sprint(i)
		if err := z.Describe(e); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		open(b, dir, nil)
	}
}
