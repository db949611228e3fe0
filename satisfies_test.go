package tendril_test

import (
	"errors"
	"testing"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/zoo"
)

// A supernet with data is what a search asks, although neither package knows the other.
var (
	_ adjuster.BatchEvaluator = (*supernet.Judge)(nil)
	_ adjuster.RangeEvaluator = (*supernet.Judge)(nil)
	_ evolution.Evaluator     = (*supernet.Judge)(nil)
	_ evolution.StepEvaluator = (*supernet.TrainEvaluator)(nil)
)

// A relaxed supernet with images of a superclass is what a generator learns from.
var _ generator.Learner = (*supernet.RelaxedLoss)(nil)

// A supernet that trains as a mixture is what a search by pruning trains.
var _ pruning.Supernet = (*supernet.Mixture)(nil)

// A schedule that ends in time is what a training asks for its pace.
var _ = func(a *predictor.Anytime) supernet.TrainOptions { return supernet.TrainOptions{Pace: a.Pace} }

// What a search for a zoo varies, and what the zoo keeps and hands out for other classes.
var (
	_ evolution.Genes[searchspace.Arch] = (*searchspace.ETNASGenes)(nil)
	_ zoo.Model                         = (*supernet.Model)(nil)
	_ zoo.Adaptable[*supernet.Model]    = (*supernet.Model)(nil)
)

// What diverged says so to whoever asks, a search about the supernet that it trains.
func TestNotFinite(t *testing.T) {
	for name, err := range map[string]error{"supernet": supernet.ErrNotFinite, "pruning": pruning.ErrNotFinite,
		"generator": generator.ErrNotFinite} {
		if !errors.Is(err, searchspace.ErrNotFinite) {
			t.Errorf("%s has another", name)
		}
	}
}
