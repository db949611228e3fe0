package evolution

import (
	"cmp"
	"slices"
	"sort"
)

// rowBits bounds the bits of all rows that ranksN holds at a time: 4 MB (ours).
const rowBits = 1 << 25

// dominators keeps the memory of ranksN.
type dominators struct {
	whose   []int32   // of a place in the lexicographic order: the point there
	places  []int32   // of a point
	orders  [][]int32 // for every objective but the first: places, in its order, ^place ends equal ones
	below   []uint64
	rows    []uint64
	members [][]int32 // of fronts: places
	most    int       // rows at a time; 0 = as rowBits allows
}

// ranksN gives every point a row of bits, one for each place before its own, that says who
// dominates it: all of them to begin with, cut for one objective after the other to those that are
// not above the point there, 64 at a time. So do
//
//	J. Moreno, D. Rodriguez, A. J. Nebro, J. A. Lozano: Merge Nondominated Sorting Algorithm for
//	Many-Objective Optimization. IEEE Transactions on Cybernetics 51, 2021.
//
// Rows are made for as many points at a time as rowBits allows.
func (s *sorter) ranksN(points [][]float64, k []keyed, out []int32) {
	n, d := len(points), &s.dominators
	s.lineUp(points, k)
	used := 0
	for from, to := 0, 0; from < n; from = to {
		to = min(n, from+cmp.Or(d.most, max(64, rowBits/n)))
		words := (to + 63) / 64
		d.makeRows(from, to, words)
		for i := from; i < to; i++ {
			at := d.whose[i]
			if i > 0 && slices.Equal(points[at], points[d.whose[i-1]]) {
				out[at] = out[d.whose[i-1]]
				continue
			}
			row := d.rows[(i-from)*words:][:i/64+1]
			rank := 0
			if slices.ContainsFunc(row, func(w uint64) bool { return w != 0 }) {
				rank = sort.Search(used, func(f int) bool { return !anyOf(row, d.members[f]) })
			}
			if rank == used {
				if used == len(d.members) {
					d.members = append(d.members, nil)
				}
				d.members[used] = d.members[used][:0]
				used++
			}
			d.members[rank] = append(d.members[rank], int32(i))
			out[at] = int32(rank)
		}
	}
}

// anyOf reports that some place has its bit in a row, the latest first. All have one there.
func anyOf(row []uint64, places []int32) bool {
	for i := len(places) - 1; i >= 0; i-- {
		if p := uint(places[i]); row[p/64]>>(p%64)&1 != 0 {
			return true
		}
	}
	return false
}

// lineUp sorts places by every objective but the first. k is lost.
func (s *sorter) lineUp(points [][]float64, k []keyed) {
	n, d := len(points), &s.dominators
	d.whose, d.places = slices.Grow(d.whose[:0], n)[:n], slices.Grow(d.places[:0], n)[:n]
	for i, e := range k {
		d.whose[i], d.places[e.index] = e.index, int32(i)
	}
	for len(d.orders) < len(points[0])-1 {
		d.orders = append(d.orders, nil)
	}
	for at := 1; at < len(points[0]); at++ {
		s.load(points, at)
		k, order := s.order(n), slices.Grow(d.orders[at-1][:0], n)[:n]
		for i, e := range k {
			order[i] = d.places[e.index]
			if i+1 == n || k[i+1].key != e.key {
				order[i] = ^order[i]
			}
		}
		d.orders[at-1] = order
	}
	d.orders = d.orders[:len(points[0])-1]
}

// makeRows makes the rows of the places from one to another, of so many words.
func (d *dominators) makeRows(from, to, words int) {
	size := (to - from) * words
	d.rows, d.below = slices.Grow(d.rows[:0], size)[:size], slices.Grow(d.below[:0], words)[:words]
	for i := from; i < to; i++ {
		row := d.rows[(i-from)*words:][:i/64+1]
		for w := range row {
			row[w] = ^uint64(0)
		}
		row[i/64] = 1<<(i%64) - 1
	}
	for _, order := range d.orders {
		clear(d.below)
		equal := 0 // where those begin that are equal to the next
		for t, p := range order {
			last := p < 0
			if last {
				p = ^p
			}
			if int(p) < to {
				d.below[p/64] |= 1 << (p % 64)
			}
			if !last {
				continue
			}
			for _, p := range order[equal : t+1] {
				if p < 0 {
					p = ^p
				}
				if i := int(p); i >= from && i < to {
					row := d.rows[(i-from)*words:][:i/64+1]
					for w, b := range d.below[:len(row)] {
						row[w] &= b
					}
				}
			}
			equal = t + 1
		}
	}
}
