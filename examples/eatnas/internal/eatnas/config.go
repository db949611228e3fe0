package eatnas

import "github.com/tendril-nas/tendril/examples/internal/run"

// Config says what is run. Everything in it influences the result.
type Config struct {
	Data      string   `json:"data"`  // of the small task: path, or "" for the embedded images
	LargeData string   `json:"large"` // of the large one
	Seed      run.Seed `json:"seed"`
	// Baseline is what begins, or is done, in the place of transfer; "" = transfer.
	Baseline string `json:"baseline"`
	// Basic is the architecture that the large task's population is made from, in the text form of
	// the space; "" = the one that the small task finds.
	Basic    string `json:"basic"`
	Transfer bool   `json:"transfer"` // the large task too; false = the small one alone
	// Sharing leaves weights to the candidates that come later; without it each begins anew.
	Sharing bool `json:"sharing"`
	// Carry takes the small task's shared weights to the large one.
	Carry      bool `json:"carry"`
	Population int  `json:"population"`
	Sample     int  `json:"sample"` // candidates of a tournament
	Cycles     int  `json:"cycles"` // candidates after the first population
	// Tolerance of the quality at which a search has converged and ends early; 0 = never.
	Tolerance float64 `json:"tolerance"`
	Top       int     `json:"top"`      // architectures that are retrained
	Channels  int     `json:"channels"` // of the stem
	Size      int     `json:"size"`     // side of images, pixels
	ValShare  float64 `json:"val"`      // share of each class that is held out of training
	// Calibrated images give a network its batch-norm statistics before it is judged; 0 = those of
	// its training.
	Calibrated int `json:"calibration"`
	// Evaluate is how a candidate is trained, at a constant rate; Retrain how the best are, by a
	// cosine.
	Evaluate run.Training `json:"evaluate"`
	Retrain  run.Training `json:"retrain"`
	Small    Task         `json:"small"`
	Large    Task         `json:"large_task"`
}

// Task is what the two tasks differ in.
type Task struct {
	Images  int `json:"images"`  // an epoch of a candidate; 0 = all of the training part
	Judged  int `json:"judged"`  // held-out images that judge a candidate; 0 = all
	Retrain int `json:"retrain"` // images of an epoch of retraining; 0 = all of the training part
	Stride  int `json:"stride"`  // of the stem
	// MAdds bounds candidates, in millions; 0 = no bound.
	MAdds float64 `json:"madds"`
	// Target is the multiply-adds at which the score is the accuracy, in millions; 0 = the median
	// of 1000 random architectures.
	Target float64 `json:"target"`
}

// Baselines.
const (
	Scratch     = "scratch"      // a first population of random architectures
	Random      = "random"       // random search
	RandomBasic = "random-basic" // a first population made from a random architecture
	Regularized = "regularized"  // from scratch, the oldest leaves instead of the worst
)

// Default is the table behind a run without flags but those for CIFAR-10 and Tiny-ImageNet-100.
func Default() Config {
	table := run.Training{Epochs: 1, Batch: 32, LR: 0.03, WeightDecay: 3e-4, Flip: true, Crop: 4, Clip: 10}
	retrain := table
	retrain.Epochs, retrain.Batch, retrain.LR = 5, 64, 0.05
	return Config{
		Seed: 1, Transfer: true, Sharing: true, Population: 12, Sample: 4, Cycles: 30, Top: 2,
		Channels: 8, Size: 32, ValShare: 0.2, Calibrated: 500, Evaluate: table, Retrain: retrain,
		Small: Task{Images: 6000, Judged: 4000, Retrain: 20000, Stride: 2, MAdds: 15},
		Large: Task{Images: 8000, Judged: 4000, Retrain: 20000, Stride: 1, MAdds: 15},
	}
}

// embedded changes the table to the one for the images that the program carries.
func (c *Config) embedded() {
	c.Small.Images, c.Small.Judged, c.Small.Retrain = 1500, 0, 0
	c.Large.Images, c.Large.Judged, c.Large.Retrain = 1500, 0, 0
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.Population, c.Sample, c.Cycles, c.Top = 6, 3, 8, 1
	c.Retrain.Epochs, c.Calibrated = 3, 200
	for _, t := range []*Task{&c.Small, &c.Large} {
		t.Images, t.Judged, t.Retrain, t.MAdds = 1000, 300, 2000, 10
	}
}

// suit changes the table for embedded images.
func (c *Config) suit(given Config, quick bool) {
	if given.Data == "" && given.LargeData == "" && !quick {
		c.embedded()
	}
}

// hasSmall says whether there is anything to find on the small task.
func (c *Config) hasSmall() bool { return !c.Transfer || c.Baseline == "" && c.Basic == "" }
