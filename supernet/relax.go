package supernet

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// ErrNoRelaxed reports a space with a structure that has no relaxed form: see Relaxation.
var ErrNoRelaxed = errors.New("no relaxed form")

// Relaxation is the network of all architectures of a space at once, with a real number for every
// choice: one row per decision, a searchspace.Relaxed. Where rows are 0 and 1 it computes what the
// sub-network computes. Elsewhere it is defined by
//
//   - a choice between branches is Σ p·x over the branches, p being the sum, over the joint choices
//     of the decisions concerned that lead to the branch, of the product of their row entries; a
//     branch with fewer channels than others is continued with zeros;
//   - a choice of kernels is one convolution with Σ p·W, before batch normalisation; small kernels
//     are padded with zeros;
//   - a number of channels: the tensor has as many channels as any allowed choice gives it. Where a
//     layer that mixes channels (dense convolution, linear layer, reduction of
//     squeeze-and-excitation) reads it, channel c is multiplied by the sum, over the joint choices
//     that have more than c channels, of the product of their row entries. Depthwise convolution,
//     batch normalisation, activation, pooling, sums and products mix none;
//   - a depth, with q_i = Σ_{d≥i} p_d: F_i = q_i·f_i(F_{i−1}) + (Σ_{d<i} p_d)·F_{i−1} for the
//     layers f_i that the smallest allowed depth does not have; those that it has are always there.
//     Layer i+1 reads F_i (eq. (5) of EAS, with tail sums for its gates);
//   - under SinglePath, where the candidates of a block have weights of their own, the outputs of
//     the block: Σ over the joint choices that tell its candidates apart of the product of their
//     row entries times the output of the candidate. What else is to be decided inside is as above.
//
// Rows need not sum to 1. These are the coefficients that searchspace.CostModel.Expected gives the
// cost of the layers: cost and loss see the same value. Only where one decision enters a layer
// twice, as of the widths before and behind it, or of its branch and its width, are the two factors
// multiplied here, while the cost counts the decision once.
//
// Choices that restrictions removed must be 0 and cost nothing; others are computed also where
// their entry is 0, since its gradient may be wanted.
//
// It is safe for concurrent use.
type Relaxation struct {
	net   *Net
	space *searchspace.Space
	prog  *relaxedProgram // of the holder of the turn
}

// relaxedProgram is a program with coefficients. Before it runs, as any program does, its
// coefficients are written.
type relaxedProgram struct {
	*program
	coef  *coefficients
	specs *specs // tensors that the weights had when it was compiled
}

// Relax compiles the choice graph of the supernet's space, or of a restriction of it; nil is the
// supernet's space. Nothing is computed yet.
//
// The error wraps searchspace.ErrNoChoiceGraph for spaces without such a graph (ETNAS),
// searchspace.ErrTooLarge where a layer depends on too many decisions at once, and ErrNoRelaxed
// where the definition says nothing: sums of tensors whose numbers of channels depend on choices in
// different ways, concatenations after and shuffles of a variable number of channels, grouped
// convolutions of one, a choice of kernels with a bias, layers of a choice of depth that change the
// number of channels.
func (n *Net) Relax(space *searchspace.Space) (*Relaxation, error) {
	if space == nil {
		space = n.Space()
	}
	r := &Relaxation{net: n, space: space}
	n.weights.RLock()
	defer n.weights.RUnlock()
	if _, err := r.program(); err != nil {
		return nil, fmt.Errorf("supernet: relax: %w", err)
	}
	return r, nil
}

// Space returns the space whose decisions the rows belong to.
func (r *Relaxation) Space() *searchspace.Space { return r.space }

// program is the relaxed program for the weights as they are stored now. The caller has the turn.
func (r *Relaxation) program() (*relaxedProgram, error) {
	if r.prog != nil && r.prog.specs == r.net.store.specs {
		return r.prog, nil
	}
	space, err := r.net.restriction(r.space)
	if err != nil {
		return nil, err
	}
	choices, err := space.LowerChoices()
	if err != nil {
		return nil, err
	}
	g, coef, err := expand(choices, r.net.store.placer)
	if err != nil {
		return nil, err
	}
	coef.make(r.net.backend)
	p, err := compileWith(searchspace.Arch{}, g, r.net.store, coef)
	if err != nil {
		return nil, err
	}
	r.prog = &relaxedProgram{program: p, coef: coef, specs: r.net.store.specs}
	return r.prog, nil
}

// restriction is a restriction of the supernet's space with its present number of classes; an error
// for another space. The caller has the turn, or reads under the lock.
func (n *Net) restriction(space *searchspace.Space) (*searchspace.Space, error) {
	if k := n.space.Classes(); k != space.Classes() {
		var err error
		if space, err = space.WithClasses(k); err != nil {
			return nil, err
		}
	}
	if !sameNetworks(space, n.space) {
		return nil, fmt.Errorf("space %s, expected a restriction of the supernet's, %s with its options",
			space.Name(), n.space.Name())
	}
	return space, nil
}

// sameNetworks reports whether two spaces differ in restrictions and limits on costs only.
func sameNetworks(a, b *searchspace.Space) bool {
	x, y := a.Spec(), b.Spec()
	x.Restrictions, y.Restrictions = nil, nil
	x.Limits, y.Limits = nil, nil
	return x.Equal(y)
}
