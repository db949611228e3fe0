package supernet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// grid is the numbers of one kind of a layer with its operation, by place from the centre of the
// kernel, input and output channel.
type grid struct {
	radius, in, out int
	values          []float32
	written         []bool
}

// place is where a number is; y and x count from the centre.
func (g *grid) place(y, x, in, out int) int {
	return (((y+g.radius)*(2*g.radius+1)+x+g.radius)*g.in+in)*g.out + out
}

// grids are by layer, operation and kind.
type grids map[string]*grid

// each calls f for the tensors of a model with the key of each.
func (g grids) each(m *Model, f func(l *grid, key string, e extent)) {
	for i := range m.prog.graph.Nodes {
		n := &m.prog.graph.Nodes[i]
		for _, k := range kindsOf(n) {
			layer, key := fmt.Sprint(n.Site, "@", n.Variant, k), own{}.place(n, k).key
			if g[layer] == nil {
				g[layer] = &grid{}
			}
			f(g[layer], key, m.store.byKey[key].extent)
		}
	}
}

// room makes grids as large as the models.
func (g grids) room(models []*Model) {
	for _, m := range models {
		g.each(m, func(l *grid, _ string, e extent) {
			l.radius, l.in, l.out = max(l.radius, e.kernel/2), max(l.in, e.in), max(l.out, e.out)
		})
	}
	for _, l := range g {
		size := (2*l.radius + 1) * (2*l.radius + 1) * l.in * l.out
		l.values, l.written = make([]float32, size), make([]bool, size)
	}
}

// numbers calls f for all numbers of a model: where it is in a grid, and in the values of the
// network.
func (g grids) numbers(m *Model, f func(l *grid, place int, key string, at int)) {
	g.each(m, func(l *grid, key string, e extent) {
		at := 0
		for y := range e.kernel {
			for x := range e.kernel {
				for in := range e.in {
					for out := range e.out {
						f(l, l.place(y-e.kernel/2, x-e.kernel/2, in, out), key, at)
						at++
					}
				}
			}
		}
	})
}

// storeSpaces are small spaces of many families.
func storeSpaces(t *testing.T) map[string]*searchspace.Space {
	t.Helper()
	spaces := lightSpaces(t)
	for _, family := range []func() (*searchspace.Space, error){
		func() (*searchspace.Space, error) {
			return searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 16, Classes: 4, Channels: []int{16},
				Blocks: 2})
		},
		func() (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, InputSize: 16, Classes: 4, Chain: true,
				StemChannels: 8, StemStride: 2})
		},
	} {
		space, err := family()
		if err != nil {
			t.Fatal(err)
		}
		spaces[fmt.Sprint(space.Name(), " ", len(spaces))] = space
	}
	return spaces
}

// TestWeightStore writes random models of many families and reads others: each number is that of
// the last model that had it, or the reader's own where none had. Written models come back with
// their logits. The file in between changes nothing.
func TestWeightStore(t *testing.T) {
	for name, space := range storeSpaces(t) {
		t.Run(name, func(t *testing.T) {
			seed := uint64(len(name))
			store, path := NewWeightStore(), filepath.Join(t.TempDir(), "store")
			var models []*Model
			oracle := make(grids)
			for i := range uint64(3) {
				m, err := NewModel(space, sample(t, space, seed+i), &Options{Seed: seed + i})
				if err != nil {
					t.Fatal(err)
				}
				models = append(models, m)
			}
			oracle.room(models)
			batch := firstBatch(t, stripes(t, 4, space.InputSize(), 1), 4)
			for i, m := range models {
				before := m.values()
				if err := store.Read(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				after, inherited, wrong := m.values(), 0, 0
				oracle.numbers(m, func(l *grid, place int, key string, at int) {
					want := before[key][at]
					if l.written[place] {
						want = l.values[place]
						inherited++
					}
					if after[key][at] != want {
						wrong++
					}
				})
				if wrong > 0 || (inherited > 0) != (i > 0) {
					t.Errorf("model %d: %d numbers inherited, %d wrong", i, inherited, wrong)
				}
				jitter(t, m.network, uint64(i))
				values := m.values()
				oracle.numbers(m, func(l *grid, place int, key string, at int) {
					l.values[place], l.written[place] = values[key][at], true
				})
				if err := store.Write(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				err := store.Save(path)
				if err != nil {
					t.Fatal(err)
				}
				if store, err = LoadWeightStore(path); err != nil {
					t.Fatal(err)
				}
				again, err := NewModel(space, m.Arch(), &Options{Seed: 99})
				if err != nil {
					t.Fatal(err)
				}
				if err := store.Read(t.Context(), again); err != nil {
					t.Fatal(err)
				}
				sameValues(t, again.values(), values)
				if !slices.Equal(outputs(t, again.network, again.prog, batch), outputs(t, m.network, m.prog, batch)) {
					t.Error("a model that reads what another wrote has other logits")
				}
			}
			if store.WeightVersion() != 3 {
				t.Errorf("version %d after 3 writes", store.WeightVersion())
			}
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
	if len(store.now.classes) != 6 {
		t.Errorf("classes %q", store.now.classes)
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
