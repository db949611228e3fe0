package searchspace

import (
	"fmt"
	"slices"
)

// Int is a whole number in the description of a family. It is a constant, or depends on decisions:
// while a Space lowers one Arch every Int is a constant, while it lowers the whole space an Int
// stands for one number per choice.
type Int struct {
	value int
	e     *expr // nil for a constant
}

// expr is a number that depends on decisions.
type expr struct {
	deps []int                   // ascending decision indices
	eval func(choices []int) int // reads only the choices of deps
}

// Const is the constant n.
func Const(n int) Int { return Int{value: n} }

// Constant reports whether x depends on no decision.
func (x Int) Constant() bool { return x.e == nil }

// Same reports whether x and y are the same expression, or equal constants. Other expressions may
// be equal, too.
func (x Int) Same(y Int) bool { return x == y }

// Decisions is the indices of the decisions x depends on, ascending.
func (x Int) Decisions() []int {
	if x.e == nil {
		return nil
	}
	return slices.Clone(x.e.deps)
}

// At is the value of x under choices, one choice index per decision of the space (only those of
// Decisions are read). The error wraps ErrInvalid where choices is too short for x, or has a choice
// that a decision does not have.
func (x Int) At(choices []int) (v int, err error) {
	defer outside(choices, &err)
	return x.at(choices), nil
}

// outside makes the panic of an index into choices, or of one of its choices into the values of a
// decision, an error.
func outside(choices []int, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("searchspace: choices %v are not those of the space: %v: %w", choices, r, ErrInvalid)
	}
}

// at is At for choices of the space.
func (x Int) at(choices []int) int {
	if x.e == nil {
		return x.value
	}
	return x.e.eval(choices)
}

// Map is the number f(x...). f must depend on its arguments alone.
func Map(f func(v ...int) int, xs ...Int) Int {
	deps := unionDeps(xs...)
	args := slices.Clone(xs)
	eval := func(choices []int) int {
		v := make([]int, len(args))
		for i, x := range args {
			v[i] = x.at(choices)
		}
		return f(v...)
	}
	if len(deps) == 0 {
		return Const(eval(nil))
	}
	return Int{e: &expr{deps, eval}}
}

// Times is x·y.
func (x Int) Times(y Int) Int {
	return Map(func(v ...int) int { return v[0] * v[1] }, x, y)
}

// above is 1 where x > n and 0 elsewhere.
func (x Int) above(n int) Int { return x.derive(func(v int) int { return flag(v > n) }) }

// is is 1 where x = n and 0 elsewhere.
func (x Int) is(n int) Int { return x.derive(func(v int) int { return flag(v == n) }) }

// isNot is 1 where x ≠ n and 0 elsewhere.
func (x Int) isNot(n int) Int { return x.derive(func(v int) int { return flag(v != n) }) }

// derive is f(x). It is Map for one argument: conditions, which are asked at every step of a Walk,
// then need no memory.
func (x Int) derive(f func(v int) int) Int {
	if x.e == nil {
		return Const(f(x.value))
	}
	eval := x.e.eval
	return Int{e: &expr{x.e.deps, func(choices []int) int { return f(eval(choices)) }}}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func unionDeps(xs ...Int) []int {
	var deps []int
	for _, x := range xs {
		if x.e != nil {
			deps = append(deps, x.e.deps...)
		}
	}
	slices.Sort(deps)
	return slices.Compact(deps)
}

// assignments yields every joint choice of the decisions deps, choice i of decision d running over
// options(d), written into one shared choices slice of length n. The last decision of deps moves
// fastest.
func assignments(n int, deps []int, options func(d int) []int, yield func(choices []int) bool) {
	choices := make([]int, n)
	var rec func(k int) bool
	rec = func(k int) bool {
		if k == len(deps) {
			return yield(choices)
		}
		for _, c := range options(deps[k]) {
			choices[deps[k]] = c
			if !rec(k + 1) {
				return false
			}
		}
		return true
	}
	rec(0)
}
