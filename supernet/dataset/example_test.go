package dataset_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// stripes is a set of eight 4×4 images in two classes.
func stripes() *dataset.Memory {
	pixels := make([]uint8, 8*4*4*3)
	for i := range pixels {
		pixels[i] = uint8(i / 3)
	}
	ds, err := dataset.FromPixels(4, []string{"cat", "dog"}, []int{0, 1, 0, 1, 0, 1, 0, 1}, pixels)
	if err != nil {
		panic(err) // the literals above fit
	}
	return ds
}

// A folder per class is all it takes.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "pets")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"cat/tom.png", "cat/kitty.png", "dog/rex.png"} {
		if err := writePicture(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			fmt.Println(err)
			return
		}
	}
	ds, err := dataset.Open(context.Background(), dir, &dataset.Options{Size: 32})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ds.Len(), "images of", ds.Size(), "pixels,", ds.Classes(), dataset.Count(ds))
	// Output: 3 images of 32 pixels, [cat dog] [2 1]
}

// Images of a view know their files, so that what a network gets wrong can be looked at.
func ExampleSource() {
	dir, err := os.MkdirTemp("", "pets")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"cat/tom.png", "cat/kitty.png", "dog/rex.png"} {
		if err := writePicture(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			fmt.Println(err)
			return
		}
	}
	ds, err := dataset.Open(context.Background(), dir, &dataset.Options{Size: 32})
	if err != nil {
		fmt.Println(err)
		return
	}
	dogs, err := dataset.KeepClasses(ds, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(filepath.Base(dataset.Source(dogs, 0)))
	// Output: rex.png
}

func writePicture(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	img := image.NewGray(image.Rect(0, 0, 64, 48))
	img.SetGray(10, 10, color.Gray{Y: 255})
	return png.Encode(f, img)
}

// One epoch of shuffled, augmented batches.
func ExampleBatches() {
	options := dataset.LoaderOptions{
		BatchSize: 3,
		Shuffle:   true,
		Seed:      1,
		Augment:   &dataset.Augment{CropPadding: 1, Flip: true},
	}
	for batch, err := range dataset.Batches(context.Background(), stripes(), options) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(batch.N, "images,", len(batch.X), "values")
	}
	// Output:
	// 3 images, 144 values
	// 3 images, 144 values
	// 2 images, 96 values
}

// A growing volume of data: each fraction contains the one before.
func ExampleFraction() {
	for _, f := range []float64{0.25, 0.5, 1} {
		part, err := dataset.Fraction(stripes(), f, 7)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(part.Len(), dataset.Count(part))
	}
	// Output:
	// 2 [1 1]
	// 4 [2 2]
	// 8 [4 4]
}

// A growing label space: the classes that have been seen so far.
func ExampleByClass() {
	first, err := dataset.ByClass(stripes(), 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	both, err := dataset.ByClass(stripes(), 1, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(first.Classes(), first.Len())
	fmt.Println(both.Classes(), both.Len())
	// Output:
	// [dog] 4
	// [dog cat] 8
}

// Validation images set apart, a quarter of each class.
func ExampleSplit() {
	val, train, err := dataset.Split(stripes(), 0.25, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dataset.Count(val), dataset.Count(train))
	// Output: [1 1] [3 3]
}

// The statistics that Batches normalises with, measured on the training set.
func ExampleMeasure() {
	n, err := dataset.Measure(context.Background(), stripes())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f ± %.4f\n", n.Mean[0], n.Std[0])
	// Output: 0.2490 ± 0.1449
}

// Classes that are known keep their numbers when data with others arrive.
func ExampleMergeClasses() {
	known := []string{"cat", "dog"}
	all, err := dataset.MergeClasses(known, []string{"ant", "cat", "dog", "eel"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all)
	// Output: [cat dog ant eel]
}

// A folder numbers its classes by name, unless some are known.
func ExampleOptions_knownClasses() {
	dir, err := os.MkdirTemp("", "pets")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"ant/adam.png", "cat/tom.png", "dog/rex.png"} {
		if err := writePicture(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			fmt.Println(err)
			return
		}
	}
	ds, err := dataset.Open(context.Background(), dir, &dataset.Options{KnownClasses: []string{"cat", "dog", "eel"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ds.Classes(), dataset.Count(ds))
	// Output: [cat dog eel ant] [1 1 0 1]
}

// Images read from folders are in the order of their classes; ranges of a shuffled set have some of
// all.
func ExampleShuffle() {
	sorted, err := dataset.Subset(stripes(), []int{0, 2, 4, 6, 1, 3, 5, 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	mixed, err := dataset.Shuffle(sorted, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ds := range []dataset.Dataset{sorted, mixed} {
		var names []string
		for i := range ds.Len() {
			names = append(names, ds.Classes()[ds.Label(i)])
		}
		fmt.Println(names)
	}
	// Output:
	// [cat cat cat cat dog dog dog dog]
	// [dog dog cat cat dog dog cat cat]
}

// Images that come in over time: classes that nobody announced get the next numbers, a bound makes
// room, and a folder keeps what is there over restarts.
func ExampleGrowing() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "pets")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	pets, err := dataset.NewGrowing(4, &dataset.GrowingOptions{MaxImages: 6})
	if err != nil {
		fmt.Println(err)
		return
	}
	eels, err := dataset.FromPixels(4, []string{"eel", "dog"}, []int{0, 0, 1}, make([]uint8, 3*4*4))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, batch := range []dataset.Dataset{stripes(), eels} {
		if err := pets.Append(ctx, batch); err != nil {
			fmt.Println(err)
			return
		}
		now := pets.Snapshot() // to train on; appends do not change it
		fmt.Println(now.Classes(), "seen", pets.Seen(), "kept", dataset.Count(now))
	}
	if err := pets.Save(ctx, dir); err != nil {
		fmt.Println(err)
		return
	}
	again, err := dataset.LoadGrowing(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("after a restart:", again.Snapshot().Len(), "images,", again.Snapshot().Classes())
	// Output:
	// [cat dog] seen [4 4] kept [3 3]
	// [cat dog eel] seen [4 5 2] kept [2 2 2]
	// after a restart: 6 images, [cat dog eel]
}
