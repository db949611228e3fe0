package nasoa

import (
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Config says what is run. Everything in it influences the result.
type Config struct {
	Data string   `json:"data"` // of pretraining: path, or "" for the embedded images
	More []string `json:"more"` // further data that tasks are made of; Embedded = the embedded images
	Seed run.Seed `json:"seed"`
	// From is the folder of another run, whose zoo is used; "" = a zoo is built.
	From string `json:"from"`
	// Run is Everything, Zoo or Stream.
	Run string `json:"run"`
	// Task is a data set of the user's that is answered, within Limit; "" = none.
	Task  string        `json:"task"`
	Limit time.Duration `json:"limit"`

	Size   int    `json:"size"`  // side of images, pixels
	Known  int    `json:"known"` // classes of Data for pretraining; 0 = three fifths
	Search Search `json:"search"`
	Models int    `json:"models"` // most of the zoo
	// Candidates are pretrained, and the zoo keeps the best of them; as many as Models where less.
	Candidates int          `json:"candidates"`
	Pretrain   run.Training `json:"pretrain"` // of the models of the zoo
	Tune       Tune         `json:"tune"`
	Stream     Tasks        `json:"stream"`
}

// Search is what decides the search for a zoo.
type Search struct {
	Layout     string  `json:"layout"`     // macro layout of the search over blocks, an architecture
	Channels   []int   `json:"channels"`   // choices of the stem's width
	Stride     int     `json:"stride"`     // by how much the stem shrinks images: 1, 2 or 4
	Blocks     int     `json:"blocks"`     // most blocks of a stage
	MAdds      float64 `json:"madds"`      // most millions of multiply-adds
	Step       float64 `json:"step"`       // longest step of training, milliseconds; 0 = no limit
	Population int     `json:"population"` // of NSGA-II
	Block      int     `json:"block"`      // evaluations on the block level
	Macro      int     `json:"macro"`      // evaluations on the macro level
	Images     int     `json:"images"`     // training images of an evaluation; 0 = all
	Judged     int     `json:"judged"`     // held-out images that judge one; 0 = all
	Workers    int     `json:"-"`          // evaluations at a time
	// Train is how an architecture is trained before it is judged.
	Train run.Training `json:"train"`
}

// Tune is how models are fine-tuned, beside what a regime says.
type Tune struct {
	Batch       int       `json:"batch"`
	WeightDecay float64   `json:"weight_decay"`
	Flip        bool      `json:"flip"`
	Crop        int       `json:"crop"`
	Clip        float64   `json:"clip"`
	Fall        int       `json:"fall"`   // last steps, over which the rate falls to zero
	Rates       []float64 `json:"rates"`  // of learning, among which regimes choose
	Frozen      []int     `json:"frozen"` // numbers of frozen stages, the same
	Judged      int       `json:"judged"` // test images that judge a fine-tuned model; 0 = all
}

// Tasks are those of the stream.
type Tasks struct {
	Random int `json:"random"` // tasks whose regimes are drawn
	Chosen int `json:"chosen"` // tasks behind them whose regimes the generator chooses
	// A task has 2 to Classes classes and Fewest to Most training images of each.
	Classes int `json:"classes"`
	Fewest  int `json:"fewest"`
	Most    int `json:"most"`
	// Shortest and Longest time limits, seconds.
	Shortest float64 `json:"shortest"`
	Longest  float64 `json:"longest"`
	Explore  float64 `json:"explore"` // standard errors added to what is predicted
	// Pretaught is a log of outcomes that the generator learns from first; "" = none.
	Pretaught string `json:"pretaught"`
	// Plain makes the generator the paper's.
	Plain bool `json:"plain"`
}

// Parts of the program, for Config.Run.
const (
	Everything = "everything"
	Zoo        = "zoo"
	Stream     = "stream"
)

// Embedded stands for the images that the program carries, among paths.
const Embedded = "embedded"

// Default is the table behind a run without flags but those for data.
func Default() Config {
	pretrain := run.Training{Epochs: 5, Batch: 64, LR: 0.1, WeightDecay: 3e-4, Flip: true, Crop: 4, Clip: 10}
	brief := pretrain
	brief.Epochs = 1
	return Config{
		Seed: 1, Run: Everything, Size: 32, Models: 8, Candidates: 16, Pretrain: pretrain,
		Search: Search{Layout: "0-_32_1-2-1-2", Channels: []int{16, 32, 48, 64}, Stride: 4, Blocks: 4, MAdds: 30,
			Population: 8, Block: 32, Macro: 64, Images: 30000, Judged: 3000, Workers: 2, Train: brief},
		Tune: Tune{Batch: 32, WeightDecay: 3e-4, Flip: true, Crop: 4, Clip: 10, Fall: 20,
			Rates: []float64{0.003, 0.01, 0.03, 0.1}, Frozen: []int{0, 1, 2, 3, 4}, Judged: 400},
		Stream: Tasks{Random: 60, Chosen: 40, Classes: 10, Fewest: 10, Most: 100, Shortest: 0.7, Longest: 3.5,
			Explore: 1},
	}
}

// embedded changes the table to the one for the images that the program carries.
func (c *Config) embedded() {
	c.Search.Images, c.Search.Judged, c.Search.Block, c.Search.Macro = 2000, 0, 16, 16
	c.Search.Train.Batch, c.Search.Train.LR = 32, 0.05
	c.Models, c.Candidates, c.Pretrain.Epochs = 6, 9, 8
}

// quick changes the table to the one behind -quick.
func (c *Config) quick() {
	c.Search.Population, c.Search.Block, c.Search.Macro, c.Search.Images, c.Search.Judged = 4, 6, 6, 600, 200
	c.Search.MAdds, c.Search.Train.Batch, c.Search.Train.LR = 8, 32, 0.05
	c.Models, c.Candidates, c.Pretrain.Epochs, c.Pretrain.Batch, c.Pretrain.LR = 3, 3, 2, 32, 0.05
	c.Stream.Random, c.Stream.Chosen, c.Stream.Shortest, c.Stream.Longest = 20, 8, 0.5, 1.5
	c.Tune.Judged = 200
}

// suit changes the table for embedded images.
func (c *Config) suit(given Config, quick bool) {
	if given.Data == "" && !quick {
		c.embedded()
	}
}
