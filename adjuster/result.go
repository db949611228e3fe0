package adjuster

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// Evaluator judges architectures with weights inherited from the supernet N_t; a supernet bound to
// data is one. All measurements of one adjustment must carry the same weight version and data
// stage, and Accuracy must be a fraction. Equal architectures get equal answers.
type Evaluator interface {
	Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error)
}

// BatchEvaluator can judge on one of many validation batches; see Options.FreshBatches.
type BatchEvaluator interface {
	Evaluator
	// EvaluateBatch judges on the batch with this number, from 0. The same number means the same
	// images.
	EvaluateBatch(ctx context.Context, a searchspace.Arch, batch int) (searchspace.Measurement, error)
}

// Proposal is one architecture that the policy proposed while it was trained.
type Proposal struct {
	Iteration int              // from 0
	Arch      searchspace.Arch // zero when the space refused the proposal
	Text      string           // Arch as Space.Format writes it
	Accuracy  float64          // V, a fraction, on the images of the reward
	Cost      float64          // C, millions
	Reward    float64
	LogProb   float64 // log π(α' | s) when it was proposed, nats
	Entropy   float64 // summed over the decisions made, nats
	Cached    bool    // measured earlier in the same adjustment
}

// Candidate is one architecture of the final choice, judged on the whole validation set.
type Candidate struct {
	Arch        searchspace.Arch
	Measurement searchspace.Measurement // its Text is that of Arch
	Cost        float64                 // millions
	Reward      float64
}

// Result is what an adjustment found.
type Result struct {
	// Arch is α_t, the first of Candidates. Zero when the adjustment was interrupted before the
	// final choice.
	Arch searchspace.Arch
	// Text is Arch as Space.Format writes it.
	Text string
	// Candidates are the different architectures of the final choice, best reward first; equal
	// rewards: cheaper first.
	Candidates []Candidate
	// Previous is α_{t−1} judged in the same way; zero for a search from scratch.
	Previous Candidate
	// History is every proposal, in order.
	History []Proposal
	// Iterations that were run, and how many different architectures were measured.
	Iterations int
	Distinct   int
	// Status says why the adjustment ended; other than StatusFinished it came with an error.
	Status searchspace.Status
}

// Best is the first of Candidates; zero when there is none.
func (r *Result) Best() Candidate {
	if len(r.Candidates) == 0 {
		return Candidate{}
	}
	return r.Candidates[0]
}
