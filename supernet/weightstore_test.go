package supernet

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestWeightStore: over random pairs of all families, a model that reads what it wrote has its
// logits, another one gets the overlap and keeps its own weights elsewhere, and reading changes
// nothing.
func TestWeightStore(t *testing.T) {
	spaces := lightSpaces(t)
	for name, space := range spaces {
		t.Run(name, func(t *testing.T) {
			seed := uint64(len(name))
			store := NewWeightStore()
			var first *Model
			for i := range uint64(2) {
				m, err := NewModel(space, sample(t, space, seed+i), &Options{Seed: seed + i})
				if err != nil {
					t.Fatal(err)
				}
				before := m.values()
				if err := store.Read(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				moved := 0
				g := m.prog.graph
				for _, l := range links(g, singlePath{}, g, m.store) {
					a := store.tensors[l.from.key]
					if a == nil {
						continue
					}
					k := min(l.to.kernel, a.kernel)
					moved += extent{k, min(l.to.in.to, a.in), min(l.to.out.to, a.out)}.size()
				}
				changed := 0
				for key, v := range m.values() {
					for j := range v {
						if v[j] != before[key][j] {
							changed++
						}
					}
				}
				if changed > moved || i == 0 && changed > 0 || i == 1 && changed < moved/2 {
					t.Errorf("%d numbers changed, %d overlap", changed, moved)
				}
				if i == 1 {
					break
				}
				jitter(t, m.network, seed)
				first = m
				if err := store.Write(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			again, err := NewModel(space, first.Arch(), &Options{Seed: 99})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Read(t.Context(), again); err != nil {
				t.Fatal(err)
			}
			sameValues(t, again.values(), first.values())
		})
	}
}

// TestWeightStoreWritten writes random models and reads others back through a file: bits agree, and
// so do the files.
func TestWeightStoreWritten(t *testing.T) {
	space, dir := tinySpace(t), t.TempDir()
	for models := range uint64(3) {
		store := NewWeightStore()
		for i := range models {
			m, err := NewModel(space, sample(t, space, 10*models+i), &Options{Seed: i})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Write(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
		if err := store.Save(one); err != nil {
			t.Fatal(err)
		}
		loaded, err := LoadWeightStore(one)
		if err != nil {
			t.Fatal(err)
		}
		if err := loaded.Save(two); err != nil {
			t.Fatal(err)
		}
		a, errA := os.ReadFile(one)
		b, errB := os.ReadFile(two)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Error("a loaded store is saved differently", errA, errB)
		}
	}
}

// TestWeightStoreClasses matches classes by name and refuses other families.
func TestWeightStoreClasses(t *testing.T) {
	space := tinySpace(t)
	model := func(seed uint64, classes ...string) *Model {
		t.Helper()
		m, err := NewModel(space, space.Smallest(), &Options{Seed: seed, Classes: classes})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	store := NewWeightStore()
	m, n := model(1, "a", "b", "c", "d"), model(2, "e", "c", "b", "f")
	if err := store.Write(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	linear := m.prog.graph.Nodes[m.prog.logits].Name + ".weight"
	wrote, own := m.values()[linear], n.values()[linear]
	if err := store.Read(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	for i, v := range n.values()[linear] {
		want := own[i]
		if c := i % 4; c == 1 || c == 2 {
			want = wrote[i/4*4+map[int]int{1: 2, 2: 1}[c]]
		}
		if v != want {
			t.Fatalf("weight %d is %v, expected %v", i, v, want)
		}
	}
	if err := store.Write(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if len(store.classes) != 6 {
		t.Errorf("classes %q", store.classes)
	}
	if err := store.Read(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	other := lightSpaces(t)["eatnas"]
	stranger, err := NewModel(other, sample(t, other, 1), &Options{Classes: []string{"a", "b", "c", "d"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Read(t.Context(), stranger); !errors.Is(err, ErrWeights) {
		t.Errorf("another family gives %v", err)
	}
}
