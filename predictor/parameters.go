package predictor

import "fmt"

// Parameters are the weights of the layers of a Hedge, by the letters of the paper.
type Parameters struct {
	// Phi is the weights of layers: [layer][unit][input].
	Phi [][][]float64
	// B is their biases: [layer][unit].
	B [][]float64
	// W and C are weights and biases of heads: [layer][unit] and [layer].
	W [][]float64
	C []float64
	// Alpha is the weights of the experts; nil when they are to stay as they are.
	Alpha []float64
}

// Parameters is a copy of all weights.
func (h *Hedge) Parameters() Parameters {
	n := h.net
	if n == nil {
		return Parameters{}
	}
	p := Parameters{C: append([]float64(nil), n.c...), Alpha: h.Alpha(nil)}
	for l := range n.layers {
		phi := make([][]float64, n.units)
		for i := range phi {
			phi[i] = make([]float64, n.fanIn(l))
			for j := range phi[i] {
				phi[i][j] = n.phi[l].Data[j*n.units+i]
			}
		}
		p.Phi = append(p.Phi, phi)
		p.B = append(p.B, append([]float64(nil), n.b[l]...))
		p.W = append(p.W, append([]float64(nil), n.w[l]...))
	}
	return p
}

// SetParameters gives the layers, and the experts where Alpha is not nil, weights of the caller's.
// It fails, and changes nothing, when shapes differ or a number is not finite.
func (h *Hedge) SetParameters(p Parameters) error {
	n := h.net
	if n == nil {
		return errUnmade
	}
	if len(p.Phi) != n.layers || len(p.B) != n.layers || len(p.W) != n.layers {
		return fmt.Errorf("predictor: parameters of %d, %d and %d layers, expected %d", len(p.Phi), len(p.B), len(p.W),
			n.layers)
	}
	rows := []sized{{"biases of heads", p.C, n.layers}}
	for l := range n.layers {
		if len(p.Phi[l]) != n.units {
			return fmt.Errorf("predictor: %d units in layer %d, expected %d", len(p.Phi[l]), l, n.units)
		}
		rows = append(rows, sized{"biases", p.B[l], n.units}, sized{"weights of a head", p.W[l], n.units})
		for _, r := range p.Phi[l] {
			rows = append(rows, sized{"weights of a unit", r, n.fanIn(l)})
		}
	}
	if p.Alpha != nil {
		rows = append(rows, sized{"weights of experts", p.Alpha, h.weights.Len()})
	}
	for _, r := range rows {
		if err := r.check(); err != nil {
			return err
		}
	}
	if p.Alpha != nil {
		if err := checkAlpha(p.Alpha); err != nil {
			return err
		}
	}
	for l := range n.layers {
		for i, r := range p.Phi[l] {
			for j, v := range r {
				n.phi[l].Data[j*n.units+i] = v
			}
		}
		copy(n.b[l], p.B[l])
		copy(n.w[l], p.W[l])
	}
	copy(n.c, p.C)
	copy(h.weights.alpha, p.Alpha)
	return nil
}

// checkAlpha refuses what are no weights of experts.
func checkAlpha(alpha []float64) error {
	sum := 0.0
	for i, a := range alpha {
		if a < 0 {
			return fmt.Errorf("predictor: weight %v of expert %d, expected at least 0", a, i)
		}
		sum += a
	}
	if !(sum > 1-1e-6 && sum < 1+1e-6) {
		return fmt.Errorf("predictor: weights of experts add up to %v, expected 1", sum)
	}
	return nil
}

// sized is numbers with a name of which there is to be a certain count.
type sized struct {
	name string
	x    []float64
	want int
}

func (s sized) check() error {
	if len(s.x) != s.want {
		return fmt.Errorf("predictor: %d %s, expected %d", len(s.x), s.name, s.want)
	}
	for _, v := range s.x {
		if !finite(v) {
			return fmt.Errorf("predictor: %s: %v, expected finite numbers", s.name, v)
		}
	}
	return nil
}
