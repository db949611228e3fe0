package dataset

import (
	"fmt"
	"image"
	"math"
	"testing"
)

// The recipe that docs/data.md gives to other software, which examples/export/classify.py is in
// Python, has the pixels of FromImage.
func TestRecipe(t *testing.T) {
	for _, c := range []struct{ w, h, size int }{{37, 23, 16}, {23, 61, 48}, {150, 131, 20}, {5, 7, 12},
		{16, 40, 16}, {12, 9, 16}, {300, 2, 8}} {
		img := noise(c.w, c.h, 8)
		at := func(y, x, ch int) float64 { return float64(img.Pix[img.PixOffset(x, y)+ch]) }
		for fit := FitCrop; fit <= FitPad; fit++ {
			got := make([]uint8, c.size*c.size*3)
			if err := FromImage(got, img, c.size, fit); err != nil {
				t.Fatal(err)
			}
			want := make([]uint8, len(got))
			height, width, top, left := c.size, c.size, 0, 0
			part := image.Rect(0, 0, c.w, c.h)
			switch longer := max(c.w, c.h); {
			case fit == FitCrop:
				side := min(c.w, c.h)
				part = image.Rect(0, 0, side, side).Add(image.Pt((c.w-side)/2, (c.h-side)/2))
			case fit == FitPad:
				height, width = c.h, c.w
				if longer > c.size {
					height, width = max(1, (c.h*c.size+longer/2)/longer), max(1, (c.w*c.size+longer/2)/longer)
				}
				top, left = (c.size-height)/2, (c.size-width)/2
			}
			rows, columns := catmullRom(part.Dy(), height), catmullRom(part.Dx(), width)
			for y, wy := range rows {
				for x, wx := range columns {
					for ch := range 3 {
						sum := 0.
						for j, a := range wy {
							for i, b := range wx {
								if a != 0 && b != 0 {
									sum += a * b * at(part.Min.Y+j, part.Min.X+i, ch)
								}
							}
						}
						v := math.Floor(min(max(sum*257+0.5, 0), 65535))
						want[((top+y)*c.size+left+x)*3+ch] = uint8(v / 256)
					}
				}
			}
			name := fmt.Sprintf("%d×%d to %d, %v", c.w, c.h, c.size, fit)
			others := 0
			for i := range got {
				switch int(got[i]) - int(want[i]) {
				case 0:
				case -1, 1: // a value between two, and another order of the sum
					others++
				default:
					t.Fatalf("%s: byte %d is %d, want %d", name, i, got[i], want[i])
				}
			}
			if others > len(got)/1000 {
				t.Errorf("%s: %d bytes of %d are others", name, others, len(got))
			}
		}
	}
}

// catmullRom is what each of n pixels in a row counts for each of size new ones.
func catmullRom(n, size int) [][]float64 {
	scale := float64(n) / float64(size)
	out := make([][]float64, size)
	for k := range out {
		centre := (float64(k)+0.5)*scale - 0.5
		sum := 0.
		row := make([]float64, n)
		for i := range row {
			switch t := math.Abs(centre-float64(i)) / max(scale, 1); {
			case t < 1:
				row[i] = (1.5*t-2.5)*t*t + 1
			case t < 2:
				row[i] = ((-0.5*t+2.5)*t-4)*t + 2
			}
			sum += row[i]
		}
		for i := range row {
			row[i] /= sum
		}
		out[k] = row
	}
	return out
}
