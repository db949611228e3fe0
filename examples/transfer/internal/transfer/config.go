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
	Minutes  float64 `json:"minutes"`
	ValShare float64 `json:"val"`   // share of each class that is held out of training, for choices
	Adapt    bool    `json:"adapt"` // the third step
	// Statistics is how many training images the batch-norm statistics of a network are gathered on
	// after its training; 0 = those gathered while it was trained. Lite0 gathers so slowly
	// (momentum 0.01, for long trainings) that a short one ends with those of other images.
	// Networks of which stages or batch norms did not train keep theirs.
	Statistics int      `json:"statistics"`
	Head       Head     `json:"head"`
	Tune       Training `json:"tune"`
	Supernet   Supernet `json:"supernet"`
	Search     Search   `json:"search"`
	// Contest is how the adapted network and the kept one are trained, each.
	Contest Training `json:"contest"`
}

// Head is the first step, a linear classifier on frozen features.
type Head struct {
	Share float64 `json:"share"` // of the minutes: more images than fit into it are left out
	// Passes over mirrored and shifted images, beside the one over images as they are; 0 = none.
	Passes int `json:"passes"`
	// Statistics is how many training images the batch-norm statistics are gathered on before; 0 =
	// those of ImageNet stay.
	Statistics int `json:"statistics"`
}

// Training is one kind of training. 0 epochs mean as many as its share of the minutes allows.
type Training struct {
	run.Training
	Share float64 `json:"share"` // of the minutes
	Most  int     `json:"most"`  // epochs at most, where the minutes decide
	// Rate is the factor of the learning rate for layers that have learnt already; layers that are
	// new have 1.
	Rate float64 `json:"rate"`
	// Classifier is that of the classifier. Its 1280 inputs are large: it diverges first.
	Classifier float64 `json:"classifier"`
	// HoldNorms keeps batch norms as they are, statistics included: the network that is trained is
	// then the one that the linear head was fitted to. A supernet uses the statistics of each batch
	// all the same.
	HoldNorms bool    `json:"hold_norms"`
	Warmup    int     `json:"warmup"`  // first steps, in which the learning rate rises
	Clip      float64 `json:"clip"`    // bound on the norm of the gradient; 0 = none
	Frozen    int     `json:"frozen"`  // first stages that stay as they are, the stem included
	Distill   float64 `json:"distill"` // weight of the fine-tuned network as a teacher; 0 = none
}

// Supernet is the training of the supernet. Without a share and without epochs there is none: the
// supernet then is as it was inherited.
type Supernet struct {
	Training
	Sandwich int `json:"sandwich"` // random sub-networks of a step, beside the largest and the smallest
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
	Wide bool `json:"wide"`
	// Running judges with the running statistics that the fine-tuned network had, which tell how
	// much of it an architecture keeps; else statistics are gathered for each.
	Running    bool `json:"running"`
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
	return Config{
		Size: 96, Seed: 1, Minutes: 2, ValShare: 0.15, Adapt: true, Statistics: 1000,
		Head: Head{Share: 0.08},
		Tune: Training{Training: run.Training{MinSteps: 60, Batch: 32, LR: 0.003, WeightDecay: 1e-4, Flip: true,
			Crop: 4}, Share: 0.36, Most: 20, Rate: 1, Classifier: 0.3, Warmup: 30, Frozen: 3,
			HoldNorms: true},
		Supernet: Supernet{Training: Training{Training: run.Training{MinSteps: 20, Batch: 32, LR: 0.003,
			WeightDecay: 1e-4, Flip: true, Crop: 4, StepsPerArch: 1}, Share: 0.25, Most: 4, Rate: 1,
			Classifier: 0.3, Warmup: 10, Frozen: 1, Distill: 1}, Sandwich: 1},
		Search: Search{Share: 0.08, Iterations: 80, LR: 2e-2, Entropy: 2e-4, Lambda: 0.01, Calibrated: 32,
			Candidates: 4, Elites: 4, PerStage: true},
		Contest: Training{Training: run.Training{MinSteps: 40, Batch: 32, LR: 0.003, WeightDecay: 1e-4, Flip: true,
			Crop: 4}, Share: 0.125, Most: 10, Rate: 1, Classifier: 0.3, Warmup: 10, Frozen: 1,
			HoldNorms: true, Distill: 0.5},
	}
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.Size, c.Minutes = 64, 0.5
	c.Search.Iterations, c.Search.Candidates, c.Search.Elites = 50, 2, 3
	c.Tune.MinSteps, c.Supernet.MinSteps, c.Contest.MinSteps = 30, 10, 20
}
