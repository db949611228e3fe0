package adjuster

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// Evaluator judges architectures with weights inherited from the supernet N_t; a supernet bound to data is one. All
// measurements of one adjustment must carry the same weight version and data stage, and Accuracy must be a fraction.
// Equal architectures get equal answers.
type Evaluator interface {
	Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error)
}

// BatchEvaluator can judge on one of many validation batches; see Options.FreshBatches.
type BatchEvaluator interface {
	Evaluator
	// EvaluateBatch judges on the batch with this number, from 0. The same number means the same images.
	EvaluateBatch(ctx context.Context, a searchspace.Arch, batch int) (searchspace.Measurement, error)
}

// Proposal is one architecture that the policy proposed while it was trained.
type Proposal struct {
	Iteration int              `json:"iteration"` // from 0
	Arch      searchspace.Arch `json:"arch"`      // zero when the space refused the proposal
	Accuracy  float64          `json:"accuracy"`  // V, a fraction, on the images of the reward
	Cost      float64          `json:"cost"`      // C, millions
	Reward    float64          `json:"reward"`
	LogProb   float64          `json:"log_prob"` // log π(α' | s) when it was proposed, nats
	Entropy   float64          `json:"entropy"`  // summed over the decisions made, nats
	Cached    bool             `json:"cached"`   // measured earlier in the same adjustment
}

// Candidate is one architecture of the final choice, judged on the whole validation set.
type Candidate struct {
	Arch        searchspace.Arch        `json:"arch"`
	Measurement searchspace.Measurement `json:"measurement"`
	Cost        float64                 `json:"cost"` // millions
	Reward      float64                 `json:"reward"`
}

// Result is what an adjustment found.
type Result struct {
	// Arch is α_t, the first of Candidates. Zero when the adjustment was interrupted before the final choice.
	Arch searchspace.Arch `json:"arch"`
	// Candidates are the different architectures of the final choice, best reward first; equal rewards: cheaper first.
	Candidates []Candidate `json:"candidates"`
	// Previous is α_{t−1} judged in the same way; zero for a search from scratch.
	Previous Candidate `json:"previous"`
	// History is every proposal, in order.
	History []Proposal `json:"history"`
	// Iterations that were run, and how many different architectures were measured.
	Iterations int `json:"iterations"`
	Distinct   int `json:"distinct"`
}

// Best is the first of Candidates; zero when there is none.
func (r *Result) Best() Candidate {
	if len(r.Candidates) == 0 {
		return Candidate{}
	}
	return r.Candidates[0]
}
