package supernet_test

import (
	"context"
	"fmt"
	"image"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// bars makes noisy images of one bright bar, upright or lying.
func bars(n int, seed uint64) dataset.Dataset {
	const size = 16
	pixels := make([]uint8, n*size*size)
	labels := make([]int, n)
	for i := range n {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		labels[i] = i % 2
		at, wide := 1+r.IntN(12), 1+r.IntN(3)
		for p := range size * size {
			across := p % size
			if labels[i] == 1 {
				across = p / size
			}
			v := r.IntN(60)
			if across >= at && across < at+wide {
				v += 150
			}
			pixels[i*size*size+p] = uint8(v)
		}
	}
	ds, err := dataset.FromPixels(size, []string{"upright", "lying"}, labels, pixels)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// A supernet is trained once; then any of its sub-networks can be judged, extracted, trained
// further and used.
func Example() {
	ctx := context.Background()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2, Depths: []int{1, 2}, Dropout: -1})
	if err != nil {
		log.Fatal(err)
	}
	train, val := bars(128, 1), bars(64, 2)
	net, err := supernet.New(space, &supernet.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := net.Train(ctx, train, &supernet.TrainOptions{Epochs: 6, BatchSize: 16, LR: 0.05, Subnets: supernet.SubnetOptions{StepsPerDraw: 1}}); err != nil {
		log.Fatal(err)
	}
	judge, err := net.On(val, &supernet.EvalOptions{Calibration: train})
	if err != nil {
		log.Fatal(err)
	}
	m, err := judge.Evaluate(ctx, space.Smallest())
	if err != nil {
		log.Fatal(err)
	}
	model, err := judge.Extract(ctx, space.Smallest())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := model.Train(ctx, train, &supernet.TrainOptions{Epochs: 12, BatchSize: 16, LR: 0.05}); err != nil {
		log.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, 64, 64)) // any size will do
	for y := range 64 {
		for x := 28; x < 36; x++ {
			img.Pix[img.PixOffset(x, y)] = 255
		}
	}
	label, _, err := model.Classify(img)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("inherited weights beat chance:", m.Accuracy > 0.6)
	fmt.Println("an upright bar is", val.Classes()[label])
	// Output:
	// inherited weights beat chance: true
	// an upright bar is upright
}

// When the label space grows, what was learnt about the old classes stays, and so do their numbers.
func ExampleModel_GrowClasses() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2})
	if err != nil {
		log.Fatal(err)
	}
	model, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Classes: []string{"cat", "dog"}})
	if err != nil {
		log.Fatal(err)
	}
	before := model.Params()
	// The classes of a data set with one more, in its own order.
	if err := model.GrowClasses(context.Background(), "ant", "cat", "dog"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.ClassNames())
	fmt.Println("1 more, times", model.FeatureLen(), "features and a bias:", model.Params()-before, "parameters")
	// Output:
	// [cat dog ant]
	// 1 more, times 320 features and a bias: 321 parameters
}

// A model without class names grows by number.
func ExampleUnnamed() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2})
	if err != nil {
		log.Fatal(err)
	}
	model, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := model.GrowClasses(context.Background(), supernet.Unnamed(5)...); err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Classes(), "classes, names known:", model.ClassNames() != nil)
	// Output:
	// 5 classes, names known: false
}

// A model for some of the classes keeps what it knows about them.
func ExampleModel_WithClasses() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, StemStride: 1, Classes: 3})
	if err != nil {
		log.Fatal(err)
	}
	model, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Classes: []string{"cat", "dog", "eel"}})
	if err != nil {
		log.Fatal(err)
	}
	other, err := model.WithClasses(context.Background(), "eel", "fox")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.ClassNames(), other.ClassNames())
	// Output:
	// [cat dog eel] [eel fox]
}

// A model is one file.
func ExampleLoadModel() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2})
	if err != nil {
		log.Fatal(err)
	}
	model, err := supernet.NewModel(space, space.Largest(), &supernet.Options{Seed: 3})
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tendril")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := model.Save(context.Background(), path); err != nil {
		log.Fatal(err)
	}
	loaded, err := supernet.LoadModel(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same architecture:", loaded.Arch() == model.Arch())
	fmt.Println("layers:", len(loaded.Graph().Layers()))
	// Output:
	// same architecture: true
	// layers: 154
}

// A training that was interrupted goes on where its checkpoint says.
func ExampleNet_Train() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, Classes: 2, Depths: []int{1, 2}})
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tendril")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	options := &supernet.TrainOptions{Epochs: 2, BatchSize: 16, LR: 0.05, Checkpoint: filepath.Join(dir, "training")}

	ctx, stop := context.WithCancel(context.Background())
	options.Recorder = supernet.RecorderFunc(func(p supernet.Progress) error {
		if p.Step == 3 {
			stop()
		}
		return nil
	})
	for range 2 {
		net, err := supernet.New(space, &supernet.Options{Seed: 1})
		if err != nil {
			log.Fatal(err)
		}
		res, err := net.Train(ctx, bars(64, 1), options)
		fmt.Println("resumed:", res.Resumed, "steps:", res.Steps, "status:", res.Status, "error:", err)
		ctx = context.Background()
	}
	// Output:
	// resumed: false steps: 3 status: cancelled error: supernet: train: training stopped at step 3 of 8: context canceled
	// resumed: true steps: 8 status: finished error: <nil>
}

// Sub-networks are judged with inherited weights; a Judge remembers what it measured while the
// weights stay.
func ExampleJudge_Evaluate() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, Classes: 2, Depths: []int{1, 2}})
	if err != nil {
		log.Fatal(err)
	}
	net, err := supernet.New(space, nil)
	if err != nil {
		log.Fatal(err)
	}
	net.SetStage(1) // the first snapshot of the data
	judge, err := net.On(bars(20, 2), &supernet.EvalOptions{Calibration: bars(50, 1)})
	if err != nil {
		log.Fatal(err)
	}
	m, err := judge.Evaluate(context.Background(), space.Smallest())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("images:", m.Samples, "stage:", m.Stage, "weight version:", m.WeightVersion, "recalibrated:", m.Recalibrated)
	// Output:
	// images: 20 stage: 1 weight version: 0 recalibrated: true
}
