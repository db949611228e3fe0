package supernet

import (
	"context"
	"errors"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

var errUnderWay = errors.New("supernet: being built")

// Net is a supernet: the shared weights of all sub-networks of a space.
//
// Its methods may be called from several goroutines; they take turns.
type Net struct{ space *searchspace.Space }

// New makes a supernet with initial weights.
func New(space *searchspace.Space, o *Options) (*Net, error) { return nil, errUnderWay }

// Space returns the space that the supernet was made for.
func (n *Net) Space() *searchspace.Space { return n.space }

// WeightVersion counts the changes of the weights: measurements of different versions do not compare.
func (n *Net) WeightVersion() uint64 { return 0 }

// SetStage sets the number of the data snapshot that measurements are stamped with.
func (n *Net) SetStage(stage int) {}

// Stage returns the number set with SetStage.
func (n *Net) Stage() int { return 0 }

// Params counts the stored weights that training moves.
func (n *Net) Params() int64 { return 0 }

// Train trains the shared weights, one sub-network at a time.
func (n *Net) Train(ctx context.Context, train dataset.Dataset, o *TrainOptions) (*TrainResult, error) {
	return nil, errUnderWay
}

// On binds data, so that sub-networks can be judged on them.
func (n *Net) On(val dataset.Dataset, o *EvalOptions) (*Bound, error) { return nil, errUnderWay }

// Extract returns a sub-network as a standalone model with copies of its weights.
func (n *Net) Extract(ctx context.Context, a searchspace.Arch, calibration dataset.Dataset) (*Model, error) {
	return nil, errUnderWay
}

// GrowClasses raises the number of classes to k; the rows of the old classes are kept.
func (n *Net) GrowClasses(k int) error { return errUnderWay }

// Save writes the supernet to one file, atomically.
func (n *Net) Save(path string) error { return errUnderWay }

// Load reads a supernet that Save wrote.
func Load(path string, o *Options) (*Net, error) { return nil, errUnderWay }

// Bound is a supernet with data to judge sub-networks on.
type Bound struct{}

// Evaluate judges a sub-network with the inherited weights.
func (b *Bound) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return searchspace.Measurement{}, errUnderWay
}
