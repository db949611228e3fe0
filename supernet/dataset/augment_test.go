package dataset

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/internal/stream"
)

// pixels agrees with the definition, pixel by pixel, for every change.
func TestChangePixels(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 9).Draw(rt, "size")
		channels := rapid.SampledFrom([]int{1, 3}).Draw(rt, "channels")
		c := change{
			dx:   rapid.IntRange(-12, 12).Draw(rt, "dx"),
			dy:   rapid.IntRange(-12, 12).Draw(rt, "dy"),
			flip: rapid.Bool().Draw(rt, "flip"),
		}
		src := rapid.SliceOfN(rapid.Byte(), size*size*channels, size*size*channels).Draw(rt, "src")
		dst := bytes.Repeat([]byte{0xaa}, len(src))
		c.pixels(dst, src, size, channels)
		for y := range size {
			for x := range size {
				from := x
				if c.flip {
					from = size - 1 - x
				}
				sx, sy := from+c.dx, y+c.dy
				for k := range channels {
					want := byte(0)
					if sx >= 0 && sx < size && sy >= 0 && sy < size {
						want = src[(sy*size+sx)*channels+k]
					}
					if got := dst[(y*size+x)*channels+k]; got != want {
						rt.Fatalf("pixel (%d, %d) channel %d: %d, want %d", x, y, k, got, want)
					}
				}
			}
		}
	})
}

// Offsets are uniform, flips are fair, the cutout has its size and place.
func TestDraw(t *testing.T) {
	const n, size = 20000, 16
	a := &Augment{CropPadding: 2, Flip: true, Cutout: 5}
	r := rand.New(rand.NewPCG(1, 2))
	var offsets [5][5]int
	flips, inside := 0, 0
	for range n {
		c := a.draw(r, size)
		offsets[c.dy+2][c.dx+2]++
		if c.flip {
			flips++
		}
		w, h := c.x1-c.x0, c.y1-c.y0
		if w < 3 || w > 5 || h < 3 || h > 5 || c.x0 < 0 || c.y0 < 0 || c.x1 > size || c.y1 > size {
			t.Fatalf("cutout %+v", c)
		}
		if w == 5 && h == 5 {
			inside++
		}
	}
	near := func(name string, got int, p float64) {
		mean := p * n
		if d := float64(got) - mean; d*d > 25*mean*(1-p) { // five standard deviations
			t.Errorf("%s: %d of %d, want about %.0f", name, got, n, mean)
		}
	}
	for _, row := range offsets {
		for _, k := range row {
			near("offset", k, 1.0/25)
		}
	}
	near("flips", flips, 0.5)
	near("whole cutouts", inside, 12.0*12/(16*16))
}

// The view Augmented changes each image once and for all by its own stream.
func TestAugmented(t *testing.T) {
	base := grid(t, 12, 8, 2)
	a := Augment{CropPadding: 3, Flip: true, Cutout: 4}
	ds := must(t)(Augmented(base, a, 5))
	again := must(t)(Augmented(base, a, 5))
	other := must(t)(Augmented(base, a, 6))
	same(t, again, ds)
	differ := 0
	for i := range ds.Len() {
		c := a.draw(stream.New(5, "dataset.augmented", uint64(i)), 8)
		want := make([]uint8, 8*8*3)
		c.pixels(want, imageOf(t, base, i), 8, 3)
		for y := c.y0; y < c.y1; y++ {
			for x := c.x0; x < c.x1; x++ {
				for k := range 3 {
					want[(y*8+x)*3+k] = 0
				}
			}
		}
		if !bytes.Equal(imageOf(t, ds, i), want) {
			t.Errorf("image %d: other pixels", i)
		}
		if !bytes.Equal(imageOf(t, ds, i), imageOf(t, other, i)) {
			differ++
		}
	}
	if differ < 10 {
		t.Errorf("another seed changed %d of 12 images", differ)
	}
	if err := ds.Image(0, make([]uint8, 1)); err == nil {
		t.Error("short buffer accepted")
	}
	if _, err := Augmented(base, Augment{CropPadding: -1}, 0); err == nil {
		t.Error("negative padding accepted")
	}
}
