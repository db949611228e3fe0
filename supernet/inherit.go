package supernet

import (
	"fmt"
	"iter"

	"github.com/tendril-nas/tendril/searchspace"
)

// This file moves weights between networks: it copies the overlap of one network's tensors into
// another's. Who moves what is a list of links. A sub-network is extracted by links from the shared
// store to the places of a model of its own; links the other way round write a model back; whole
// tensors link a store to a larger one.

// extent is the size of a stored tensor, [kernel][kernel][in][out]. Vectors and linear weights have
// kernel 1, vectors one input.
type extent struct{ kernel, in, out int }

// size is the number of elements.
func (e extent) size() int { return e.kernel * e.kernel * e.in * e.out }

// array is a tensor on the host.
type array struct {
	extent
	data []float32
	// written marks the elements that a network has ever written; nil means all. Others are neither
	// read nor passed on.
	written []bool
}

// arrays is tensors on the host by key.
type arrays map[string]*array

// run is n places in a row: places from… of the source go to places to… of the destination.
type run struct{ from, to, n int }

// axis says which channels of a source go to which of a destination. Most have one run; classes
// matched by name and channels kept by importance have several.
type axis []run

// axisOf is the axis on which channel i of the destination gets channel source[i] of the source, or
// nothing where that is negative.
func axisOf(source []int) axis {
	a := axis{} // not nil, which would mean the first channels
	for to, from := range source {
		if from < 0 {
			continue
		}
		if n := len(a) - 1; n >= 0 && a[n].from+a[n].n == from && a[n].to+a[n].n == to {
			a[n].n++
			continue
		}
		a = append(a, run{from, to, 1})
	}
	return a
}

// fits reports whether all channels exist.
func (a axis) fits(from, to int) bool {
	for _, r := range a {
		if r.n < 0 || r.from < 0 || r.to < 0 || r.from > from-r.n || r.to > to-r.n {
			return false
		}
	}
	return true
}

// link is the way of one tensor: a part of a tensor of the source goes to a part of a tensor of the
// destination. Kernels are centred in each other: into a larger one goes the whole, into a smaller
// one the centre.
type link struct {
	node     *searchspace.Node // of the destination; nil where whole tensors move
	kind     weightKind
	from, to place
	// in and out count channels from the start of the parts; nil means the first channels, as many
	// as both parts have.
	in, out axis
}

// links pairs the weights of two networks by site, in the order of the second one's nodes. Sites
// that only one of them has have no link.
func links(from *searchspace.Graph, by placer, to *searchspace.Graph, at placer) []link {
	source := make(map[string]*searchspace.Node, len(from.Nodes))
	for i := range from.Nodes {
		if n := &from.Nodes[i]; len(kindsOf(n)) > 0 {
			source[n.Site] = n
		}
	}
	var out []link
	for i := range to.Nodes {
		n := &to.Nodes[i]
		s := source[n.Site]
		if s == nil || s.Op != n.Op {
			continue
		}
		has := kindsOf(s)
		for j, k := range kindsOf(n) {
			if j < len(has) {
				out = append(out, link{node: n, kind: k, from: by.place(s, k), to: at.place(n, k)})
			}
		}
	}
	return out
}

// renumber has the links of a network's classifier, the node with the given number, move one class
// to another.
func renumber(ls []link, classifier int, classes axis) {
	for i := range ls {
		if ls[i].node.ID == classifier {
			ls[i].out = classes
		}
	}
}

// keysOf is the tensors that links read and those that they write.
func keysOf(ls []link) (from, to map[string]bool) {
	from, to = make(map[string]bool), make(map[string]bool)
	for i := range ls {
		from[ls[i].from.key], to[ls[i].to.key] = true, true
	}
	return from, to
}

// whole is the place of all of a tensor.
func (e extent) whole(key string) place {
	return place{key: key, kernel: e.kernel, in: span{0, e.in}, out: span{0, e.out}}
}

// check reports a link that does not fit its tensors.
func (l *link) check(from, to extent) error {
	for _, p := range []struct {
		place
		extent
	}{{l.from, from}, {l.to, to}} {
		k, room := p.place.kernel, p.extent
		if k < 1 || k > room.kernel || (room.kernel-k)%2 != 0 || !p.place.in.within(room.in) ||
			!p.place.out.within(room.out) {
			return fmt.Errorf(
				"%s: kernel %d and channels %v × %v of a tensor with kernel %d and %d × %d channels",
				p.key, k, p.place.in, p.place.out, room.kernel, room.in, room.out)
		}
	}
	if (l.from.kernel-l.to.kernel)%2 != 0 {
		return fmt.Errorf("%s: kernel %d has no centre in kernel %d", l.to.key, l.from.kernel, l.to.kernel)
	}
	if !l.in.fits(l.from.in.len(), l.to.in.len()) || !l.out.fits(l.from.out.len(), l.to.out.len()) {
		return fmt.Errorf("%s: channels %v × %v outside a source of %d × %d or a destination of %d × %d",
			l.to.key, l.in, l.out, l.from.in.len(), l.from.out.len(), l.to.in.len(), l.to.out.len())
	}
	return nil
}

// within reports whether the range lies in [0, n).
func (s span) within(n int) bool { return 0 <= s.from && s.from <= s.to && s.to <= n }

// runs is the elements that a checked link moves, as places in tensors of these sizes.
func (l *link) runs(from, to extent) iter.Seq[run] {
	k := min(l.from.kernel, l.to.kernel)
	in, out := l.in, l.out
	if in == nil {
		in = axis{{n: min(l.from.in.len(), l.to.in.len())}}
	}
	if out == nil {
		out = axis{{n: min(l.from.out.len(), l.to.out.len())}}
	}
	return func(yield func(run) bool) {
		for y := range k {
			for x := range k {
				source, dest := from.centre(k, y, x)+l.from.in.from, to.centre(k, y, x)+l.to.in.from
				for _, i := range in {
					for c := range i.n {
						r := run{from: (source+i.from+c)*from.out + l.from.out.from,
							to: (dest+i.to+c)*to.out + l.to.out.from}
						for _, o := range out {
							if !yield(run{r.from + o.from, r.to + o.to, o.n}) {
								return
							}
						}
					}
				}
			}
		}
	}
}

// centre is the place of the first input of pixel (y, x) of the centre k×k, in units of whole
// inputs.
func (e extent) centre(k, y, x int) int {
	margin := (e.kernel - k) / 2
	return ((margin+y)*e.kernel + margin + x) * e.in
}

// move copies the elements of a checked link. Nothing else changes.
func (l *link) move(from, to *array) {
	for r := range l.runs(from.extent, to.extent) {
		if from.written == nil && to.written == nil {
			copy(to.data[r.to:r.to+r.n], from.data[r.from:r.from+r.n])
			continue
		}
		for i := range r.n {
			if from.written != nil && !from.written[r.from+i] {
				continue
			}
			to.data[r.to+i] = from.data[r.from+i]
			if to.written != nil {
				to.written[r.to+i] = true
			}
		}
	}
}

// take copies what links move, one after the other. Nothing changes when a link does not fit.
func (a arrays) take(from arrays, ls []link) error {
	for i := range ls {
		l := &ls[i]
		source, dest := from[l.from.key], a[l.to.key]
		if source == nil || dest == nil {
			return fmt.Errorf("no tensor %s for %s", l.from.key, l.to.key)
		}
		if err := l.check(source.extent, dest.extent); err != nil {
			return err
		}
	}
	for i := range ls {
		ls[i].move(from[ls[i].from.key], a[ls[i].to.key])
	}
	return nil
}

// keep copies the overlap with the same tensor of another size.
func (a *array) keep(key string, old *array) error {
	return arrays{key: a}.take(arrays{key: old}, []link{{from: old.whole(key), to: a.whole(key)}})
}

// hold makes room for the tensors of a collection: missing ones come into being, smaller ones grow
// on every axis around what they have. What is new counts as never written.
func (a arrays) hold(ss *specs) error {
	for _, s := range ss.list {
		old := a[s.key]
		size := s.extent
		if old != nil {
			size = extent{max(size.kernel, old.kernel), max(size.in, old.in), max(size.out, old.out)}
			if size == old.extent {
				continue
			}
		}
		grown := &array{extent: size, data: make([]float32, size.size()), written: make([]bool, size.size())}
		if old != nil {
			if err := grown.keep(s.key, old); err != nil {
				return err
			}
		}
		a[s.key] = grown
	}
	return nil
}
