// Package predictor foretells how accurate a network will be after fine-tuning, learns from how
// accurate it was, and proposes by it which model of a zoo to fine-tune, and how, within a time
// limit. It is the online part of NASOA (Xu et al., "NASOA: Towards Faster Task-oriented Online
// Fine-tuning with a Zoo of Models", ICCV 2021, section 3.2).
//
//	g, err := predictor.NewGenerator(predictor.TunedOptions(models))
//	plan, err := g.Propose(predictor.Request{
//		Task:  predictor.Task{Images: 5000, Classes: 10, Similarity: similarity},
//		Limit: time.Minute, Times: steps, Batch: 64, Size: 32, Explore: 1,
//	})
//	regime := plan.Best().Regime
//	…                                               // fine-tune
//	_, err = g.Learn(task, regime, accuracy)
//	err = g.Save("generator")
//
// steps, a [StepTimer], looks up what was measured beforehand; the StepTime of an entry of package
// zoo has the numbers.
//
// # What learns
//
// A [Hedge] is the paper's network: every layer predicts, and weights over the layers follow their
// losses ([Weights], for which Theorem 1 holds: [Discount], [RegretBound]). [MLP] is a network of
// fixed depth, [Linear] and [Ridge] are linear models, [Mean] predicts the mean. All are a
// [Learner], and an [Online] puts around one what a stream needs: features standardised as they
// come ([Standard]), intervals that hold the truth as often as they promise ([Intervals]), a
// standard error, and a [Score]. Nothing in these knows of fine-tuning: they serve any stream of
// numbers.
//
// Zero options are the paper's. With them, on streams of some thousand examples, the network is not
// better than a good linear model, and its weights over layers hardly differ: see Regret.Evenness.
// [Tuned] is ours, where layers correct ridge regression; [TunedOptions] adds products of features.
//
// # What is learnt from
//
// Outcomes of regimes that were drawn at random teach most. Whoever only ever does what is proposed
// learns nothing of what is not: Request.Explore adds standard errors to the score, so that what
// was hardly tried is tried.
//
// # Ending in time
//
// [Anytime] is a learning-rate schedule that looks at the clock: it ends within its limit, and goes
// down faster where steps take longer than was thought. TrainOptions.Pace of package supernet takes
// its method Pace. What really was taken is told to [Generator.LearnTime].
//
// # Who should not use it
//
// Whoever can afford to try: a dozen trials on the data at hand beat what is foretold from other
// data. Predictions reach no further than the models, rates and sizes of data that were learnt
// from.
//
// # Concurrency and determinism
//
// A Generator may be used by several goroutines, everything else by one at a time. The same seed,
// options and outcomes in the same order give the same bits on the same kind of processor, whatever
// was saved and read in between. Updates allocate nothing.
package predictor
