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

// RangeEvaluator can judge on some of its images; a supernet bound to data is one. Architectures
// that are judged on the same ranges are compared range by range, which says how far their
// difference can be trusted. It must fill Correct and Samples. Its images should come in an order
// without structure: where they go class by class a range speaks of one class only, and differences
// need more images to show.
type RangeEvaluator interface {
	Evaluator
	// Len is the number of images.
	Len() int
	// EvaluateRange judges on the images from to to−1, 0 ≤ from < to ≤ Len. Ranges that make up all
	// images add up to what Evaluate says.
	EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (searchspace.Measurement, error)
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

// Candidate is one architecture of the final choice, of the trial, or of the contest before a swap.
type Candidate struct {
	Arch searchspace.Arch
	// Measurement covers all images that the architecture was judged on, the whole validation set
	// unless a race dropped it before. Its Text is that of Arch.
	Measurement searchspace.Measurement
	Cost        float64 // millions
	// Reward is that of the measurement, beside α_{t−1} on the same images.
	Reward float64
	// Behind is how much Reward is below that of the best, on the images that both were judged on
	// when the two were last compared, and StandardError that of the difference, +Inf from a single
	// block. Both are 0 for the best, where candidates are not judged in blocks, and in a
	// Comparison, which has its own. The block-wise differences d of V, of blocks of n images, have
	// the mean D = Σ n·d / Σ n, and D the standard error √(Σ n·(d − D)² / ((blocks − 1)·Σ n)): of
	// equal blocks their standard deviation over the root of their number.
	Behind, StandardError float64
	// Dropped is the round of the race, from 1, after which the candidate was out; 0 = it stayed.
	Dropped int
}

// Result is what an adjustment found.
type Result struct {
	// Arch is α_t, the first of Finalists where there was a trial, otherwise of Candidates. Zero
	// when the adjustment was interrupted before the end of its final choice.
	Arch searchspace.Arch
	// Text is Arch as Space.Format writes it.
	Text string
	// Candidates are the different architectures of the final choice, best reward first; equal
	// rewards: cheaper first. Those that a race dropped follow those that stayed, the last dropped
	// first.
	Candidates []Candidate
	// Previous is α_{t−1} judged in the same way, in a race on the images that the winner was
	// judged on; zero for a search from scratch.
	Previous Candidate
	// Rounds is the number of rounds of the race; 0 when there was none.
	Rounds int
	// Finalists are the best of Candidates once more, and α_{t−1} where it may win, as the trial
	// ranks them; nil without a trial.
	Finalists []Candidate
	// PreviousTrial is α_{t−1} in the trial; zero without one, and for a search from scratch.
	PreviousTrial Candidate
	// History is every proposal, in order.
	History []Proposal
	// Iterations that were run, and how many different architectures were measured.
	Iterations int
	Distinct   int
	// Status says why the adjustment ended; other than StatusFinished it came with an error.
	Status searchspace.Status
}

// Best is the candidate that Arch comes from, as the last to judge it saw it; zero when there is
// none.
func (r *Result) Best() Candidate {
	for _, ranking := range [][]Candidate{r.Finalists, r.Candidates} {
		if len(ranking) > 0 {
			return ranking[0]
		}
	}
	return Candidate{}
}
