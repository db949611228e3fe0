package main

import (
	"fmt"
	"log/slog"
	"math"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// inherit says where the weights come from that a new architecture is trained from.
type inherit string

const (
	fromServing  inherit = "serving"  // the serving model, morphed; what it has not, the supernet
	fromSupernet inherit = "supernet" // the supernet
	fromNothing  inherit = "none"     // nowhere: initial weights
)

// Config sets a Service up.
type Config struct {
	Space searchspace.MobileNetV3Options // Classes follow the data
	// Pretrained begins with EfficientNet-Lite0 and its ImageNet weights, in the space around it.
	// Of Space only the size of images counts then.
	Pretrained bool
	HeldOut    float64 // share of the images that is held out to judge on
	MaxImages  int     // images kept; 0 = all
	Seed       uint64  // of everything random

	Supernet     supernet.TrainOptions // each time the supernet is fine-tuned
	Sandwich     int                   // random sub-networks in its steps, beside the largest and smallest
	Retrain      supernet.TrainOptions // each time a model is trained for service
	Inherited    float64               // pretrained: factor of its rates for inherited weights
	Inherit      inherit               // where that training starts
	Distill      float64               // weight of the serving model as a teacher of both; 0 = no teacher
	KeepTraining bool                  // train on where the architecture is kept

	Condition adjuster.Condition // when to adjust
	Adjuster  adjuster.Options   // how to search
	Trial     float64            // share of Retrain that finalists are trained for; 0 = none
	Compare   bool               // swap only for what does better than the serving one, trained as long
	Margin    adjuster.Margin    // how much better

	Log *slog.Logger // nil = silent

	wrote func() // called after every write to the state directory: where tests kill
}

// fixed are the settings that a service has for life.
func (c *Config) fixed() any {
	return struct {
		Space      searchspace.MobileNetV3Options `json:"space"`
		Pretrained bool                           `json:"pretrained"`
		HeldOut    float64                        `json:"held_out"`
		Seed       uint64                         `json:"seed"`
	}{c.Space, c.Pretrained, c.HeldOut, c.Seed}
}

func (c *Config) check() error {
	switch c.Inherit {
	case fromServing, fromSupernet, fromNothing:
	default:
		return fmt.Errorf("inherit %q, expected %s, %s or %s", c.Inherit, fromServing, fromSupernet,
			fromNothing)
	}
	switch {
	case c.Space.InputSize < 1:
		return fmt.Errorf("images of %d pixels, expected 1 or more", c.Space.InputSize)
	case !(c.HeldOut > 0 && c.HeldOut < 1):
		return fmt.Errorf("held-out share %v, expected above 0 and below 1", c.HeldOut)
	case c.MaxImages < 0 || c.Sandwich < 0 || !(c.Distill >= 0) || !(c.Trial >= 0 && c.Trial <= 1):
		return fmt.Errorf("at most %d images, %d random sub-networks, distillation %v, trial %v: "+
			"expected 0 or more, and a trial of at most 1", c.MaxImages, c.Sandwich, c.Distill, c.Trial)
	case !(c.Inherited >= 0 && c.Inherited <= 1):
		return fmt.Errorf("factor %v for inherited weights, expected 0 to 1", c.Inherited)
	}
	return nil
}

// space is that of the config for some classes.
func (c *Config) space(classes []string) (*searchspace.Space, error) {
	if c.Pretrained {
		space, _, err := lite0.Space(c.Space.InputSize, len(classes), nil)
		return space, err
	}
	o := c.Space
	o.Classes = len(classes)
	return searchspace.MobileNetV3(o)
}

// start is the architecture that serves first.
func (c *Config) start(space *searchspace.Space) (searchspace.Arch, error) {
	if !c.Pretrained {
		return space.Smallest(), nil
	}
	_, a, err := lite0.Space(space.InputSize(), space.Classes(), nil)
	return a, err
}

// network are the options of a network for some classes; those of one that is read are in its file.
// Networks do not log: they would warn of new classes, which are what a service expects.
func (c *Config) network(classes []string) *supernet.Options {
	o := &supernet.Options{Seed: c.Seed, Classes: classes}
	if c.Pretrained {
		o.Normalization = lite0.Normalization()
	}
	return o
}

// kept are the options of one of the two parts of the images, a share of all.
func (c *Config) kept(share float64) *dataset.GrowingOptions {
	return &dataset.GrowingOptions{MaxImages: int(math.Ceil(share * float64(c.MaxImages))), Seed: c.Seed}
}

// tar are the options of reading a batch that was sent.
func (c *Config) tar() *dataset.Options {
	return &dataset.Options{Size: c.Space.InputSize, MaxBytes: maxBatch, MaxPixels: maxPixels}
}
