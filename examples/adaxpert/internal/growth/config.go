package growth

import (
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Config says what is run. Everything in it influences the result; where results go and how
// progress is shown do not belong here.
type Config struct {
	Baseline string   `json:"baseline"` // one of Baselines; "" is AdaXpert
	Seed     run.Seed `json:"seed"`
	Arrival
	Space
	Service
	Supernet Training `json:"supernet"`
	Retrain  Training `json:"retrain"`
	Adjuster Search   `json:"adjuster"`
}

// Arrival is how data arrive.
type Arrival struct {
	Scenario string    `json:"scenario"` // "I": volume grows, "II": classes grow
	Data     string    `json:"data"`     // path, or "" for the embedded images
	Volumes  []float64 `json:"volumes"`  // scenario I: fractions of every class
	Counts   []int     `json:"counts"`   // scenario II: numbers of classes; nil = by Shares
	Shares   []float64 `json:"shares"`   // scenario II: fractions of the classes; nil = see LabelCounts
	Copies   bool      `json:"copies"`   // one more, last snapshot of shifted and mirrored copies
	ValShare float64   `json:"val"`      // fraction of D_t that judges and does not train the supernet
	Epsilon  float64   `json:"epsilon"`  // threshold on H_t, percentage points
	Always   bool      `json:"always"`   // adjust whatever the condition says
}

// Space is what networks are made of.
type Space struct {
	Width float64 `json:"width"` // width multiplier
	Size  int     `json:"size"`  // input side in pixels; 0 = what the data give
	Stem  int     `json:"stem"`  // stride of the first convolution
	// Start is α_1 as text; "" = the smallest network of the space, or the published one.
	Start string `json:"start"`
	// Pretrained begins with EfficientNet-Lite0, whose space has a width and a stem of its own.
	Pretrained bool `json:"pretrained"`
	// MAdds, in millions, are those of baseline random: one number, or one for each snapshot.
	MAdds []float64 `json:"madds"`
}

// Service is how networks come into service.
type Service struct {
	Inherit string  `json:"inherit"` // what retraining starts from: one of Inheritances
	Distill float64 `json:"distill"` // weight of the network in service as a teacher; 0 = none
	// Trial is how much of the retraining the finalists of a search get to be judged by; 0 = there
	// are none.
	Trial   float64 `json:"trial"`
	Compare bool    `json:"compare"`       // contest between the adapted network and the kept one
	Keep    bool    `json:"keep_training"` // a network that is kept is trained on the new data
	Against bool    `json:"against"`       // what keeping the first network gives, beside the result
	Final   int     `json:"final"`         // epochs of one more training after the last snapshot; 0 = none
}

// Training is one kind of training, which is shorter at later snapshots.
type Training struct {
	run.Training         // at the first snapshot
	LaterEpochs  int     `json:"later_epochs"`
	LaterLR      float64 `json:"later_lr"` // 0 = LR
	// Sandwich, of supernets, trains the largest, the smallest and so many random sub-networks at
	// every step; 0 = one random sub-network.
	Sandwich int `json:"sandwich"`
	// Inherited is the factor of the learning rate for layers whose weights a network has from
	// another one; 0 = 1.
	Inherited float64 `json:"inherited"`
	// KeepNorms leaves inherited batch normalisations as they are, running statistics included.
	KeepNorms bool `json:"keep_norms"`
	Frozen    int  `json:"frozen"` // stages, from the stem on, that stay as they are
}

// later is the table for later snapshots.
func (t Training) later() run.Training {
	t.Epochs = t.LaterEpochs
	if t.LaterLR > 0 {
		t.LR = t.LaterLR
	}
	return t.Training
}

// Search is the training of the adjuster and its choice.
type Search struct {
	Iterations  int     `json:"iterations"`
	LR          float64 `json:"lr"`
	Entropy     float64 `json:"entropy"`
	MovingMean  bool    `json:"moving_mean"` // subtract a moving average of rewards
	Objective   string  `json:"objective"`   // V of the reward: one of Objectives
	Reward      string  `json:"reward"`      // its form: one of Rewards
	Lambda      float64 `json:"lambda"`      // 0 = the default of the form
	Distance    string  `json:"distance"`    // d_t: one of Distances
	Images      int     `json:"images"`      // validation images behind one reward; 0 = all
	Calibration int     `json:"calibration"` // training images behind the statistics of one reward; 0 = 2000
	Candidates  int     `json:"candidates"`
	Elites      int     `json:"elites"`        // of the proposals, among the candidates
	Previous    bool    `json:"keep_previous"` // α_{t−1} is a candidate too
	Race        bool    `json:"race"`          // candidates are judged on more and more images
}

// What baselines are called; "" is AdaXpert itself.
const (
	Fixed   = "fixed"
	Middle  = "middle"
	Largest = "largest"
	Random  = "random"
	Scratch = "scratch"
)

// What retraining may start from.
const (
	FromServing  = "serving"
	FromSupernet = "supernet"
	FromNothing  = "none"
)

// Baselines lists the methods that AdaXpert is compared with.
func Baselines() []string { return []string{Fixed, Middle, Largest, Random, Scratch} }

// The words that other flags accept.

func Scenarios() []string    { return []string{"I", "II"} }
func Inheritances() []string { return []string{FromServing, FromSupernet, FromNothing} }
func Objectives() []string   { return []string{"accuracy", "likelihood"} }
func Rewards() []string      { return []string{"doubling", "eq5", "published"} }
func Distances() []string    { return []string{"plain", "relative", "unbiased", "calibrated"} }

// Default is the table behind a run without flags: all of scenario I on the embedded images in a
// few minutes on two cores.
func Default() Config {
	return Config{
		Seed: 1,
		Arrival: Arrival{Scenario: "I", Volumes: []float64{0.10, 0.20, 0.40, 0.80, 1}, ValShare: 0.1,
			Epsilon: 1},
		Space: Space{Width: 0.35, Stem: 1},
		Service: Service{Inherit: FromServing, Distill: 1, Trial: 0.1, Compare: true, Keep: true,
			Against: true},
		Supernet: Training{Training: run.Training{Epochs: 2, MinSteps: 60, Batch: 32, LR: 0.05,
			WeightDecay: 1e-4, Flip: true, Crop: 2, StepsPerArch: 1}, LaterEpochs: 1, LaterLR: 0.03,
			Sandwich: 2},
		Retrain: Training{Training: run.Training{Epochs: 10, MinSteps: 800, Batch: 32, LR: 0.05,
			WeightDecay: 2e-4, Flip: true, Crop: 2}, LaterEpochs: 6},
		Adjuster: Search{Iterations: 120, LR: 1e-2, Entropy: 2e-4, MovingMean: true,
			Objective: "likelihood", Reward: "doubling", Distance: "plain", Images: 120, Calibration: 64,
			Candidates: 10, Race: true},
	}
}

// quick changes the table to the one behind -quick: the whole loop in well under a minute. Its last
// snapshot of scenario I brings so few images that the condition keeps the architecture.
func (c *Config) quick() {
	c.Volumes = []float64{0.10, 0.25, 0.255}
	c.Shares = []float64{0.5, 1}
	c.Width, c.Stem = 0.35, 2
	c.Supernet.MinSteps, c.Supernet.Epochs = 30, 1
	c.Retrain.MinSteps, c.Retrain.Epochs, c.Retrain.LaterEpochs = 600, 4, 4
	// Without augmentation even short training fits its images so well that unseen ones stand out:
	// H_t is far above the threshold.
	c.Retrain.Crop, c.Retrain.Flip = 0, false
	c.Adjuster.Iterations, c.Adjuster.LR = 80, 2e-2
}

// suit changes the table to one that suits other settings.
func (c *Config) suit(given Config, quick bool) {
	if !given.Pretrained {
		return
	}
	c.Size = 64
	c.Adjuster.Distance = "relative" // features of Lite0 are many, and the policy's grid ends at 5
	c.Supernet = Training{Training: run.Training{Epochs: 1, MinSteps: 60, Batch: 32, LR: 0.01,
		WeightDecay: 1e-4, Flip: true, Crop: 4, StepsPerArch: 1}, LaterEpochs: 1, Sandwich: 1, Frozen: 1}
	// A clipped gradient bears images that are nothing like ImageNet's: 28 pixels on black, say.
	c.Retrain = Training{Training: run.Training{Epochs: 6, MinSteps: 150, Batch: 32, LR: 0.01,
		WeightDecay: 1e-4, Flip: true, Crop: 4, Clip: 10}, LaterEpochs: 3, Inherited: 0.3, KeepNorms: true, Frozen: 3}
	if quick {
		c.Size = 48
		c.Supernet.MinSteps, c.Retrain.MinSteps, c.Adjuster.Iterations = 15, 40, 20
		c.Retrain.Epochs, c.Retrain.LaterEpochs = 1, 1
	}
}

// Steps are the snapshots for data of so many classes.
func (c *Config) Steps(classes int) []Step {
	if c.Scenario == "I" {
		return Volumes(classes, c.Volumes...)
	}
	if c.Counts != nil {
		return Labels(c.Counts...)
	}
	return Labels(LabelCounts(classes, c.Shares...)...)
}
