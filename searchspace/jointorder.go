package searchspace

import (
	"fmt"
	"math"
	"slices"
)

// jointOrder is what a space allows, how probable it is and what it costs, as factors over
// variables in an order: the decisions, and between them the auxiliary variables of constrain.
type jointOrder struct {
	sizes   []int   // number of values of every variable
	domains [][]int // the values
	of      []int   // index of every variable among decisions and auxiliaries
	factors []jointFactor
	at      [][]*jointFactor // by the last variable
	live    [][]int          // variables up to each one that factors tie to a later one
}

// jointFactor is a table over the joint values of a few variables: of logarithms of probabilities,
// minus infinity for what is forbidden (which 0), or of a cost (which from 1).
type jointFactor struct {
	which int
	lookup
}

// lookup is a table over variables, in any order, the last of them moving fastest.
type lookup struct {
	vars, strides []int
	table         []float64
}

// at is the entry of the positions in the domains that values holds for all variables.
func (l *lookup) at(values []int) float64 {
	i := 0
	for k, v := range l.vars {
		i += values[v] * l.strides[k]
	}
	return l.table[i]
}

// last is the last variable, -1 if there is none.
func (l *lookup) last() int {
	last := -1
	for _, v := range l.vars {
		last = max(last, v)
	}
	return last
}

// jointOrder states the space, the rows p and the costs.
func (s *Space) jointOrder(p Relaxed, costs []costLimit) (*jointOrder, error) {
	n := network[float64]{domains: s.domains()}
	if err := constrain(s, &n, 0, math.Inf(-1)); err != nil {
		return nil, err
	}
	for i := range s.decisions {
		if err := n.add(withDeps(s.activity[i], i), func(choices []int) float64 {
			if !s.active(i, choices) {
				return 0
			}
			return math.Log(p[i][choices[i]])
		}); err != nil {
			return nil, err
		}
	}
	o := &jointOrder{}
	position := o.arrange(&n, len(s.decisions))
	o.take(0, &n, position)
	for k := range costs {
		sum := network[float64]{domains: n.domains}
		for i := range costs[k].terms {
			t := &costs[k].terms[i]
			if err := sum.add(t.Decisions, t.at); err != nil {
				return nil, err
			}
		}
		o.take(1+k, &sum, position)
	}
	return o, o.findLive()
}

// arrange puts an auxiliary variable behind the last decision of the first factor that has it, and
// returns the position of every variable.
func (o *jointOrder) arrange(n *network[float64], decisions int) []int {
	after := make([]int, len(n.domains))
	for v := range after {
		after[v] = v
		if v < decisions {
			continue
		}
		first := slices.IndexFunc(n.factors, func(f factor[float64]) bool { return slices.Contains(f.vars, v) })
		for _, d := range n.factors[first].vars {
			if d < decisions && (after[v] == v || d > after[v]) {
				after[v] = d
			}
		}
		o.of = append(o.of, v)
	}
	for v := range decisions {
		o.of = append(o.of, v)
	}
	slices.SortFunc(o.of, func(a, b int) int {
		if after[a] != after[b] {
			return after[a] - after[b]
		}
		return a - b
	})
	position := make([]int, len(o.of))
	for at, v := range o.of {
		position[v] = at
		o.domains = append(o.domains, n.domains[v])
		o.sizes = append(o.sizes, len(n.domains[v]))
	}
	return position
}

// take adds the factors of n.
func (o *jointOrder) take(which int, n *network[float64], position []int) {
	for _, f := range n.factors {
		vars := make([]int, len(f.vars))
		for k, v := range f.vars {
			vars[k] = position[v]
		}
		o.factors = append(o.factors, jointFactor{which, o.lookup(vars, f.table)})
	}
}

// lookup is table over vars.
func (o *jointOrder) lookup(vars []int, table []float64) lookup {
	l := lookup{vars: vars, strides: make([]int, len(vars)), table: table}
	stride := 1
	for k := len(vars) - 1; k >= 0; k-- {
		l.strides[k] = stride
		stride *= o.sizes[vars[k]]
	}
	return l
}

// findLive sorts the factors by their last variables.
func (o *jointOrder) findLive() error {
	until := make([]int, len(o.of)) // the last variable that each one meets
	o.at, o.live = make([][]*jointFactor, len(o.of)), make([][]int, len(o.of))
	for i := range o.factors {
		f := &o.factors[i]
		last := max(f.last(), 0) // a factor of no variables counts with the first
		o.at[last] = append(o.at[last], f)
		for _, v := range f.vars {
			until[v] = max(until[v], last)
		}
	}
	for k := range o.live {
		joint := 1.0
		for v := range k + 1 {
			if until[v] > k {
				o.live[k] = append(o.live[k], v)
				joint *= float64(o.sizes[v])
			}
		}
		if joint >= math.MaxInt64 {
			return fmt.Errorf("searchspace: joint choices of %d decisions: %w", len(o.live[k]), ErrTooLarge)
		}
	}
	return nil
}

// pack is the values of a few variables as one number, unpack its inverse.
func (o *jointOrder) pack(vars, values []int) (key uint64) {
	for _, v := range vars {
		key = key*uint64(o.sizes[v]) + uint64(values[v])
	}
	return key
}

func (o *jointOrder) unpack(key uint64, vars, values []int) {
	for _, v := range slices.Backward(vars) {
		values[v] = int(key % uint64(o.sizes[v]))
		key /= uint64(o.sizes[v])
	}
}

// choices is the choice of every decision under positions in the domains.
func (o *jointOrder) choices(values []int, decisions int) []int {
	out := make([]int, decisions)
	for at, v := range o.of {
		if v < decisions {
			out[v] = o.domains[at][values[at]]
		}
	}
	return out
}

// toGo is the result of maximising a weighted sum of logarithm and costs: the best value of what
// lies behind each variable, as a sum of tables over the variables up to it.
type toGo struct {
	value  float64 // of everything
	values []int   // that reach it
	behind [][]lookup
}

// maximise eliminates the variables from the last to the first. weights has a number for the
// logarithm and one for each cost; what is forbidden stays so whatever they are.
func (o *jointOrder) maximise(weights []float64) (*toGo, error) {
	n := len(o.of)
	buckets := make([][]lookup, n)
	for i := range o.factors {
		f := o.factors[i].weighted(weights[o.factors[i].which])
		if f.table == nil {
			continue
		}
		last := max(f.last(), 0)
		buckets[last] = append(buckets[last], f)
	}
	g := &toGo{behind: make([][]lookup, n), values: make([]int, n)}
	best := make([]lookup, n)
	for k := n - 1; k >= 0; k-- {
		message, arg, err := o.eliminate(k, buckets[k])
		if err != nil {
			return nil, err
		}
		best[k] = arg
		last := message.last()
		for at := max(last, 0); at < k; at++ {
			g.behind[at] = append(g.behind[at], message)
		}
		if last >= 0 {
			buckets[last] = append(buckets[last], message)
		} else {
			g.value += message.table[0]
		}
	}
	for k := range best {
		g.values[k] = int(best[k].at(g.values))
	}
	return g, nil
}

// weighted is the factor times w, without a table if that is 0 everywhere.
func (f *jointFactor) weighted(w float64) lookup {
	out := f.lookup
	if w == 1 {
		return out
	}
	out.table = make([]float64, len(f.table))
	zero := true
	for i, v := range f.table {
		if out.table[i] = w * v; f.which == 0 {
			out.table[i] = 0
			if math.IsInf(v, -1) {
				out.table[i] = v
			} else if w != 0 {
				out.table[i] = w * v
			}
		}
		zero = zero && out.table[i] == 0
	}
	if zero {
		out.table = nil
	}
	return out
}

// eliminate is the greatest sum of the tables over the values of variable k, and which value gives
// it, as tables over the other variables.
func (o *jointOrder) eliminate(k int, tables []lookup) (most, arg lookup, err error) {
	var vars []int
	for i := range tables {
		vars = append(vars, tables[i].vars...)
	}
	slices.Sort(vars)
	vars = slices.DeleteFunc(slices.Compact(vars), func(v int) bool { return v == k })
	size := 1
	for _, v := range vars {
		if size *= o.sizes[v]; size*o.sizes[k] > maxTable {
			return most, arg, fmt.Errorf("searchspace: joint choices of %d decisions: %w", len(vars)+1, ErrTooLarge)
		}
	}
	most, arg = o.lookup(vars, make([]float64, size)), o.lookup(vars, make([]float64, size))
	values := make([]int, len(o.of))
	for i := range size {
		for j, v := range vars {
			values[v] = i / most.strides[j] % o.sizes[v]
		}
		most.table[i] = math.Inf(-1)
		for values[k] = range o.sizes[k] {
			var sum float64
			for t := range tables {
				sum += tables[t].at(values)
			}
			if sum > most.table[i] {
				most.table[i], arg.table[i] = sum, float64(values[k])
			}
		}
	}
	return most, arg, nil
}

// at is the best value of what lies behind variable k.
func (g *toGo) at(k int, values []int) float64 {
	var sum float64
	for i := range g.behind[k] {
		sum += g.behind[k][i].at(values)
	}
	return sum
}
