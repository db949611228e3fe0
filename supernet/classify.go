package supernet

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"gorgonia.org/tensor"

	backend "github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Classify returns the most likely class of an image of any size, and the probabilities of all
// classes, by number. The image is made square as Options.Fit says, or else as the training images
// were (dataset.PreparationOf), resized and normalised. It is safe for concurrent use. Top gives
// classes by name.
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
	x := make([]float32, len(pixels))
	if err := m.norm.Apply(x, pixels); err != nil {
		return nil, nil, err
	}
	return m.classify(x, 1, pass{})
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
	nhwc := make([]float32, 0, s.TotalSize())
	for i := range s[0] {
		for y := range size {
			for x := range size {
				for c := range 3 {
					nhwc = append(nhwc, src[i*to[0]+c*to[1]+y*to[2]+x*to[3]])
				}
			}
		}
	}
	probs, _, err := m.classify(nhwc, s[0], how)
	if err != nil {
		return nil, fmt.Errorf("supernet: classify: %w", err)
	}
	return tensor.New(tensor.WithShape(s[0], len(probs)/s[0]), tensor.WithBacking(probs)), nil
}

// classify runs images, NHWC, on a runner of its own and returns the probabilities, and the classes
// that they are of.
func (m *Model) classify(x []float32, images int, how pass) (probs []float32, names classList, err error) {
	defer backend.Recover(&err)
	m.weights.RLock()
	defer m.weights.RUnlock()
	r := m.borrow()
	defer m.giveBack(r)
	p := m.prog
	classes := p.graph.Classes
	r.tape.Begin(evaluating)
	p.run(r, r.tape.Input(inputShape(images, p.graph.InputSize), x), how)
	probs = r.tape.Read(r.slots[p.logits], nil)
	for i := range images {
		if err := softmax(probs[i*classes : (i+1)*classes]); err != nil {
			return nil, nil, fmt.Errorf("logits of image %d: %w", i, err)
		}
	}
	return probs, m.classes, r.tape.Stream().Sync()
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

// borrow takes an idle runner or makes one, so that there are as many as goroutines ever ran at
// once.
func (m *Model) borrow() *runner {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.idle); n > 0 {
		r := m.idle[n-1]
		m.idle = m.idle[:n-1]
		return r
	}
	return newRunner(m.backend)
}

func (m *Model) giveBack(r *runner) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle = append(m.idle, r)
}
