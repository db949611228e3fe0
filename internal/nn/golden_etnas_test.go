package nn_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// skip is a connection between two places of an ET-NAS block: place 0 is the input, place i is
// after layer i.
type skip struct {
	concat   bool
	from, to int
}

// etnasBlock is a block's encoding, LAYERS-SKIPS: layers are pairs of operation and channel digit
// (the last layer's channel digit is left out), skips are a (add) or c (concat) with two places.
type etnasBlock struct {
	ops   []int
	skips []skip
}

func parseETNASBlock(text string) (etnasBlock, error) {
	layers, tail, ok := strings.Cut(text, "-")
	if !ok || len(layers)%2 == 0 || len(tail)%3 != 0 {
		return etnasBlock{}, fmt.Errorf("encoding %q is not LAYERS-SKIPS", text)
	}
	var b etnasBlock
	for i := 0; i < len(layers); i += 2 {
		op := int(layers[i] - '0')
		if op < 0 || op > 6 {
			return b, fmt.Errorf("encoding %q: operation %c", text, layers[i])
		}
		b.ops = append(b.ops, op)
	}
	for i := 0; i < len(tail); i += 3 {
		s := skip{concat: tail[i] == 'c', from: int(tail[i+1] - '0'), to: int(tail[i+2] - '0')}
		if tail[i] != 'a' && tail[i] != 'c' || s.from < 0 || s.from >= s.to || s.to > len(b.ops) {
			return b, fmt.Errorf("encoding %q: skip %s", text, tail[i:i+3])
		}
		b.skips = append(b.skips, s)
	}
	slices.SortStableFunc(b.skips, func(x, y skip) int { return x.to - y.to })
	b.skips = append(b.skips, skip{from: 0, to: len(b.ops)})
	return b, nil
}

// strided is the layer that carries the block's stride: the first that is not a 1×1 convolution,
// else the last.
func (b etnasBlock) strided() int {
	if i := slices.IndexFunc(b.ops, func(op int) bool { return op != 1 }); i >= 0 {
		return i
	}
	return len(b.ops) - 1
}

func checkETNASBlock(r *run) {
	m := newModule(r)
	b, err := parseETNASBlock(m.text("encoding"))
	if err != nil {
		m.Fatal(err)
	}
	m.check(func(x nn.Value) nn.Value { return m.etnasBlock(b, x) })
}

func (m *module) etnasBlock(b etnasBlock, x nn.Value) nn.Value {
	places := []nn.Value{x}
	for i := range b.ops {
		stride := 1
		if i == b.strided() {
			stride = m.integer("stride", 1)
		}
		y := m.etnasLayer(places[i], fmt.Sprintf("module_list.%d.0", i), stride)
		j := 0
		for _, s := range b.skips {
			if s.to != i+1 {
				continue
			}
			j++
			y = m.etnasSkip(s, places[s.from], y, fmt.Sprintf("module_list.%d.%d.conv", i, j))
		}
		places = append(places, m.tape.Act(y, tensor.ActReLU))
	}
	return places[len(b.ops)]
}

// etnasLayer is convolution and batch normalisation; the separable operation has two convolutions.
func (m *module) etnasLayer(x nn.Value, path string, stride int) nn.Value {
	if m.owns(path + ".0.weight") {
		return m.convNormAct(x, path+".0", path+".1", stride, tensor.ActNone)
	}
	x, w, spec := m.conv(x, path+".0.0", stride)
	return m.convNormAct(m.tape.Conv(x, w, nn.Vector{}, spec), path+".0.1", path+".1", 1, tensor.ActNone)
}

func (m *module) etnasSkip(s skip, from, to nn.Value, path string) nn.Value {
	a, b := m.tape.Shape(from), m.tape.Shape(to)
	resized := a.H != b.H || a.W != b.W
	if resized || !s.concat && a.C != b.C {
		from = m.convNormAct(from, path+".0", path+".1", (a.H+b.H-1)/b.H, tensor.ActNone)
	}
	if s.concat {
		return m.tape.Concat(from, to)
	}
	return m.tape.Add(from, to, tensor.ActNone)
}
