package supernet_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// paint is an image of one colour.
func paint(c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

// painted is a data set of images of the colours that its classes are called by.
func painted(classes ...string) dataset.Dataset {
	const each = 8
	colours := map[string]color.RGBA{"blue": {B: 200}, "green": {G: 200}, "red": {R: 200}, "amber": {R: 200, G: 150}}
	var pixels []uint8
	var labels []int
	for label, class := range classes {
		for i := range each {
			labels = append(labels, label)
			c := colours[class]
			for range 16 * 16 {
				pixels = append(pixels, c.R+uint8(i), c.G+uint8(i), c.B+uint8(i))
			}
		}
	}
	ds, err := dataset.FromPixels(16, classes, labels, pixels)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// paintedModel knows blue, green and red.
func paintedModel() *supernet.Model {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, StemStride: 1,
		Classes: 3, Dropout: -1})
	if err != nil {
		log.Fatal(err)
	}
	model, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := model.FitClassifier(context.Background(), painted("blue", "green", "red"), nil); err != nil {
		log.Fatal(err)
	}
	return model
}

// A class that sorts before the others moves their labels, and nothing else.
func ExampleModel_Evaluate_newClass() {
	model := paintedModel()
	later := painted("amber", "blue", "green", "red")
	m, err := model.Evaluate(context.Background(), later, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Join(model.ClassNames(), ", "))
	fmt.Printf("%d of %d right, %d of a class that is not known\n", m.Correct, m.Samples, m.Unknown)
	if err := model.GrowClasses(context.Background(), later.Classes()...); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Join(model.ClassNames(), ", "))
	// Output:
	// blue, green, red
	// 24 of 32 right, 8 of a class that is not known
	// blue, green, red, amber
}

// The best answers by name.
func ExampleModel_Top() {
	model := paintedModel()
	top, err := model.Top(paint(color.RGBA{R: 205, G: 5, B: 5, A: 255}), 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(top), "answers, the best is", top[0].Name)
	// Output:
	// 2 answers, the best is red
}
