package run

import (
	"flag"
	"fmt"

	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Training is the table of one kind of training: SGD with momentum 0.9 and a cosine to zero.
// Numbers mean what they say: 0 is no weight decay, not a default.
type Training struct {
	Epochs         int     `json:"epochs"`
	MinSteps       int     `json:"min_steps"` // few images get more epochs, until there are this many steps
	Batch          int     `json:"batch"`
	LR             float64 `json:"lr"` // at the peak
	WeightDecay    float64 `json:"weight_decay"`
	LabelSmoothing float64 `json:"label_smoothing"`
	Crop           int     `json:"crop"` // padding of the random crop, pixels
	Flip           bool    `json:"flip"`
	Cutout         int     `json:"cutout"` // side of the erased square, pixels
	// batches per draw of a supernet; 0 = the library's default
	StepsPerArch int     `json:"steps_per_arch"`
	Clip         float64 `json:"clip"` // bound on the norm of the gradient; 0 = none
}

// Bind adds the flags -NAME-epochs and so on; the present values are the defaults.
func (t *Training) Bind(fs *flag.FlagSet, name string) {
	fs.IntVar(&t.Epochs, name+"-epochs", t.Epochs, "epochs of "+name+" training")
	fs.IntVar(&t.MinSteps, name+"-steps", t.MinSteps,
		"fewest steps of "+name+" training: few images get more epochs")
	fs.IntVar(&t.Batch, name+"-batch", t.Batch, "batch size of "+name+" training")
	fs.Float64Var(&t.LR, name+"-lr", t.LR, "peak learning rate of "+name+" training")
	fs.Float64Var(&t.WeightDecay, name+"-decay", t.WeightDecay, "weight decay of "+name+" training")
	fs.Float64Var(&t.LabelSmoothing, name+"-smoothing", t.LabelSmoothing,
		"label smoothing of "+name+" training")
	fs.IntVar(&t.Crop, name+"-crop", t.Crop, "padding of the random crop in "+name+" training, pixels")
	fs.BoolVar(&t.Flip, name+"-flip", t.Flip, "random mirror images in "+name+" training")
	fs.Float64Var(&t.Clip, name+"-clip", t.Clip, "bound on the norm of the gradient in "+name+" training (0: none)")
	fs.IntVar(&t.Cutout, name+"-cutout", t.Cutout, "side of the square erased in "+name+" training, pixels")
}

// Check reports the first number that makes no sense, by the name of its flag.
func (t *Training) Check(name string) error {
	for _, n := range []struct {
		flag  string
		value float64
		ok    bool
		want  string
	}{
		{"epochs", float64(t.Epochs), t.Epochs >= 1, "at least 1"},
		{"steps", float64(t.MinSteps), t.MinSteps >= 0, "at least 0"},
		{"batch", float64(t.Batch), t.Batch >= 2, "at least 2"},
		{"lr", t.LR, t.LR > 0 && t.LR <= 1e3, "above 0 and at most 1000"},
		{"decay", t.WeightDecay, t.WeightDecay >= 0 && t.WeightDecay < 1, "from 0 to below 1"},
		{"smoothing", t.LabelSmoothing, t.LabelSmoothing >= 0 && t.LabelSmoothing < 1, "from 0 to below 1"},
		{"crop", float64(t.Crop), t.Crop >= 0 && t.Crop <= 4096, "0 to 4096"},
		{"cutout", float64(t.Cutout), t.Cutout >= 0 && t.Cutout <= 4096, "0 to 4096"},
		{"clip", t.Clip, t.Clip >= 0, "at least 0"},
	} {
		if !n.ok {
			return fmt.Errorf("-%s-%s %v: expected %s", name, n.flag, n.value, n.want)
		}
	}
	return nil
}

// Plan is how long training on so many images takes.
func (t *Training) Plan(images int) (epochs, stepsPerEpoch int) {
	stepsPerEpoch = max(1, images/t.Batch)
	return max(t.Epochs, (t.MinSteps+stepsPerEpoch-1)/stepsPerEpoch), stepsPerEpoch
}

// Options are those of training on so many images.
func (t *Training) Options(images int, seed uint64) *supernet.TrainOptions {
	epochs, _ := t.Plan(images)
	o := &supernet.TrainOptions{
		Epochs: epochs, BatchSize: t.Batch, LR: t.LR, WeightDecay: OrNone(t.WeightDecay),
		LabelSmoothing: t.LabelSmoothing, ClipNorm: t.Clip, Subnets: supernet.SubnetOptions{StepsPerDraw: t.StepsPerArch},
		Seed: seed,
	}
	if t.Crop > 0 || t.Flip || t.Cutout > 0 {
		o.Augment = &dataset.Augment{CropPadding: t.Crop, Flip: t.Flip, Cutout: t.Cutout}
	}
	return o
}

// TrainOptions are those of training on so many images as part of a phase: it goes on from its
// checkpoint after an interruption, and is shown as it goes under a title.
func (j *Job) TrainOptions(t *Training, images int, seed uint64, phase,
	title string) (*supernet.TrainOptions, error) {
	if err := j.Begin(); err != nil {
		return nil, err
	}
	o := t.Options(images, seed)
	_, perEpoch := t.Plan(images)
	o.Checkpoint, o.CheckpointEvery = j.Scratch(phase), max(perEpoch, 50)
	shown := j.Out.Phase(title, o.Epochs*perEpoch)
	o.Recorder = supernet.RecorderFunc(func(p supernet.Progress) error {
		if p.Phase == supernet.PhaseTrain {
			shown.Set(p.Step, fmt.Sprintf("epoch %d/%d loss %.3f", p.Epoch+1, p.Epochs, p.Loss))
		}
		return nil
	})
	return o, nil
}

// OrNone says "none" where the zero of an option means its default.
func OrNone(v float64) float64 {
	if v == 0 {
		return -1
	}
	return v
}
