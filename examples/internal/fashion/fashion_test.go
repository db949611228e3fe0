package fashion

import (
	"fmt"
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestBalanced(t *testing.T) {
	train, test, err := Load(0)
	if err != nil {
		t.Fatal(err)
	}
	for l, n := range dataset.Count(train) {
		if n != TrainPerClass {
			t.Errorf("class %d has %d training images, want %d", l, n, TrainPerClass)
		}
	}
	for l, n := range dataset.Count(test) {
		if n != TestPerClass {
			t.Errorf("class %d has %d test images, want %d", l, n, TestPerClass)
		}
	}
}

// The files together stay under the 5 MB that the repository allows them.
func TestBytes(t *testing.T) {
	entries, err := files.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total == 0 || total >= 5_000_000 {
		t.Errorf("embedded files hold %d bytes, want some, under 5 000 000", total)
	}
}

// A padded image holds the original in its middle and black around it.
func TestPadded(t *testing.T) {
	small, _, err := Load(28)
	if err != nil {
		t.Fatal(err)
	}
	large, _, err := Load(32)
	if err != nil {
		t.Fatal(err)
	}
	a, b := make([]uint8, 28*28*3), make([]uint8, 32*32*3)
	for i := 0; i < small.Len(); i += 997 {
		if err := small.Image(i, a); err != nil {
			t.Fatal(err)
		}
		if err := large.Image(i, b); err != nil {
			t.Fatal(err)
		}
		for y := range 32 {
			for x := range 32 {
				want := uint8(0)
				if x >= 2 && x < 30 && y >= 2 && y < 30 {
					want = a[((y-2)*28+x-2)*3]
				}
				for c := range 3 {
					if got := b[(y*32+x)*3+c]; got != want {
						t.Fatalf("image %d, pixel (%d, %d), channel %d: %d, want %d", i, x, y, c, got, want)
					}
				}
			}
		}
	}
}

func TestBadSize(t *testing.T) {
	if _, _, err := Load(-1); err == nil {
		t.Error("a negative size was accepted")
	}
}

func ExampleLoad() {
	train, test, err := Load(32)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), test.Len(), train.Size(), train.Classes()[train.Label(0)])
	// Output: 8000 1500 32 Ankle boot
}
