package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// photos writes pictures of other shapes than the network's, and what it says about them.
func photos(dir string, m *supernet.Model, test dataset.Dataset) error {
	var probabilities []float32
	shapes := []image.Point{{50, 37}, {31, 90}, {test.Size(), test.Size()}, {20, 11}}
	for i, shape := range shapes {
		from, err := data.Picture(test, i%test.Len())
		if err != nil {
			return err
		}
		photo := image.NewNRGBA(image.Rectangle{Max: shape})
		for y := range shape.Y {
			for x := range shape.X { // a part of it is transparent
				c := color.NRGBAModel.Convert(from.At(x*test.Size()/shape.X, y*test.Size()/shape.Y)).(color.NRGBA)
				c.A = uint8(min(255, 120+8*x))
				photo.Set(x, y, c)
			}
		}
		var file bytes.Buffer
		if err := png.Encode(&file, photo); err != nil {
			return err
		}
		if err := checkpoint.WriteBytesAtomic(filepath.Join(dir, fmt.Sprintf("photo%d.png", i)), file.Bytes()); err != nil {
			return err
		}
		_, p, err := m.Classify(photo)
		if err != nil {
			return err
		}
		probabilities = append(probabilities, p...)
	}
	return writeNPY(filepath.Join(dir, "photos.npy"), "<f4", []int{len(shapes), m.Classes()}, probabilities)
}
