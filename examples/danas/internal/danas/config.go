package danas

import (
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
)

// Config says what is run. Everything in it influences the result.
type Config struct {
	Data     string   `json:"data"` // path, or "" for the embedded images
	Seed     run.Seed `json:"seed"`
	Size     int      `json:"size"`      // side of images, pixels
	PerClass int      `json:"per_class"` // training images of a class; 0 = all
	Val      int      `json:"val"`       // validation images of a class, from the training part

	Variant string  `json:"variant"` // searchspace.DANASVariant
	Width   float64 `json:"width"`
	Layers  int     `json:"layers"` // of a stage
	Stride  int     `json:"stride"` // of the stem
	Target  float64 `json:"target"` // multiply-adds, millions

	// References are the families of the networks that rank classes, or Supernet.
	References []string     `json:"references"`
	Reference  run.Training `json:"reference"`
	// Ranking is the classes by number, easiest first, in the place of references; nil = none.
	Ranking []int `json:"ranking"`
	// OnlyEasiness ends with the ranking.
	OnlyEasiness bool `json:"only_easiness"`
	// Unseen measures easiness on validation images instead of the training images.
	Unseen bool `json:"unseen"`

	Order    string       `json:"order"`    // pruning.Order
	Shares   []float64    `json:"shares"`   // of the classes, by phase
	Warmup   int          `json:"warmup"`   // epochs
	Search   run.Training `json:"search"`   // of a step
	Prune    bool         `json:"prune"`    // remove candidates
	Fraction float64      `json:"fraction"` // of candidates that a step removes
	Sure     float64      `json:"sure"`     // standard errors, see pruning.Options.Significance
	Pairs    bool         `json:"pairs"`    // two paths at a time
	Form     string       `json:"form"`     // pruning.CostForm
	Gamma    float64      `json:"gamma"`
	Hard     bool         `json:"hard"`     // cost of the arg max, straight through
	Tau      float64      `json:"tau"`      // temperature of the noisy rows
	LastTau  float64      `json:"last_tau"` // where it goes
	ArchLR   float64      `json:"arch_lr"`
	Every    int          `json:"every"` // updates of the weights for a step on the architecture

	Retrain    run.Training `json:"retrain"`
	Calibrated int          `json:"calibration"` // images of batch-norm statistics; 0 = those of training

	Baseline    string `json:"baseline"`    // SinglePath, or "" = none
	Evaluations int    `json:"evaluations"` // of the baseline
}

// Supernet among the references ranks classes by the supernet itself.
const Supernet = "supernet"

// SinglePath is the baseline of sub-networks trained one at a time.
const SinglePath = "single-path"

// Default is the table behind a run without flags but those for Tiny-ImageNet-100 and CIFAR-10.
//
// Temperature and rates were chosen on 1000 embedded images and on 1500 of CIFAR-10, with stem
// stride 2, all classes, all candidates, 14 epochs and batches of 32. At a temperature of 1 rows
// are nearly one-hot (of six candidates three count), and the layers behind see other inputs in
// every update. Without noise, the mixture then had a validation loss of 1.26 on the embedded
// images (mean of two seeds, at the best of five rates), and of 0.75, 0.69 and 0.71 at 3, 5 and 10;
// on CIFAR-10 of 2.13, 1.95, 1.84 and 1.77 at 1, 2, 3 and 10. Batches of 8 or 16 changed nothing.
// The gradient of the architecture is clearer, too: its squared mean by its variance in a step of
// 128 images was 0.009, 0.05, 0.15, 0.31 and 0.5 at 1, 2, 3, 5 and 10. 3 is the lowest temperature
// that has most of what there is to gain, and rows that still prefer candidates. A rate of the
// search of 0.05 or 0.2 is as good as 0.1.
//
// Retraining at 0.05, 0.1, 0.2 and 0.4, six epochs in batches of 64, had 74.1, 74.9, 72.1 and 72.9
// % of the embedded test images right with 5300 images, and at 0.05, 0.1 and 0.2 30.6, 31.9 and
// 24.4 % on CIFAR-10 (one seed).
func Default() Config {
	table := run.Training{Epochs: 2, Batch: 64, LR: 0.1, WeightDecay: 3e-4, Flip: true, Crop: 4, Clip: 10}
	retrain := table
	retrain.Epochs, retrain.LR = 6, 0.1
	return Config{
		Seed: 1, Size: 32, Val: 50, Variant: string(searchspace.DANASMobile), Width: 0.25, Layers: 2,
		Stride: 1,
		Target: 1.8, References: []string{"vgg", "resnet", "mobilenet", "shufflenet"}, Reference: retrain,
		Order: string(pruning.EasyToAll), Shares: []float64{0.1, 0.3, 0.6, 1}, Warmup: 1, Search: table,
		Prune: true, Fraction: 0.4, Form: string(pruning.Absolute), Gamma: 1, Tau: 3, LastTau: 3,
		ArchLR: 0.02, Every: 5,
		Retrain: retrain, Calibrated: 500, Evaluations: 100,
	}
}

// embedded changes the table to the one for the images that the program carries.
func (c *Config) embedded() {
	c.Warmup, c.Search.Epochs, c.Search.Batch = 2, 4, 32
	c.Reference.Epochs, c.Retrain.Epochs = 4, 8
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.embedded()
	c.PerClass, c.Val, c.Stride, c.Target, c.Evaluations = 200, 30, 2, 0.45, 40
	c.References = []string{"resnet", "shufflenet"}
	c.Reference.Epochs, c.Search.Epochs, c.Warmup, c.Retrain.Epochs = 3, 2, 1, 4
	c.Every, c.ArchLR = 2, 0.05
}

// suit changes the table for embedded images.
func (c *Config) suit(given Config, quick bool) {
	if given.Data == "" && !quick {
		c.embedded()
	}
}

// space is what makes the space for so many classes.
func (c *Config) space(classes int) searchspace.DANASOptions {
	return searchspace.DANASOptions{Variant: searchspace.DANASVariant(c.Variant), Width: c.Width,
		Layers: c.Layers, StemStride: c.Stride, InputSize: c.Size, Classes: classes}
}

// schedule is the phases of a search.
func (c *Config) schedule(ranking []int) ([]pruning.Phase, error) {
	return pruning.Schedule{Order: pruning.Order(c.Order), Ranking: ranking, Shares: c.Shares,
		Warmup: warmup(c.Warmup), Epochs: c.Search.Epochs, NoPruning: !c.Prune,
		Seed: c.Seed.For("danas.order")}.Phases()
}

// warmup is the option for so many epochs: 0 is none.
func warmup(epochs int) int {
	if epochs == 0 {
		return -1
	}
	return epochs
}
