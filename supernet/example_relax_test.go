package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// A relaxed architecture has a number for every choice. Its loss has a gradient, and so has its
// cost: both can be lowered together, here by steps against the gradient.
func ExampleNet_Relax() {
	ctx := context.Background()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2, Depths: []int{1, 2}, Dropout: -1})
	if err != nil {
		log.Fatal(err)
	}
	net, err := supernet.New(space, &supernet.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	relaxation, err := net.Relax(space)
	if err != nil {
		log.Fatal(err)
	}
	loss, err := relaxation.On(bars(64, 2), nil)
	if err != nil {
		log.Fatal(err)
	}

	rows := space.Zeros() // every choice in equal parts
	for _, row := range rows {
		for c := range row {
			row[c] = 1 / float64(len(row))
		}
	}
	images := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	var first, last float64
	for step := range 10 {
		value, gradient, err := loss.Gradient(ctx, rows, images)
		if err != nil {
			log.Fatal(err)
		}
		if last = value; step == 0 {
			first = value
		}
		for d, row := range gradient {
			for c, slope := range row {
				rows[d][c] -= 0.1 * slope
			}
		}
	}
	fmt.Println(len(rows), "rows, lower loss:", last < first)
	// Output: 25 rows, lower loss: true
}
