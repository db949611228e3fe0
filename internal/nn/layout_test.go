package nn_test

import (
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"pgregory.net/rapid"
)

func TestLayouts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := rapid.SliceOfN(rapid.IntRange(1, 4), 4, 4).Draw(rt, "dims")
		o, i, kh, kw := d[0], d[1], d[2], d[3]
		src := make([]float32, o*i*kh*kw)
		for k := range src {
			src[k] = float32(k)
		}
		hwio := nn.ToHWIO(src, o, i, kh, kw)
		for a := range o {
			for b := range i {
				for y := range kh {
					for x := range kw {
						if got, want := hwio[((y*kw+x)*i+b)*o+a], src[((a*i+b)*kh+y)*kw+x]; got != want {
							rt.Fatalf("element (%d, %d, %d, %d) is %g, expected %g", a, b, y, x, got, want)
						}
					}
				}
			}
		}
		if !slices.Equal(nn.ToOIHW(hwio, o, i, kh, kw), src) {
			rt.Fatal("not inverse")
		}
	})
}
