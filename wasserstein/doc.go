// Package wasserstein measures how far two sets of feature vectors are apart.
//
// Its centre is the squared 2-Wasserstein distance between the Gaussians fitted to two sets of
// embeddings, the data difference of AdaXpert (Niu et al., "AdaXpert: Adapting Neural Architecture
// for Growing Data", ICML 2021, eq. 1), also known as the Fréchet or Bures distance:
//
//	W = ‖μ₁ − μ₂‖² + tr(Σ₁) + tr(Σ₂) − 2 tr((Σ₁^½ Σ₂ Σ₁^½)^½)
//
// from samples ([SquaredSamples]), from means and covariances ([SquaredGaussian]), or from
// [Moments], which take data in batches, merge, and can be saved, so that the data themselves need
// not be kept:
//
//	m := wasserstein.NewMoments(1280, "weights-7")
//	err := m.Add(features) // [n, 1280], as often as data arrive
//	d, err := wasserstein.Squared(old, m)
//
// That distance grows with the square of the features' scale, falls with the number of images even
// where the data do not change, and has a unit of its own. [Distance] says what is mended: divided
// by the spread of the reference ([Relative]), less what chance gives ([Relabellings], one more
// pass over the images), in units of the distance between halves of the first classes
// ([Calibration]):
//
//	distance := wasserstein.Distance{Relative: true, Unbiased: true}
//	chance, err := wasserstein.NewRelabellings(old, m.Count(), nil)
//	err = chance.Add(features) // all images of m again, as often as there are batches
//	d, err := distance.Between(m, old, chance)
//
// [KL] and [JensenShannon] compare the same Gaussians in nats.
//
// Distances that look at the points themselves are here too: [Transport] and [EMD] solve the
// optimal transport problem exactly, [Sinkhorn] with entropic regularisation, [OneDim] on the line;
// [DomainSimilarity] turns the earth mover's distance between class means into a similarity of data
// sets.
//
// # Accuracy
//
// The trace term is the nuclear norm of A₁A₂ᵀ for any factors AᵢᵀAᵢ = Σᵢ, here triangular factors
// with a rank decision, so that singular covariances (fewer samples than features, dead features,
// point masses) are ordinary input. The error is about 1e-15 × (‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂), and
// below 1e-12 times that in any case where the covariances determine the distance that well: a
// singular covariance known only up to rounding errors, compared with one of higher rank,
// determines it to some 1e-8. Results are real, at least zero, exactly zero for equal arguments,
// and do not depend on the order of the two arguments.
//
// Covariances are those of maximum likelihood: divided by n, not n−1.
//
// # Concurrency and determinism
//
// Functions are safe for concurrent use and use up to GOMAXPROCS goroutines on large problems; a
// Moments, Relabellings or Calibration value must not be used by several goroutines while one of
// them changes it. Work is cut in pieces that depend on the problem's size only: results have the
// same bits whatever GOMAXPROCS is. Those of Relabellings and Calibration do not depend on the
// batches that images come in either. They may differ in the last digits between kinds of CPU.
//
// # When not to use it
//
// The Gaussian distance sees means and covariances and nothing else; two very different clouds may
// agree in both. Exact transport holds all pairwise costs in memory, which is for thousands of
// points, not for millions.
package wasserstein
