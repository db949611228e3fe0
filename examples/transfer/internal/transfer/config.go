package transfer

import (
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// Config says what is run. Everything in it influences the result.
type Config struct {
	Data string   `json:"data"` // path, or "" for the embedded images
	Size int      `json:"size"` // input side in pixels
	Seed run.Seed `json:"seed"`
	// Minutes of two cores that training may take; judging and writing are not counted.
	Minutes  float64  `json:"minutes"`
	ValShare float64  `json:"val"`   // share of each class that is held out of training, for choices
	Adapt    bool     `json:"adapt"` // the third step
	Head     Head     `json:"head"`
	Tune     Training `json:"tune"`
	Search   Search   `json:"search"`
	// Contest is how the adapted network and the kept one are trained, each.
	Contest Training `json:"contest"`
}

// Head is the first step, a linear classifier on frozen features.
type Head struct {
	Share float64 `json:"share"` // of the minutes: more images than fit into it are left out
	// Passes over mirrored and shifted images, beside the one over images as they are; 0 = none.
	Passes int `json:"passes"`
}

// Training is one kind of training. 0 epochs mean as many as its share of the minutes allows.
type Training struct {
	run.Training
	Share float64 `json:"share"` // of the minutes
	Most  int     `json:"most"`  // epochs at most, where the minutes decide
	// Inherited is the factor of the learning rate for layers that have learnt already, the fitted
	// classifier included; layers that are new have 1.
	Inherited float64 `json:"inherited"`
	// KeepNorms keeps batch normalisations of such layers as they are, statistics included: the
	// network that is trained is then the one that the linear head was fitted to.
	KeepNorms bool    `json:"keep_norms"`
	Frozen    int     `json:"frozen"`  // first stages that stay as they are, the stem included
	Distill   float64 `json:"distill"` // weight of the fine-tuned network as a teacher; 0 = none
}

// Search is the training of the adjuster, and its choice.
type Search struct {
	Share      float64 `json:"share"` // of the minutes, which decide Images where these are 0
	Iterations int     `json:"iterations"`
	LR         float64 `json:"lr"`
	Entropy    float64 `json:"entropy"`
	Lambda     float64 `json:"lambda"` // likelihood that a doubling of the multiply-adds must bring
	// PerStage searches one kernel and one ratio for all layers of a stage: 17 decisions in the
	// place of 46, about which few proposals tell more.
	PerStage bool `json:"per_stage"`
	// Wide searches kernels and the ratio 3 as well. Layers come and go at little loss, and so does
	// the least important third of the channels; other kernels cost more than a short training
	// makes up for.
	Wide       bool `json:"wide"`
	Images     int  `json:"images"`      // held-out images behind one reward; 0 = see Share
	Calibrated int  `json:"calibration"` // training images behind the statistics of one reward
	Candidates int  `json:"candidates"`
	Elites     int  `json:"elites"` // of the proposals, among the candidates
}

// family is the space around Lite0.
func (c *Config) family() *searchspace.EfficientNetLiteOptions {
	return &searchspace.EfficientNetLiteOptions{PerStage: c.Search.PerStage}
}

// Default is the table behind a run without flags: two minutes of two cores, whatever the number of
// images.
func Default() Config {
	table := run.Training{MinSteps: 60, Batch: 32, LR: 0.01, WeightDecay: 1e-4, Flip: true, Crop: 4}
	short := table
	short.MinSteps = 40
	return Config{
		Size: 96, Seed: 1, Minutes: 2, ValShare: 0.15, Adapt: true,
		Head: Head{Share: 0.08},
		Tune: Training{Training: table, Share: 0.44, Most: 20, Inherited: 0.3, KeepNorms: true, Frozen: 3},
		Search: Search{Share: 0.12, Iterations: 60, LR: 2e-2, Entropy: 2e-4, Lambda: 0.03, Calibrated: 32,
			Candidates: 4, Elites: 4, PerStage: true},
		Contest: Training{Training: short, Share: 0.18, Most: 10, Inherited: 0.3, KeepNorms: true, Frozen: 1,
			Distill: 0.5},
	}
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.Size, c.Minutes = 64, 0.5
	c.Search.Iterations, c.Search.Candidates, c.Search.Elites = 30, 2, 3
	c.Tune.MinSteps, c.Contest.MinSteps = 30, 20
}
