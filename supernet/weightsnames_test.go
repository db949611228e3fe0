package supernet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// header is the JSON at the start of a safetensors file, read as its specification says.
func header(t testing.TB, path string) map[string]json.RawMessage {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(data[8:8+binary.LittleEndian.Uint64(data)], &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Whoever reads an exported file finds the names of its classes in the metadata, under one key in
// one form in both formats.
func TestNamesInExports(t *testing.T) {
	m := tinyModel(t)
	names := []string{"hot dog", `"quoted"`, "Öl & <tag>", "fox"}
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	for _, want := range [][]string{nil, names} {
		if want != nil {
			if err := m.SetClassNames(t.Context(), want...); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.WriteSafetensors(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		var metadata map[string]string
		if err := json.Unmarshal(header(t, path)["__metadata__"], &metadata); err != nil {
			t.Fatal(err)
		}
		text, there := metadata["classes"]
		if metadata["format"] != "pt" || there != (want != nil) {
			t.Fatalf("metadata %q, names %q", metadata, want)
		}
		if !there {
			continue
		}
		for format, text := range map[string]string{"safetensors": text, "ONNX": writeONNX(t, m, nil).meta["classes"]} {
			var got []string
			if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: classes %s, expected %q", format, text, want)
			}
		}
	}
	swapped := slices.Clone(names)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	if err := m.WriteONNX(t.Context(), path, &ONNXOptions{ClassNames: swapped}); err == nil || !strings.Contains(err.Error(), "for class 0, expected 1") {
		t.Errorf("names of other classes: %v, expected an error", err)
	}
}

// checkReadByName writes the weights of a model of named classes and reads them into one that
// numbers them otherwise: every class keeps its logit.
func checkReadByName(t *testing.T, m *Model) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := m.WriteSafetensors(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	names := m.ClassNames()
	k := len(names)
	b := firstBatch(t, stripes(t, 4, m.inputSize(), 1), 4)
	want := outputs(t, m.network, m.prog, b)
	for _, order := range [][]int{interval(0, k), append(interval(1, k), 0), append([]int{k - 1}, interval(0, k-1)...)} {
		var other []string
		for _, c := range order {
			other = append(other, names[c])
		}
		for _, classes := range [][]string{other, nil} {
			read, err := NewModel(m.space, m.arch, &Options{Seed: 9, Classes: classes})
			if err != nil {
				t.Fatal(err)
			}
			if err := read.ReadSafetensors(t.Context(), path, nil); err != nil {
				t.Fatal(err)
			}
			if classes == nil {
				classes = names // those of the file
			}
			if !slices.Equal(read.ClassNames(), classes) {
				t.Fatalf("the model calls its classes %q, expected %q", read.ClassNames(), classes)
			}
			got := outputs(t, read.network, read.prog, b)
			for i := range b.N {
				for c, name := range classes {
					if w := want[i*k+slices.Index(names, name)]; got[i*k+c] != w {
						t.Errorf("classes %q: logit of %s is %v, expected %v", classes, name, got[i*k+c], w)
					}
				}
			}
		}
	}
}

// A file with names is read by name, or refused; one without by number, which is said.
func TestReadByName(t *testing.T) {
	m := named(t)
	checkReadByName(t, m)
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := m.WriteSafetensors(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	tensors := readTensors(t, path)
	var said warnings
	other, err := NewModel(m.space, m.arch, &Options{Seed: 9, Classes: []string{"dog", "cat", "eel", "yak"}, Logger: said.logger()})
	if err != nil {
		t.Fatal(err)
	}
	before := other.values()
	for classes, want := range map[string]string{
		`["cat","dog","eel","fox"]`:       "yak",
		`["cat","dog","eel"]`:             "names of 3 classes, expected 4",
		`["cat","dog","eel","yak","fox"]`: "names of 5 classes, expected 4",
		`["cat","dog","eel","cat"]`:       `both called "cat"`,
		`["cat","dog","eel",""]`:          "no name",
		`[]`:                              "names of 0 classes",
		`null`:                            "names of 0 classes",
		`"cat"`:                           "metadata",
		`4`:                               "metadata",
		`cat, dog`:                        "metadata",
	} {
		writeNamed(t, path, classes, tensors)
		err := other.ReadSafetensors(t.Context(), path, nil)
		if !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), want) {
			t.Errorf("classes %s: %v, expected ErrWeights about %q", classes, err, want)
		}
	}
	sameValues(t, other.values(), before)
	if text := said.take(); text != "" {
		t.Errorf("warnings %q, expected none", text)
	}
	writeTensors(t, path, tensors)
	if err := other.ReadSafetensors(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, other.values(), m.values())
	if text := said.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "by number") {
		t.Errorf("warnings %q, expected one", text)
	}
	if !slices.Equal(other.ClassNames(), []string{"dog", "cat", "eel", "yak"}) {
		t.Errorf("the model calls its classes %q", other.ClassNames())
	}
}

// writeNamed writes tensors with a text for the names of classes.
func writeNamed(t testing.TB, path, classes string, tensors map[string]checkpoint.Tensor) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.WriteSafetensors(f, map[string]string{metaClasses: classes}, tensors); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// FuzzForeignClasses reads weights whose metadata name classes in any way: an error, or a model
// whose classes are called as the file says.
func FuzzForeignClasses(f *testing.F) {
	m := tinyModel(f)
	source := filepath.Join(f.TempDir(), "weights")
	if err := m.WriteSafetensors(f.Context(), source); err != nil {
		f.Fatal(err)
	}
	tensors := readTensors(f, source)
	for _, text := range []string{`["cat","dog","eel","fox"]`, `["cat","dog"]`, `["a","a","b","c"]`, `["","a","b","c"]`,
		`[1,2,3,4]`, `null`, `{}`, ``, `["\ud800","b","c","d"]`, `["a","b","c","d"] x`} {
		f.Add(text)
	}
	space, arch := m.space, m.arch
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "weights")
		if !utf8.ValidString(text) {
			return // no writer makes such a file
		}
		writeNamed(t, path, text, tensors)
		read, err := NewModel(space, arch, nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		said := json.Unmarshal([]byte(text), &names) == nil && len(names) == 4
		err = read.ReadSafetensors(t.Context(), path, nil)
		switch {
		case err != nil && (!errors.Is(err, ErrWeights) || read.ClassNames() != nil):
			t.Fatalf("%q: names %q, error %v", text, read.ClassNames(), err)
		case err == nil && (!said || !slices.Equal(read.ClassNames(), names)):
			t.Fatalf("%q: names %q", text, read.ClassNames())
		}
	})
}
