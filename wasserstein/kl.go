package wasserstein

// KL is the Kullback–Leibler divergence KL(p‖q) = ½(tr(Σ_q⁻¹Σ_p) + (μ_q−μ_p)ᵀΣ_q⁻¹(μ_q−μ_p) − r +
// ln det Σ_q/det Σ_p) of two Gaussians, in nats.
//
// It is +Inf, without an error, when p is not absolutely continuous with respect to q: ranks
// differ, or singular distributions live on different subspaces. On a common subspace of dimension
// r, inverse and determinant are those of the subspace (pseudo-inverse, pseudo-determinant); two
// equal point masses are at 0. Up to 64 dimensions the relative error is about 1e-15; above, it
// grows with the condition number of q's correlations, about 1e-16 times it.
func KL(p, q Gaussian) (float64, error) {
	if err := checkPair(p, q); err != nil {
		return 0, err
	}
	if compareGaussians(p, q) == 0 {
		return 0, nil
	}
	rel, ok, err := compareSupports(p, q)
	if err != nil {
		return 0, err
	}
	if !ok {
		return inf, nil
	}
	return rel.kl(), nil
}

func (r relative) kl() float64 {
	// ‖Z‖² − r is summed as Σ(z−1)(z+1) on the diagonal, so that equal covariances give exactly
	// zero.
	var sum float64
	for i := range r.zz.rows {
		for j, v := range r.zz.row(i) {
			if i == j {
				sum += (v - 1) * (v + 1)
			} else {
				sum += v * v
			}
		}
		sum += r.z[i] * r.z[i]
	}
	return max(0, sum/2-r.logDet)
}
