package lite0

import "github.com/tendril-nas/tendril/searchspace"

// Learnt gives rates (supernet.TrainOptions.Rate) to a network all of whose layers have learnt, the
// classifier because it was fitted: norms for batch normalisations, inherited for the others. See
// supernet.MorphReport.Rate for networks of which some layers are new.
func Learnt(inherited, norms float64) func(*searchspace.Node) float64 {
	return func(n *searchspace.Node) float64 {
		if n.Op == searchspace.OpBatchNorm {
			return norms
		}
		return inherited
	}
}
