package supernet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	backend "github.com/tendril-nas/tendril/internal/tensor"
)

// portioned is a device with portions of its own.
type portioned struct {
	backend.Backend
	size, atOnce int
}

func (p portioned) Portions(images, _ int) (size, atOnce int) {
	return min(p.size, images), p.atOnce
}

// TestClassifyPortions checks that the portions in which images are answered change no bit, and
// that an error names the image.
func TestClassifyPortions(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	cpu := m.backend
	const images = 11
	size := m.prog.graph.InputSize
	x := tensor.New(tensor.WithShape(images, 3, size, size), tensor.WithBacking(
		tensor.Random(tensor.Float32, images*3*size*size)))
	data := x.Data().([]float32)
	var want []float32
	for i := range images {
		one := tensor.New(tensor.WithShape(1, 3, size, size), tensor.WithBacking(data[i*3*size*size:][:3*size*size]))
		probs, err := m.ClassifyTensor(one)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, probs.Data().([]float32)...)
	}
	for _, per := range []int{1, 2, 4, 11, 20} {
		for _, atOnce := range []int{1, 3} {
			t.Run(fmt.Sprintf("%d images, %d at once", per, atOnce), func(t *testing.T) {
				m.backend = portioned{cpu, per, atOnce}
				probs, err := m.ClassifyTensor(x)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(probs.Data().([]float32), want) {
					t.Error("other bits than image by image")
				}
				broken := 6 * 3 * size * size
				kept := data[broken]
				data[broken] = float32(math.NaN())
				defer func() { data[broken] = kept }()
				_, err = m.ClassifyTensor(x)
				if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "image 6") {
					t.Errorf("error %v, expected one that names image 6", err)
				}
			})
		}
	}
}
