package transfer

import "github.com/tendril-nas/tendril/examples/internal/run"

// Config says what is run. Everything in it influences the result.
type Config struct {
	Data string   `json:"data"` // path, or "" for the embedded images
	Size int      `json:"size"` // input side in pixels
	Seed run.Seed `json:"seed"`
	// PerClass training images of each class are drawn, the held-out ones among them; 0 = all.
	PerClass int `json:"per_class"`
	// Baseline is what is trained beside the point of the program: Scratch, or "" = nothing.
	Baseline string `json:"baseline"`
	// Minutes of two cores that training may take; judging and writing are not counted.
	Minutes  float64  `json:"minutes"`
	ValShare float64  `json:"val"`   // share of each class that is held out of training, for choices
	Adapt    bool     `json:"adapt"` // the third step
	Head     Head     `json:"head"`
	Tune     Training `json:"tune"`
	Search   Search   `json:"search"`
	// Last is how the adapted network, and the fine-tuned one beside it, are trained on.
	Last Training `json:"last"`
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

// Search is the search for a cheaper network.
type Search struct {
	Share      float64 `json:"share"`       // of the minutes, which decide Images where these are 0
	Images     int     `json:"images"`      // held-out images that judge; 0 = see Share
	Calibrated int     `json:"calibration"` // training images behind the statistics of a candidate
	// Loss is what all changes together may cost before the last training, nats for each image.
	Loss float64 `json:"loss"`
}

// Default is the table behind a run without flags: two minutes of two cores, whatever the number of
// images.
func Default() Config {
	table := run.Training{MinSteps: 60, Batch: 32, LR: 0.01, WeightDecay: 1e-4, Flip: true, Crop: 4,
		Clip: 10}
	last := table
	last.MinSteps, last.LR = 40, 0.003
	return Config{
		Size: 96, Seed: 1, Minutes: 2, ValShare: 0.15, Adapt: true,
		Head:   Head{Share: 0.08},
		Tune:   Training{Training: table, Share: 0.5, Most: 20, Inherited: 0.3, KeepNorms: true, Frozen: 3},
		Search: Search{Share: 0.1, Calibrated: 32, Loss: 0.1},
		Last: Training{Training: last, Share: 0.16, Most: 10, Inherited: 0.3, KeepNorms: true, Frozen: 1,
			Distill: 0.5},
	}
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.Size, c.Minutes = 64, 0.5
	c.Tune.MinSteps, c.Last.MinSteps = 30, 20
}

// Scratch is the baseline without pretrained weights: the second step alone, from initial weights.
const Scratch = "scratch"

// suit changes the table for a baseline that the flags have given: a network that has not learnt
// anything trains all of its layers alike, and has rates for that.
func (c *Config) suit(given Config, _ bool) {
	if given.Baseline != Scratch {
		return
	}
	c.Adapt = false
	c.Tune.LR, c.Tune.WeightDecay = 0.05, 5e-4
	c.Tune.Inherited, c.Tune.KeepNorms, c.Tune.Frozen = 1, false, 0
}
