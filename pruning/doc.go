// Package pruning searches an architecture by removing candidates while data grow from easy classes
// to all. It is DA-NAS,
//
//	Dai et al.: DA-NAS: Data Adapted Pruning for Efficient Neural Architecture Search, ECCV 2020.
//
// A supernet computes all candidates of a layer, weighted by probabilities that are learnt on
// validation images, with a loss that knows the cost. It begins with the easiest classes. With
// every step more classes come in and the least probable candidates go out, so that many images
// never meet many candidates: of the multiply-adds of searched layers 0.36 are left with the
// published schedule and six candidates ([RelativeWork]).
//
//	easiness, err := pruning.MeasureEasiness(nil, answers...)
//	phases, err := pruning.Schedule{Ranking: easiness.Ranking()}.Phases()
//	mixture, err := net.Mixture(train, val, nil)
//	found, err := pruning.Search(ctx, space, mixture, &pruning.Options{Phases: phases, Target: 4e6,
//		Checkpoint: "search.ckpt"})
//	best := found.Final // the most probable architecture within 5 % of four million multiply-adds
//
// # Easiness
//
// [Answers] collects the probabilities that a trained classifier gives for labelled images, of any
// kind: networks of other families, as published, or the supernet itself after a few epochs.
// [MeasureEasiness] ranks classes by their mean entropy, with histograms. [Agree] says whether two
// models find the same classes easy, with a bootstrap over images or classes and the chance of it;
// [MeasureLearning] when classes are learnt. [ReportClasses] and [FindTwins] name images and
// classes to look at before they are called hard: labels may be wrong.
//
// # Search
//
// [Search] goes through the phases. The rows of the weights are Gumbel-softmax samples of a, drawn
// anew for every update; with [Options].TwoPaths only two candidates of a decision are computed at
// a time. Before every fifth update the architecture makes a step of Adam on validation images of
// the classes that are there: L_cls · (1 + γ·|ln(C/β)|), L_cls at noisy rows and C, the expected
// cost, at softmax(a). Then candidates are removed by softmax(a), for good. The final architecture
// is the most probable one around β; the plain arg max, whose cost may lie elsewhere, stands
// beside.
//
// It works on any space with a choice graph and decisions of any kind, and any cost that is a sum
// over layers: seconds of a searchspace.LatencyTable, say.
//
// # Differences from the paper
//
// The printed cost factor ln(C/β)^γ vanishes at the target, and below it rewards large losses; the
// default is ours, [CostForm] has both. Learning rate, temperature, initial values and how often a
// moves are not printed. Published are arg max and no word about the target at the end. β counts
// for the expected cost only, as long as probabilities are not sharp: compare Step.ArgMaxCost.
//
// At τ = 1 nearly half of a row's weight is one candidate's, another one in every update, so that
// layers learn from inputs that change all the time. On a small space with six candidates, after
// 430 updates, mixtures had a validation loss of 1.26, 0.75 and 0.71 at τ = 1, 3 and 10, and the
// squared mean of the architecture's gradient by its variance was 0.009, 0.15 and 0.5: where
// updates are few, τ = 3 is a better choice than the default. What is pruned is not computed, which
// sharpens rows as a falling τ would.
//
// The factor has a kink at β. Far from it the cost outweighs the candidates' merits, which then
// decide among architectures around β alone; Adam, which divides by the size of past gradients,
// makes small steps there. A smaller γ lets merits speak earlier and the expected cost stray.
//
// With [Options].Significance candidates go only where they stood clearly below those that stay
// over the steps since the last pruning; there may be more left then, and more work.
//
// # Who should not use it
//
// The mixture costs as much as all candidates that are left. Where spaces have many candidates and
// few images decide, a supernet of single paths with a search over it (package evolution) is
// cheaper, and it answers for many targets; this search answers for one.
//
// # Concurrency and determinism
//
// A search is one goroutine's; what it calls may use more. Everything random comes from the seed:
// the same options, supernet and data give the same bits, and whether a search was interrupted,
// killed and resumed or not ([Options].Checkpoint). Nothing is printed and no clock is read.
package pruning
