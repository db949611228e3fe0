package tendril_test

import (
	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/supernet"
)

// A supernet with data is what a search asks, although neither package knows the other.
var (
	_ adjuster.BatchEvaluator = (*supernet.Judge)(nil)
	_ adjuster.RangeEvaluator = (*supernet.Judge)(nil)
	_ evolution.Evaluator     = (*supernet.Judge)(nil)
)
