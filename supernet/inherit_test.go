package supernet

import (
	"context"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

// drawArray is a tensor with numbers that tell all its elements, and those of other tensors, apart.
// Some have marks.
func drawArray(t *rapid.T, name string, e extent, from float32) *array {
	a := &array{extent: e, data: make([]float32, e.size())}
	for i := range a.data {
		a.data[i] = from + float32(i)
	}
	if rapid.Bool().Draw(t, name+" marked") {
		a.written = rapid.SliceOfN(rapid.Bool(), e.size(), e.size()).Draw(t, name+" written")
	}
	return a
}

// drawPlace is a tensor's size and a part of it.
func drawPlace(t *rapid.T, name string, parity int) (extent, place) {
	draw := func(what string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name+" "+what) }
	at := place{key: name, kernel: 2*draw("kernel", 0, 2) + parity}
	at.in.from, at.out.from = draw("first input", 0, 2), draw("first output", 0, 2)
	at.in.to, at.out.to = at.in.from+draw("inputs", 0, 3), at.out.from+draw("outputs", 0, 4)
	size := extent{at.kernel + 2*draw("margin", 0, 1), at.in.to + draw("more inputs", 0, 2), 0}
	size.out = at.out.to + draw("more outputs", 0, 2)
	return size, at
}

// drawAxis is nil for the overlap, or a choice of the source's channels in any order for some of
// the destination's.
func drawAxis(t *rapid.T, name string, from, to span) (a axis, source []int) {
	source = make([]int, to.len())
	listed := rapid.Bool().Draw(t, name+" listed")
	for i := range source {
		switch {
		case listed:
			source[i] = rapid.IntRange(-1, from.len()-1).Draw(t, name)
		case i < from.len():
			source[i] = i
		default:
			source[i] = -1
		}
	}
	if listed {
		a = axisOf(source)
	}
	return a, source
}

// TestTake compares what a link moves, over random parts of random tensors, with the definition
// element by element.
func TestTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parity := rapid.IntRange(1, 2).Draw(t, "parity")
		var l link
		var fromSize, toSize extent
		fromSize, l.from = drawPlace(t, "from", parity)
		toSize, l.to = drawPlace(t, "to", parity)
		var in, out []int
		l.in, in = drawAxis(t, "in", l.from.in, l.to.in)
		l.out, out = drawAxis(t, "out", l.from.out, l.to.out)
		from, to := drawArray(t, "from", fromSize, 1000), drawArray(t, "to", toSize, 9000)
		want := &array{extent: toSize, data: slices.Clone(to.data), written: slices.Clone(to.written)}
		for y := range toSize.kernel {
			for x := range toSize.kernel {
				// Distances from the centre, doubled so that even kernels have one.
				dy, dx := 2*y-(toSize.kernel-1), 2*x-(toSize.kernel-1)
				if reach := min(l.from.kernel, l.to.kernel) - 1; max(dy, -dy, dx, -dx) > reach {
					continue
				}
				sy, sx := (dy+fromSize.kernel-1)/2, (dx+fromSize.kernel-1)/2
				for i, fromIn := range in {
					for o, fromOut := range out {
						if fromIn < 0 || fromOut < 0 {
							continue
						}
						s := ((sy*fromSize.kernel+sx)*fromSize.in+l.from.in.from+fromIn)*fromSize.out + l.from.out.from + fromOut
						d := ((y*toSize.kernel+x)*toSize.in+l.to.in.from+i)*toSize.out + l.to.out.from + o
						if from.written != nil && !from.written[s] {
							continue
						}
						want.data[d] = from.data[s]
						if want.written != nil {
							want.written[d] = true
						}
					}
				}
			}
		}
		source := slices.Clone(from.data)
		if err := (arrays{"to": to}).take(arrays{"from": from}, []link{l}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(to.data, want.data) || !slices.Equal(to.written, want.written) {
			t.Errorf("link %+v of %+v into %+v\ngave     %v %v\nexpected %v %v",
				l, fromSize, toSize, to.data, to.written, want.data, want.written)
		}
		if !slices.Equal(from.data, source) {
			t.Error("the source changed")
		}
	})
}

// TestLinkCheck checks that links outside their tensors are refused before anything changes.
func TestLinkCheck(t *testing.T) {
	size := extent{5, 3, 4}
	part := place{key: "a", kernel: 3, in: span{0, 2}, out: span{1, 4}}
	for name, change := range map[string]func(*link){
		"kernel too large": func(l *link) { l.from.kernel = 7 },
		"kernel of 0":      func(l *link) { l.to.kernel = 0 },
		"no centre":        func(l *link) { l.to.kernel = 4 },
		"inputs":           func(l *link) { l.from.in.to = 4 },
		"outputs":          func(l *link) { l.to.out.to = 5 },
		"backwards":        func(l *link) { l.to.out = span{3, 2} },
		"negative":         func(l *link) { l.from.out.from = -1 },
		"axis source":      func(l *link) { l.in = axis{{1, 0, 2}} },
		"axis destination": func(l *link) { l.out = axis{{0, 0, 1}, {0, 3, 1}} },
		"axis negative":    func(l *link) { l.out = axis{{-1, 0, 1}} },
		"axis huge":        func(l *link) { l.out = axis{{1, 0, int(^uint(0) >> 1)}} },
		"no source":        func(l *link) { l.from.key = "b" },
		"no destination":   func(l *link) { l.to.key = "b" },
	} {
		from := arrays{"a": {extent: size, data: make([]float32, size.size())}}
		to := arrays{"a": {extent: size, data: make([]float32, size.size())}}
		for i := range from["a"].data {
			from["a"].data[i] = 1
		}
		l := link{from: part, to: part}
		change(&l)
		if err := to.take(from, []link{{from: part, to: part}, l}); err == nil {
			t.Errorf("%s: %+v was accepted", name, l)
		}
		if slices.Contains(to["a"].data, 1) {
			t.Errorf("%s: something moved", name)
		}
	}
	even := link{from: place{kernel: 2}, to: place{kernel: 3}}
	if err := even.check(extent{2, 1, 1}, extent{3, 1, 1}); err == nil {
		t.Error("a kernel of 2 went into one of 3")
	}
}

// TestHold writes parts of random sizes to a store that grows with them, and compares it with a
// list of the elements written, each under its distance from the kernel's centre.
func TestHold(t *testing.T) {
	type element struct{ y, x, in, out int }
	each := func(e extent, f func(at element, i int)) {
		i := 0
		for y := range e.kernel {
			for x := range e.kernel {
				for in := range e.in {
					for out := range e.out {
						f(element{2*y - e.kernel + 1, 2*x - e.kernel + 1, in, out}, i)
						i++
					}
				}
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		store, want := make(arrays), make(map[element]float32)
		for round := range rapid.IntRange(1, 5).Draw(t, "rounds") {
			draw := func(name string, from int) int { return rapid.IntRange(from, 3).Draw(t, name) }
			s := &spec{key: "a", extent: extent{2*draw("radius", 0) + 1, draw("in", 1), draw("out", 1)}}
			if err := store.hold(&specs{list: []*spec{s}}); err != nil {
				t.Fatal(err)
			}
			model := drawArray(t, "model", s.extent, float32(1000*(round+1)))
			if err := store.take(arrays{"a": model}, []link{{from: s.whole("a"), to: s.whole("a")}}); err != nil {
				t.Fatal(err)
			}
			each(s.extent, func(at element, i int) {
				if model.written == nil || model.written[i] {
					want[at] = model.data[i]
				}
			})
			got := make(map[element]float32)
			each(store["a"].extent, func(at element, i int) {
				if store["a"].written[i] {
					got[at] = store["a"].data[i]
				}
			})
			if !maps.Equal(got, want) {
				t.Fatalf("round %d: store holds %v, expected %v", round, got, want)
			}
		}
	})
}

// TestWriteBack writes a sub-network with other weights back to the supernet: a second extraction
// gives it again, and nothing beside its part has moved.
func TestWriteBack(t *testing.T) {
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n := tinyNet(t, sharing)
		jitter(t, n.network, 1)
		for seed := range uint64(8) {
			a := sample(t, n.space, seed)
			m, err := n.Extract(context.Background(), a, nil)
			if err != nil {
				t.Fatal(err)
			}
			values, size := m.values(), 0
			for _, v := range values {
				size += len(v)
				for i := range v {
					v[i] += 1
				}
			}
			if err := m.setValues(values); err != nil {
				t.Fatal(err)
			}
			before, version := n.values(), n.WeightVersion()
			g := m.prog.graph
			if err := n.inherit(m.network, links(g, m.store, g, n.store)); err != nil {
				t.Fatal(err)
			}
			if n.WeightVersion() == version {
				t.Error("the weight version did not move")
			}
			moved := 0
			for key, v := range n.values() {
				for i := range v {
					if v[i] != before[key][i] {
						moved++
					}
				}
			}
			if moved != size {
				t.Errorf("%d numbers moved, the model has %d", moved, size)
			}
			again, err := n.Extract(context.Background(), a, nil)
			if err != nil {
				t.Fatal(err)
			}
			sameValues(t, again.values(), values)
		}
	}
}

// TestWhatWasEverWritten shares weights through a store on the host, which knows nothing at first:
// a model gets what models before it have written, and keeps its own numbers elsewhere.
func TestWhatWasEverWritten(t *testing.T) {
	space := tinySpace(t)
	share := func(m *Model, shared arrays) {
		t.Helper()
		if err := shared.hold(specsOfGraph(m.prog.graph, elastic{})); err != nil {
			t.Fatal(err)
		}
	}
	model := func(a searchspace.Arch, seed uint64) *Model {
		t.Helper()
		m, err := NewModel(space, a, &Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		jitter(t, m.network, seed)
		return m
	}
	shared := make(arrays)
	small, large := model(space.Smallest(), 1), model(space.Largest(), 2)
	for _, m := range []*Model{small, large} {
		share(m, shared)
	}
	g := large.prog.graph
	before := large.values()
	if err := large.take(shared, links(g, elastic{}, g, large.store)); err != nil {
		t.Fatal(err)
	}
	sameValues(t, large.values(), before) // nothing was written yet

	h := small.prog.graph
	weights, err := small.copies()
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.take(weights, links(h, small.store, h, elastic{})); err != nil {
		t.Fatal(err)
	}
	if err := large.take(shared, links(g, elastic{}, g, large.store)); err != nil {
		t.Fatal(err)
	}
	moved, size := 0, 0
	for key, v := range large.values() {
		for i := range v {
			if v[i] != before[key][i] {
				moved++
			}
		}
	}
	common := links(g, large.store, h, small.store)
	for _, l := range common {
		size += extent{l.to.kernel, l.to.in.len(), l.to.out.len()}.size()
	}
	if moved != size {
		t.Errorf("%d numbers came from the store, the small model wrote %d", moved, size)
	}
	cut := model(space.Smallest(), 3)
	if err := cut.inherit(large.network, common); err != nil {
		t.Fatal(err)
	}
	sameValues(t, cut.values(), small.values())
}
