package growth

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Config says what is run. Everything in it influences the result; where results go and how
// progress is shown do not belong here.
type Config struct {
	Scenario string   `json:"scenario"` // "I": volume grows, "II": classes grow
	Data     string   `json:"data"`     // path, or "" for the embedded images
	Baseline string   `json:"baseline"` // "", fixed, largest, scratch or random
	Seed     run.Seed `json:"seed"`

	Volumes  []float64 `json:"volumes"`   // scenario I: fractions of every class
	Counts   []int     `json:"counts"`    // scenario II: numbers of classes; nil = LabelCounts
	LateMore float64   `json:"late_more"` // quick II: fraction of every class held back for one more snapshot
	Copies   bool      `json:"copies"`    // one more, last snapshot of shifted and mirrored copies
	Always   bool      `json:"always"`    // adjust whatever the condition says
	ValShare float64   `json:"val_share"` // fraction of D_t that judges the supernet
	Epsilon  float64   `json:"epsilon"`   // threshold on H_t, percentage points

	Width float64 `json:"width"` // width multiplier of the space
	Size  int     `json:"size"`  // input side in pixels; 0 = what the data give
	Stem  int     `json:"stem"`  // stride of the first convolution
	Start string  `json:"start"` // α_1 as text; "" = the smallest network of the space

	Supernet Training `json:"supernet"`
	Retrain  Training `json:"retrain"`
	Adjuster Search   `json:"adjuster"`
	Final    int      `json:"final"` // epochs of one more retraining after the last snapshot; 0 = none
	// Inherit has retraining start from the supernet's weights, for baselines without one from the
	// weights in service.
	Inherit bool `json:"inherit"`
}

// Training is one kind of training, which is shorter at later snapshots.
type Training struct {
	run.Training         // at the first snapshot
	LaterEpochs  int     `json:"later_epochs"`
	LaterLR      float64 `json:"later_lr"` // 0 = LR
}

// later is the table for later snapshots.
func (t Training) later() run.Training {
	t.Epochs = t.LaterEpochs
	if t.LaterLR > 0 {
		t.LR = t.LaterLR
	}
	return t.Training
}

// Search is the training of the adjuster.
type Search struct {
	Iterations  int     `json:"iterations"`
	LR          float64 `json:"lr"`
	Entropy     float64 `json:"entropy"`
	Lambda      float64 `json:"lambda"` // 0 = 2.5e-4 · 566.17e6 / C_max of the space
	Candidates  int     `json:"candidates"`
	Images      int     `json:"images"`      // validation images behind one reward; 0 = all
	Calibration int     `json:"calibration"` // training images behind the batch-norm statistics of one reward
	MovingMean  bool    `json:"moving_mean"` // subtract a moving average of rewards
}

// Scenarios and Baselines are the words that flags accept.
func Scenarios() []string { return []string{"I", "II"} }

// Baselines lists the methods AdaXpert is compared with; "" is AdaXpert itself.
func Baselines() []string { return []string{"fixed", "largest", "scratch", "random"} }

// Default is the table behind a run without flags: all of scenario I on the embedded images in a
// few minutes on two cores.
func Default() Config {
	return Config{
		Scenario: "I",
		Seed:     1,
		Volumes:  []float64{0.10, 0.20, 0.40, 0.80, 1},
		ValShare: 0.2,
		Epsilon:  1.0,
		Width:    0.5,
		Stem:     1,
		Supernet: Training{run.Training{Epochs: 10, MinSteps: 400, Batch: 32, LR: 0.05, WeightDecay: 1e-4,
			Flip: true, Crop: 2, StepsPerArch: 1}, 4, 0.03},
		Retrain: Training{run.Training{Epochs: 10, MinSteps: 1000, Batch: 32, LR: 0.05, WeightDecay: 1e-4,
			Flip: true, Crop: 2}, 8, 0},
		Adjuster: Search{Iterations: 300, LR: 5e-3, Entropy: 2e-4, Candidates: 10, Images: 200,
			Calibration: 128, MovingMean: true},
		Inherit: true,
	}
}

// quick changes the table to the one behind -quick: the whole loop in well under a minute. Its last
// snapshot brings so few images that the condition keeps the architecture.
func (c *Config) quick() {
	c.Volumes = []float64{0.10, 0.25, 0.255}
	c.Counts = []int{4, 8}
	c.LateMore = 0.01
	c.Width = 0.35
	c.Stem = 2
	c.Supernet.MinSteps, c.Supernet.Epochs, c.Supernet.LaterEpochs = 200, 2, 1
	c.Retrain.MinSteps, c.Retrain.Epochs, c.Retrain.LaterEpochs = 600, 4, 4
	// Without augmentation even short training fits its images so well that unseen ones stand out:
	// H_t is far above the threshold.
	c.Retrain.Crop, c.Retrain.Flip = 0, false
	c.Adjuster.Iterations, c.Adjuster.Images, c.Adjuster.Calibration, c.Adjuster.LR = 80, 150, 128, 2e-2
}

// Check reports the first field that makes no sense, and makes the data path absolute.
func (c *Config) Check() error {
	if !slices.Contains(Scenarios(), c.Scenario) {
		return fmt.Errorf("-scenario %q: expected %s", c.Scenario, strings.Join(Scenarios(), " or "))
	}
	if c.Baseline != "" && !slices.Contains(Baselines(), c.Baseline) {
		return fmt.Errorf("-baseline %q: expected one of %s", c.Baseline, strings.Join(Baselines(), ", "))
	}
	if c.Stem != 1 && c.Stem != 2 {
		return fmt.Errorf("-stem %d: expected 1 or 2", c.Stem)
	}
	if !(c.Width > 0 && c.Width <= 4) {
		return fmt.Errorf("-width %v: expected above 0 and at most 4", c.Width)
	}
	if c.Size != 0 && (c.Size < 8 || c.Size > 512) {
		return fmt.Errorf("-size %d: expected 8 to 512, or 0", c.Size)
	}
	if !(c.ValShare > 0 && c.ValShare < 1) {
		return fmt.Errorf("-val %v: expected between 0 and 1", c.ValShare)
	}
	if !(c.LateMore >= 0 && c.LateMore < 1) {
		return fmt.Errorf("held-back fraction %v: expected 0 to 1", c.LateMore)
	}
	if len(c.Volumes) == 0 {
		return errors.New("-volumes: no snapshot")
	}
	if c.Adjuster.Iterations < 1 || c.Adjuster.Candidates < 1 {
		return fmt.Errorf("-iterations %d, -candidates %d: expected at least 1", c.Adjuster.Iterations,
			c.Adjuster.Candidates)
	}
	if err := c.Supernet.check("supernet"); err != nil {
		return err
	}
	if err := c.Retrain.check("retrain"); err != nil {
		return err
	}
	if c.Final < 0 {
		return fmt.Errorf("-final-epochs %d: expected 0 or more", c.Final)
	}
	if c.Data != "" {
		abs, err := filepath.Abs(c.Data)
		if err != nil {
			return err
		}
		c.Data = abs
	}
	return nil
}

func (t *Training) check(name string) error {
	if t.LaterEpochs < 1 || !(t.LaterLR >= 0) {
		return fmt.Errorf("-%s-later-epochs %d, -%s-later-lr %v: expected at least 1 and 0", name,
			t.LaterEpochs, name, t.LaterLR)
	}
	return t.Training.Check(name)
}

// Steps are the snapshots for data of so many classes.
func (c *Config) Steps(classes int) []Step {
	if c.Scenario == "I" {
		return Volumes(classes, c.Volumes...)
	}
	labels := c.Counts
	if labels == nil {
		labels = LabelCounts(classes)
	}
	steps := Labels(labels...)
	if c.LateMore > 0 {
		for i := range steps {
			steps[i].Volume = 1 - c.LateMore
		}
		steps = append(steps, Step{Volume: 1, Classes: labels[len(labels)-1]})
	}
	return steps
}
