package supernet

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Classify returns the most likely class of an image of any size, and the probabilities of all
// classes, by number. The image is made square as Options.Fit says, or else as the training images
// were (dataset.PreparationOf), resized and normalised. It is safe for concurrent use. Top gives
// classes by name.
//
// The first answer makes a copy of most weights in the order in which they are read fastest, which
// lasts until weights change.
func (m *Model) Classify(img image.Image) (label int, probs []float32, err error) {
	probs, _, err = m.look(img)
	if err != nil {
		return 0, nil, fmt.Errorf("supernet: classify: %w", err)
	}
	return max(argmax(probs), 0), probs, nil
}

// Ranked is one of the classes that Model.Top gives.
type Ranked struct {
	Class       int     `json:"class"` // number
	Name        string  `json:"name"`  // the number where the model knows no names
	Probability float32 `json:"probability"`
}

// Top returns the k most likely classes of an image of any size, the best first, or all classes if
// there are fewer; of equally likely ones the lower number comes first. What happens to the image,
// and that it is safe for concurrent use, is as in Classify, whose answer is the first.
func (m *Model) Top(img image.Image, k int) ([]Ranked, error) {
	if k < 1 {
		return nil, fmt.Errorf("supernet: top: %d classes, expected at least 1", k)
	}
	probs, classes, err := m.look(img)
	if err != nil {
		return nil, fmt.Errorf("supernet: top: %w", err)
	}
	all := make([]Ranked, len(probs))
	for c, p := range probs {
		all[c] = Ranked{c, classes.name(c), p}
	}
	slices.SortStableFunc(all, func(a, b Ranked) int { return cmp.Compare(b.Probability, a.Probability) })
	return all[:min(k, len(all))], nil
}

// look makes an image ready and returns the probabilities of its classes, and what these are
// called.
func (m *Model) look(img image.Image) ([]float32, classList, error) {
	size, fit := m.input()
	pixels := make([]uint8, size*size*3)
	if err := dataset.FromImage(pixels, img, size, fit); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	return m.classify(1, pass{}, func(x []float32, _ int) error { return m.norm.Apply(x, pixels) })
}

// ClassifyTensor returns the probabilities, float32 [n, classes], of normalised images, float32 [n,
// 3, size, size], of which slices and transposed views work, too. It is safe for concurrent use.
func (m *Model) ClassifyTensor(x *tensor.Dense) (*tensor.Dense, error) {
	return m.classifyTensor(x, pass{})
}

func (m *Model) classifyTensor(x *tensor.Dense, how pass) (*tensor.Dense, error) {
	size := m.inputSize()
	if x == nil || x.Dtype() != tensor.Float32 || x.Dims() != 4 {
		return nil, fmt.Errorf("supernet: classify: %w: expected a float32 tensor of 4 dimensions", ErrData)
	}
	s := x.Shape()
	if s[0] < 1 || s[1] != 3 || s[2] != size || s[3] != size {
		return nil, fmt.Errorf("supernet: classify: %w: images of shape %v, expected (n, 3, %d, %d)", ErrData,
			s, size, size)
	}
	src, ok := x.Data().([]float32)
	to := x.Strides() // those of a slice or of another order of the axes, too
	if !ok || len(to) != 4 || (s[0]-1)*to[0]+2*to[1]+(size-1)*(to[2]+to[3]) >= len(src) {
		return nil, fmt.Errorf("supernet: classify: %w: tensor is not dense", ErrData)
	}
	probs, _, err := m.classify(s[0], how, func(x []float32, first int) error {
		for row := range len(x) / (3 * size) {
			from := src[(first+row/size)*to[0]+row%size*to[2]:]
			interleave(x[row*size*3:][:size*3], from, from[to[1]:], from[2*to[1]:], to[3])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("supernet: classify: %w", err)
	}
	return tensor.New(tensor.WithShape(s[0], len(probs)/s[0]), tensor.WithBacking(probs)), nil
}

// interleave puts every step-th number of three channels side by side.
func interleave(dst, r, g, b []float32, step int) {
	if step == 1 {
		n := len(dst) / 3
		r, g, b = r[:n], g[:n], b[:n]
		for i, v := range r {
			to := dst[:3:3]
			to[0], to[1], to[2] = v, g[i], b[i]
			dst = dst[3:]
		}
		return
	}
	for i := range len(dst) / 3 {
		dst[3*i], dst[3*i+1], dst[3*i+2] = r[i*step], g[i*step], b[i*step]
	}
}

func (m *Model) inputSize() int {
	m.weights.RLock()
	defer m.weights.RUnlock()
	return m.prog.graph.InputSize
}

// input is the size of images, and how others are made square.
func (m *Model) input() (size int, fit dataset.Fit) {
	m.weights.RLock()
	defer m.weights.RUnlock()
	return m.prog.graph.InputSize, m.fit
}
