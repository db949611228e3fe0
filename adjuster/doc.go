// Package adjuster adapts the architecture of a network to growing data: it decides whether the
// architecture in production still fits, and if not finds the one to change to, at little extra
// cost. It is the method of
//
//	S. Niu, J. Wu, G. Xu, Y. Zhang, Y. Guo, P. Zhao, P. Wang, M. Tan:
//	AdaXpert: Adapting Neural Architecture for Growing Data. ICML 2021.
//
// Its parts can be used alone:
//
//   - [Condition] is the adaptation condition, eq. (4): adjust when the accuracy of the serving
//     model fell by more than ε.
//   - [Adjuster] is the network architecture adjuster, Algorithm 2: an LSTM policy over the
//     decisions of any search space that looks at the previous architecture and at the distance d_t
//     that the data moved, trained by REINFORCE with the reward of eq. (5).
//   - [Expert] is Algorithm 1, the loop over snapshots of data, with phases that can be interrupted
//     and resumed.
//
// The smallest use is one adjustment. val is a supernet bound to validation data, or anything else
// with the method Evaluate:
//
//	o := &adjuster.Options{Iterations: 500, Baseline: 0.95, Lambda: lambda}
//	a, err := adjuster.New(space, o)
//	res, err := a.Adjust(ctx, previous, distance, val, wholeVal)
//	fmt.Println(space.Format(res.Arch), res.Best().Reward)
//
// Results say in their Status why they ended, and marshal to JSON with names that stay.
//
// A program that follows a growing data set implements [Learner], four methods around its supernet,
// and calls [Expert.Advance] for every snapshot. A service calls [Expert.Decide] on each reading of
// its model, which costs nothing, and [Expert.Adjust] in a goroutine of its own when the answer
// says so; the old model goes on serving until Learner.Retrain swaps it.
//
// # Differences from the published code
//
// The reward is eq. (5) as printed, not the code's form without gain for cheaper networks
// ([Published] selects that one). d_t has a floor in λ/d_t. Accuracies are memoised, for all
// proposals of a snapshot are judged on the same images. Decisions without effect, those of layers
// beyond a unit's depth, are not drawn at all instead of being drawn and ignored. Every decision
// has a softmax head of its own ([Options.HeadPerKind] shares them). Without a baseline the sign of
// the reward is what the policy learns first: where most rewards are positive it settles on what it
// happened to try early. Options.Baseline repairs that, and short runs should set it.
//
// # Beyond the paper
//
// The zero options are the published method. What follows is ours, each an option of its own, and
// answers what that method leaves to luck or to the size of a space:
//
//   - Options.Objective: [Likelihood] in the place of accuracy, which fewer images tell apart.
//   - Options.Form: [PerDoubling] counts costs in doublings, so that one λ suits spaces of any
//     size, and a small distance neither forbids growth nor pays for halving a network.
//   - Options.Race: the final choice as a [Race] over blocks of images, which drops a candidate
//     once it is clearly behind. The best of ten on a small sample is often the luckiest.
//   - Judges.Trial: the last few candidates are judged once more with weights that were trained for
//     it, since accuracies with inherited weights hardly rank what they become by training.
//   - [Comparer]: before a swap the adapted architecture and the serving one, both trained on the
//     new data, meet on held-out images, and a [Margin] in standard errors decides. Then adapting
//     is never worse than keeping, but for what one more training costs and for luck beyond the
//     margin.
//   - ExpertOptions.Remember: a service that runs for years keeps the last outcomes and counts the
//     others, so that its file stops growing.
//   - [Expert.Deploy]: another model was put into service than the one that was trained last.
//
// Whatever is judged in blocks says how far it can be trusted: [Candidate] defines the standard
// error, which is that of differences on the same images.
//
// # Who should not use it
//
// When data do not grow, there is no previous architecture to start from, and an ordinary search
// fits better (though a zero previous architecture is accepted). When one evaluation takes minutes
// rather than milliseconds, thousands of proposals are too many: an iteration itself costs about
// 2.5 ms on one core with vector kernels and 5 to 10 ms without.
//
// # Concurrency and determinism
//
// Adjuster and Expert are for one goroutine at a time; Condition and Reward are plain values. The
// same seed, options and measurements give the same bits for any GOMAXPROCS, whether a run was
// interrupted, saved and loaded or not, on one kernel path (AVX-512, AVX2 or plain Go); loading on
// another path logs a warning. Nothing is printed and no clock is read.
package adjuster
