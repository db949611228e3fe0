package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// strokes is images of bars of four classes, in two superclasses: upright and lying ones.
func strokes(n int, seed uint64) dataset.Dataset {
	plain := bars(n, seed)
	names := []string{"upright even", "upright odd", "lying even", "lying odd"}
	size := plain.Size()
	pixels, labels := make([]uint8, 0, n*size*size*3), make([]int, n)
	image := make([]uint8, size*size*3)
	for i := range n {
		if err := plain.Image(i, image); err != nil {
			log.Fatal(err)
		}
		pixels = append(pixels, image...)
		labels[i] = 2*plain.Label(i) + i/2%2
	}
	ds, err := dataset.FromPixels(size, names, labels, pixels)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// A supernet is trained by progressive shrinking, with superclasses that leave the softmax at
// random. Then architectures are judged on one superclass at a time, with its logits alone; the
// model of a superclass has its classes alone.
func ExampleNet_Shrink() {
	ctx := context.Background()
	space, err := small().WithClasses(4)
	if err != nil {
		log.Fatal(err)
	}
	net, err := supernet.New(space, nil)
	if err != nil {
		log.Fatal(err)
	}
	train, val := strokes(32, 1), strokes(40, 2)
	superclasses := map[string][]int{"upright": {0, 1}, "lying": {2, 3}}
	masks, err := supernet.SuperclassDropout([]int{0, 0, 1, 1}, 0.6, 1)
	if err != nil {
		log.Fatal(err)
	}
	options := supernet.ShrinkTraining()
	options.Epochs, options.BatchSize, options.LR, options.Masks = 5, 16, 0.01, masks
	result, err := net.Shrink(ctx, train, &supernet.ShrinkOptions{Train: options})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range result.Phases {
		fmt.Printf("%-8s %d epochs, %d sub-networks a step\n", p.Name, p.Result.Epochs, p.Subnets)
	}
	judge, err := net.On(val, &supernet.EvalOptions{Calibration: train})
	if err != nil {
		log.Fatal(err)
	}
	for _, arch := range []searchspace.Arch{space.Smallest(), space.Largest()} {
		for _, name := range []string{"upright", "lying"} {
			among, err := judge.Among(superclasses[name]...)
			if err != nil {
				log.Fatal(err)
			}
			m, err := among.Evaluate(ctx, arch)
			if err != nil {
				log.Fatal(err)
			}
			model, err := among.Extract(ctx, arch)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(m.Samples, "images of", model.ClassNames())
		}
	}
	// Output:
	// full     5 epochs, 1 sub-networks a step
	// kernel   1 epochs, 1 sub-networks a step
	// depth    2 epochs, 2 sub-networks a step
	// width 1  1 epochs, 4 sub-networks a step
	// width 2  1 epochs, 4 sub-networks a step
	// 20 images of [upright even upright odd]
	// 20 images of [lying even lying odd]
	// 20 images of [upright even upright odd]
	// 20 images of [lying even lying odd]
}
