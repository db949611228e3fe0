package dataset

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Normalization maps a byte v of channel c to (v/255 − Mean[c]) / Std[c]. The zero value stands for
// ImageNet, as in the authors' code of the five methods.
type Normalization struct {
	Mean [3]float32 `json:"mean"`
	Std  [3]float32 `json:"std"`
}

// ImageNet returns the mean and standard deviation of the ImageNet training images, the convention
// of published models.
func ImageNet() Normalization {
	return Normalization{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}}
}

// IsZero reports whether n is the zero value, which stands for ImageNet.
func (n Normalization) IsZero() bool { return n == Normalization{} }

// Check reports whether means are finite and deviations finite and positive.
func (n Normalization) Check() error {
	for c, s := range n.Std {
		if !(s > 0) || math.IsInf(float64(s), 0) || math.IsNaN(float64(n.Mean[c])) ||
			math.IsInf(float64(n.Mean[c]), 0) {
			return fmt.Errorf("dataset: normalization of channel %d: mean %v, standard deviation %v, want "+
				"finite and positive", c, n.Mean[c], s)
		}
	}
	return nil
}

// table holds the float of every byte of every channel.
type table [3][256]float32

func (n Normalization) table() *table {
	if n.IsZero() {
		n = ImageNet()
	}
	t := new(table)
	for c := range t {
		for v := range t[c] {
			t[c][v] = float32((float64(v)/255 - float64(n.Mean[c])) / float64(n.Std[c]))
		}
	}
	return t
}

// apply normalises RGB or greyscale pixels to dst, three floats a pixel.
func (t *table) apply(dst []float32, src []uint8) {
	r, g, b := &t[0], &t[1], &t[2]
	if len(src) == len(dst) {
		for len(src) >= 3 && len(dst) >= 3 {
			dst[0], dst[1], dst[2] = r[src[0]], g[src[1]], b[src[2]]
			src, dst = src[3:], dst[3:]
		}
		return
	}
	for _, v := range src {
		if len(dst) < 3 {
			return
		}
		dst[0], dst[1], dst[2] = r[v], g[v], b[v]
		dst = dst[3:]
	}
}

// Apply normalises the RGB pixels src (HWC, three bytes a pixel) to dst, which must be as long.
func (n Normalization) Apply(dst []float32, src []uint8) error {
	if len(dst) != len(src) || len(src)%3 != 0 {
		return fmt.Errorf("dataset: normalising %d bytes to %d floats, want as many, three a pixel", len(src),
			len(dst))
	}
	if !n.IsZero() {
		if err := n.Check(); err != nil {
			return err
		}
	}
	n.table().apply(dst, src)
	return nil
}

// Measure returns mean and standard deviation of the pixels of ds by channel, over all images. Sums
// are exact integers, so the result does not depend on the number of processors. A channel that
// never varies gets the standard deviation 1.
func Measure(ctx context.Context, ds Dataset) (Normalization, error) {
	type sums struct {
		sum, square [3]uint64
		err         error
	}
	if err := Check(ds); err != nil {
		return Normalization{}, err
	}
	n := ds.Len()
	if n == 0 {
		return Normalization{}, fmt.Errorf("dataset: no images to measure")
	}
	workers := min(runtime.GOMAXPROCS(0), n)
	parts := make([]sums, workers)
	var wg sync.WaitGroup
	for w := range parts {
		wg.Go(func() {
			p := &parts[w]
			defer panics(&p.err)
			buf := make([]uint8, ds.Size()*ds.Size()*3)
			for i := w; i < n; i += workers {
				if p.err = ctx.Err(); p.err != nil {
					return
				}
				if p.err = ds.Image(i, buf); p.err != nil {
					return
				}
				for j := 0; j+2 < len(buf); j += 3 {
					for c, v := range buf[j : j+3] {
						p.sum[c] += uint64(v)
						p.square[c] += uint64(v) * uint64(v)
					}
				}
			}
		})
	}
	wg.Wait()
	var total sums
	for _, p := range parts {
		if p.err != nil {
			return Normalization{}, p.err
		}
		for c := range 3 {
			total.sum[c] += p.sum[c]
			total.square[c] += p.square[c]
		}
	}
	var out Normalization
	pixels := float64(n) * float64(ds.Size()*ds.Size())
	for c := range 3 {
		mean := float64(total.sum[c]) / pixels
		variance := float64(total.square[c])/pixels - mean*mean
		std := math.Sqrt(max(variance, 0)) / 255
		if std < 1e-6 {
			std = 1
		}
		out.Mean[c], out.Std[c] = float32(mean/255), float32(std)
	}
	return out, nil
}
