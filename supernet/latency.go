package supernet

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// LatencyOptions configures MeasureLatency. The zero value, or a nil pointer, is the default. The
// defaults are ours: they predict MobileNetV3 networks with an error below their own spread.
type LatencyOptions struct {
	// Table is a table to go on with: its layers are not measured again. It stays as it is. It must
	// be of the same processor, kernels, workers and batch. Nil begins a new one.
	Table *searchspace.LatencyTable
	// Archs are the architectures whose layers are wanted. By default they are sampled from the
	// space until there is nothing new. Spaces without a choice graph (ET-NAS) have too many layers
	// for a table; name the architectures there.
	Archs []searchspace.Arch
	// Check are architectures to predict and to measure whole, in the same rounds as the others.
	// Layers are not measured in them.
	Check []searchspace.Arch
	// Batch is the number of images that run at once; 1 by default.
	Batch int
	// Workers bounds the goroutines that compute; 0 means GOMAXPROCS.
	Workers int
	// Device is where the networks run; nil means the CPU, with Workers.
	Device Device
	// Rounds is how often every network of a group is visited; 20 by default.
	Rounds int
	// Passes is the number of measured runs of a visit, after one that is not measured; 1 by
	// default.
	Passes int
	// Group is the number of networks in memory at once, which rounds go over; 16 by default.
	Group int
	// Views is the number of networks that every layer is measured in, where there are as many; 2
	// by default.
	Views int
	// Networks bounds the networks that layers are measured in; 64 by default.
	Networks int
	// Samples bounds the architectures that are sampled; 3000 by default.
	Samples int
	// MaxParams leaves out sampled networks with more parameters; 200 million by default.
	MaxParams int64
	// Seed draws the architectures, weights and images.
	Seed uint64
	// Progress, when set, is told how far the measurement is, at the start and after every group.
	// Its error ends the measurement.
	Progress func(LatencyProgress) error
	// Logger is warned of a table whose spread drowns the differences between architectures. Nil
	// means silence.
	Logger *slog.Logger
}

// LatencyProgress is one report of a running measurement.
type LatencyProgress struct {
	Networks, OfNetworks int // measured, and how many there will be, those to check included
	Layers, OfLayers     int // of the wanted ones: in the table, and all
	// Table is what is known so far; the receiver may keep it.
	Table *searchspace.LatencyTable
}

// LatencyResult is what a measurement found.
type LatencyResult struct {
	Table *searchspace.LatencyTable
	// Missing lists the wanted layers that are not in the table, because no sampled network has
	// them or too few networks were allowed.
	Missing []searchspace.LatencyLayer
	// Checked are the architectures to check, in order, without those that the table cannot
	// predict.
	Checked []LatencyCheck
	// Resolution says how well the table tells sampled architectures apart; zero where it predicts
	// fewer than two of them.
	Resolution searchspace.Resolution
}

// LatencyCheck is a network that was predicted, and measured whole without any clock inside.
type LatencyCheck struct {
	Arch      searchspace.Arch
	Predicted float64 // seconds for a batch
	Measured  float64 // seconds for a batch, the mean of the middle half of the runs
	Spread    float64 // half the distance between the quartiles of the runs, seconds
}

// MeasureLatency measures a table of the layers of a space on this machine, which predicts the time
// of networks as the sum over their layers. Those that measure should do nothing else meanwhile.
//
// How it works: architectures are sampled until they have every layer of the space, and 300 in a
// row brought no new one. A few that together have all layers are chosen, run many times with
// random weights, and what every layer took inside the running network is noted (Model.Profile). So
// a layer is measured where it works: with its neighbours, their results in the caches, and with
// the work that they put off for it, as a batch norm that is applied while the next convolution
// loads its input. All networks of a group take turns, so that what slows the machine down for a
// while meets all of them. The parts of a network are scaled by one factor so that they add up to
// its run without a clock inside.
//
// Which networks are measured depends on the space and the options only; the times do not repeat.
// When the context ends, the table of the result holds the groups that were finished: hand it in as
// LatencyOptions.Table to go on.
//
// Prediction by sums of layers: Cai et al., "Once-for-All", ICLR 2020. docs/results/latency.md says
// how well it does here.
func MeasureLatency(ctx context.Context, space *searchspace.Space,
	o *LatencyOptions) (*LatencyResult, error) {
	return measureLatency(ctx, space, o, modelTimer{})
}

func measureLatency(ctx context.Context, space *searchspace.Space, o *LatencyOptions, t latencyTimer) (
	*LatencyResult, error) {
	s := &latencySession{space: space, timer: t}
	if err := s.run(ctx, o); err != nil {
		s.result.Checked = nil
		return &s.result, fmt.Errorf("supernet: latency: %w", err)
	}
	return &s.result, nil
}

// filled is the options with their defaults.
func (o *LatencyOptions) filled() (LatencyOptions, error) {
	f := *o
	for _, n := range []struct {
		name string
		of   *int
		by   int
	}{
		{"batch", &f.Batch, 1}, {"workers", &f.Workers, runtime.GOMAXPROCS(0)}, {"rounds", &f.Rounds, 20},
		{"passes", &f.Passes, 1}, {"group", &f.Group, 16}, {"views", &f.Views, 2},
		{"networks", &f.Networks, 64}, {"samples", &f.Samples, 3000},
	} {
		if *n.of < 0 {
			return f, fmt.Errorf("%s %d, expected 0 or more", n.name, *n.of)
		}
		*n.of = orInt(*n.of, n.by)
	}
	if f.MaxParams < 0 {
		return f, fmt.Errorf("at most %d parameters, expected 0 or more", f.MaxParams)
	}
	if f.MaxParams == 0 {
		f.MaxParams = 200e6
	}
	if f.Logger == nil {
		f.Logger = slog.New(slog.DiscardHandler)
	}
	return f, nil
}

// begin is the table that a measurement starts from.
func (o *LatencyOptions) begin(cpu string) (*searchspace.LatencyTable, error) {
	t := o.Table
	if t == nil {
		return &searchspace.LatencyTable{CPU: cpu, Workers: o.Workers, Batch: o.Batch}, nil
	}
	if t.CPU != cpu || t.Workers != o.Workers || t.Batch != o.Batch {
		return nil, fmt.Errorf(
			"the table is of %s with %d workers and batch %d, expected %s with %d and %d: "+
				"times of different machines do not mix", t.CPU, t.Workers, t.Batch, cpu, o.Workers, o.Batch)
	}
	return copyTable(t), nil
}

func copyTable(t *searchspace.LatencyTable) *searchspace.LatencyTable {
	return &searchspace.LatencyTable{CPU: t.CPU, Kernels: t.Kernels, Workers: t.Workers, Batch: t.Batch,
		Fixed: t.Fixed, Entries: slices.Clone(t.Entries)}
}
