package eas

import "github.com/tendril-nas/tendril/examples/internal/run"

// Config says what is run. Everything in it influences the result, but for Query and Extract.
type Config struct {
	Data         string   `json:"data"`         // path, or "" for the embedded images
	Superclasses string   `json:"superclasses"` // file of them; "" = those that the program knows for the data
	Latency      string   `json:"latency"`      // file of a latency table; "" = budgets are multiply-adds
	Seed         run.Seed `json:"seed"`
	Methods      []string `json:"methods"` // what finds architectures, see methods
	// Drop is the rate at which a sample's other superclasses leave the softmax.
	Drop float64 `json:"drop"`
	// Budgets in millions of multiply-adds, or in milliseconds; none = BudgetParts of the range.
	Budgets []float64 `json:"budgets"`
	Width   float64   `json:"width"`  // multiplier
	Stride  int       `json:"stride"` // of the stem
	Size    int       `json:"size"`   // side of images, pixels
	// LearnShare and ChooseShare are the shares of each class's training images that the generator
	// learns from and that choose among architectures; the supernet learns from the others.
	LearnShare  float64 `json:"learn"`
	ChooseShare float64 `json:"choose"`
	Images      int     `json:"images"` // an epoch of the supernet; 0 = all that are its
	Tested      int     `json:"tested"` // test images; 0 = all
	// Calibrated images give a network its batch-norm statistics before it is judged.
	Calibrated int `json:"calibration"`
	// Supernet is how the supernet is trained: for so many epochs its largest network, which then
	// teaches the others for as many, in the phases of progressive shrinking.
	Supernet  run.Training `json:"supernet"`
	TeacherLR float64      `json:"teacher_lr"` // peak rate of the largest network
	Generator Generator    `json:"generator"`
	// Samples is the number of architectures for a scenario among which the images that are held
	// back for it choose.
	Samples int `json:"samples"`
	// Headroom is the number of architectures of each budget that say what there is to be found;
	// 0 = nothing is said.
	Headroom int `json:"headroom"`
	OFA      OFA `json:"ofa"`

	Query   string `json:"-"` // scenarios to answer; "" = none
	Extract string `json:"-"` // folder for the networks of the answers; "" = none
}

// Generator is how a generator learns.
type Generator struct {
	Steps  int     `json:"steps"`
	Batch  int     `json:"batch"`
	LR     float64 `json:"lr"`
	Lambda float64 `json:"lambda"` // weight of the cost
}

// OFA is the size of a search by a predictor of accuracies.
type OFA struct {
	Archs       int `json:"archs"` // measured for the predictor
	Population  int `json:"population"`
	Generations int `json:"generations"`
}

// Methods.
const (
	EAS       = "eas"       // the generator, the best of several that it draws
	EASOne    = "eas-one"   // its most probable architecture
	MultiPath = "multipath" // the same with a softmax over candidates
	EASV      = "eas-v"     // the same for all superclasses together
	OFAT      = "ofa-t"     // evolution by a predictor, for each superclass
	OFAV      = "ofa-v"     // the same for all superclasses together
	RandomOne = "random"    // one architecture drawn for each scenario
	RandomN   = "random-n"  // the best of as many as the other methods choose from
)

// Methods are all methods, in the order of reports.
func Methods() []string {
	return []string{EAS, EASOne, MultiPath, EASV, OFAT, OFAV, RandomN, RandomOne}
}

// BudgetParts are the budgets of a run without -budgets, as parts of the range from the cheapest to
// the dearest network.
func BudgetParts() []float64 { return []float64{0.15, 0.3, 0.45, 0.6} }

// leastUse is the part of its budget that an architecture needs at least, where there is a choice.
const leastUse = 0.9

// Default is the table behind a run without flags but those for Tiny ImageNet.
func Default() Config {
	net := run.Training{Epochs: 7, Batch: 64, LR: 0.05, WeightDecay: 3e-5, LabelSmoothing: 0.1, Flip: true,
		Crop: 4, Clip: 10}
	return Config{
		Seed: 1, Methods: Methods(), Drop: 0.6, Width: 0.35, Stride: 1, Size: 32, LearnShare: 0.1, ChooseShare: 0.1,
		Calibrated: 500, Supernet: net, TeacherLR: 0.1,
		Generator: Generator{Steps: 1500, Batch: 128, LR: 1e-3, Lambda: 1}, Samples: 8,
		OFA: OFA{Archs: 200, Population: 100, Generations: 50},
	}
}

// embedded changes the table to the one for the images that the program carries.
func (c *Config) embedded() {
	c.Width, c.Stride, c.Size = 0.25, 2, 28
	c.Calibrated, c.Generator.Steps = 300, 600
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.embedded()
	c.Images, c.Tested, c.Calibrated, c.Samples = 2500, 300, 100, 3
	c.Supernet.Epochs, c.Supernet.Batch = 5, 32
	c.Generator.Steps, c.Generator.Batch = 100, 64
	c.OFA = OFA{Archs: 20, Population: 20, Generations: 10}
	c.Headroom = 4
}

// suit changes the table for embedded images.
func (c *Config) suit(given Config, quick bool) {
	if given.Data == "" && !quick {
		c.embedded()
	}
}
