package onnx

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// node writes one node of the layer graph.
func (w *writer) node(n *searchspace.Node) (err error) {
	id, y := n.ID, ""
	x := func(i int) string { return w.ranked(n.Inputs[i], false) } // operand i as a map
	switch n.Op {
	case searchspace.OpConv:
		y, err = w.conv(n, x(0))
	case searchspace.OpBatchNorm:
		if w.norms[n.Inputs[0]] == n {
			w.values[id] = w.values[n.Inputs[0]]
			return nil
		}
		y, err = w.batchNorm(n, x(0))
	case searchspace.OpAct:
		w.flat[id] = w.flat[n.Inputs[0]]
		y, err = w.act(n, w.values[n.Inputs[0]])
	case searchspace.OpGlobalAvgPool:
		y = w.add("GlobalAveragePool", n.Name, []string{x(0)})
	case searchspace.OpAvgPool, searchspace.OpMaxPool:
		y, err = w.pool(n, x(0))
	case searchspace.OpLinear:
		w.flat[id] = true
		y, err = w.linear(n, w.ranked(n.Inputs[0], true))
	case searchspace.OpAdd:
		y = w.add("Add", n.Name, []string{x(0), x(1)})
	case searchspace.OpMul:
		y = w.add("Mul", n.Name, []string{x(0), x(1)})
	case searchspace.OpConcat:
		var inputs []string
		for i := range n.Inputs {
			inputs = append(inputs, x(i))
		}
		y = w.add("Concat", n.Name, inputs, attr{"axis", 1})
	case searchspace.OpSlice:
		y = w.add("Slice", n.Name, []string{x(0), w.ints(n.Name+".from", int64(n.Offset)),
			w.ints(n.Name+".to", int64(n.Offset+n.Out.C)), w.ints(n.Name+".axis", 1)})
	case searchspace.OpShuffle:
		y = w.shuffle(n, x(0))
	case searchspace.OpDropout: // rests outside training
		w.flat[id] = w.flat[n.Inputs[0]]
		y = w.values[n.Inputs[0]]
	case searchspace.OpFlatten:
		w.flat[id] = true
		y = w.ranked(n.Inputs[0], true)
	default:
		err = fmt.Errorf("operation %v has no ONNX form", n.Op)
	}
	w.values[id] = y
	return err
}

// conv writes a convolution, with the batch normalisation that is folded into it.
func (w *writer) conv(n *searchspace.Node, x string) (string, error) {
	out, in, k := n.Out.C, n.In.C/max(n.Groups, 1), n.Kernel
	data, err := w.tensor(n, weightSuffix, out*in*k*k)
	if err != nil {
		return "", err
	}
	var bias []float32
	if n.Bias {
		if bias, err = w.tensor(n, biasSuffix, out); err != nil {
			return "", err
		}
	}
	if bn := w.norms[n.ID]; bn != nil {
		scale, shift, err := w.affine(bn)
		if err != nil {
			return "", err
		}
		per := in * k * k
		data = slices.Clone(data)
		folded := make([]float32, out)
		for o := range out {
			for i := range per {
				data[o*per+i] = float32(float64(data[o*per+i]) * scale[o])
			}
			b := shift[o]
			if bias != nil {
				b += float64(bias[o]) * scale[o]
			}
			folded[o] = float32(b)
		}
		if !finite(data) || !finite(folded) {
			return "", fmt.Errorf("%w once %s is folded in", ErrNotFinite, bn.Name)
		}
		bias = folded
	}
	inputs := []string{x, w.floats(n.Name+weightSuffix, []int{out, in, k, k}, data)}
	if bias != nil {
		inputs = append(inputs, w.floats(n.Name+biasSuffix, []int{out}, bias))
	}
	end := n.Pad + n.PadExtra
	return w.add("Conv", n.Name, inputs, attr{"group", max(n.Groups, 1)}, attr{"kernel_shape", []int{k, k}},
		attr{"pads", []int{n.Pad, n.Pad, end, end}}, attr{"strides", []int{n.Stride, n.Stride}}), nil
}

// finite reports whether no number is NaN or infinite.
func finite(data []float32) bool {
	return !slices.ContainsFunc(data, func(v float32) bool { return v-v != 0 })
}

func (w *writer) batchNorm(n *searchspace.Node, x string) (string, error) {
	inputs := []string{x}
	for _, suffix := range normSuffixes {
		data, err := w.tensor(n, suffix, n.Out.C)
		if err != nil {
			return "", err
		}
		inputs = append(inputs, w.floats(n.Name+suffix, []int{n.Out.C}, data))
	}
	// ONNX counts the momentum of the old value, PyTorch and this library that of the new.
	return w.add("BatchNormalization", n.Name, inputs, attr{"epsilon", float32(n.Eps)},
		attr{"momentum", float32(1 - n.Momentum)}), nil
}

func (w *writer) linear(n *searchspace.Node, x string) (string, error) {
	data, err := w.tensor(n, weightSuffix, n.Out.C*n.In.C)
	if err != nil {
		return "", err
	}
	inputs := []string{x, w.floats(n.Name+weightSuffix, []int{n.Out.C, n.In.C}, data)}
	if n.Bias {
		bias, err := w.tensor(n, biasSuffix, n.Out.C)
		if err != nil {
			return "", err
		}
		inputs = append(inputs, w.floats(n.Name+biasSuffix, []int{n.Out.C}, bias))
	}
	return w.add("Gemm", n.Name, inputs, attr{"transB", 1}), nil
}

func (w *writer) act(n *searchspace.Node, x string) (string, error) {
	one := func(op string, attrs ...attr) (string,
		error) {
		return w.add(op, n.Name, []string{x}, attrs...), nil
	}
	switch n.Act {
	case searchspace.ActNone:
		return x, nil
	case searchspace.ActReLU:
		return one("Relu")
	case searchspace.ActReLU6:
		low, high := w.floats(n.Name+".low", nil, []float32{0}), w.floats(n.Name+".high", nil, []float32{6})
		return w.add("Clip", n.Name, []string{x, low, high}), nil
	case searchspace.ActHSwish:
		return one("HardSwish")
	case searchspace.ActHSigmoid:
		return one("HardSigmoid", attr{"alpha", float32(1) / 6}, attr{"beta", float32(0.5)})
	case searchspace.ActSigmoid:
		return one("Sigmoid")
	case searchspace.ActSwish:
		return w.add("Mul", n.Name, []string{x, w.add("Sigmoid", n.Name+".sigmoid", []string{x})}), nil
	}
	return "", fmt.Errorf("activation %v has no ONNX form", n.Act)
}

// pool writes a pooling. Windows that stick out at the end get padding that they do not count,
// rather than ONNX's ceil_mode, whose meaning differs between runtimes.
func (w *writer) pool(n *searchspace.Node, x string) (string, error) {
	end := func(in, out int) (int, error) {
		pad := max((out-1)*n.Stride+n.Kernel-in-n.Pad, 0)
		if pad >= n.Kernel || (in+n.Pad+pad-n.Kernel)/n.Stride+1 != out {
			return 0, fmt.Errorf("window %d and stride %d make %d of %d", n.Kernel, n.Stride, out, in)
		}
		return pad, nil
	}
	bottom, err := end(n.In.H, n.Out.H)
	if err != nil {
		return "", err
	}
	right, err := end(n.In.W, n.Out.W)
	if err != nil {
		return "", err
	}
	op := "MaxPool"
	if n.Op == searchspace.OpAvgPool {
		op = "AveragePool"
	}
	return w.add(op, n.Name, []string{x}, attr{"kernel_shape", []int{n.Kernel, n.Kernel}},
		attr{"pads", []int{n.Pad, n.Pad, bottom, right}}, attr{"strides", []int{n.Stride, n.Stride}}), nil
}

// shuffle writes a channel shuffle: channels as a table of groups, turned around.
func (w *writer) shuffle(n *searchspace.Node, x string) string {
	c, g, h, wd := int64(n.In.C), int64(n.Groups), int64(n.In.H), int64(n.In.W)
	x = w.add("Reshape", n.Name+".table", []string{x, w.ints(n.Name+".groups", 0, g, c/g, h, wd)})
	x = w.add("Transpose", n.Name+".turned", []string{x}, attr{"perm", []int{0, 2, 1, 3, 4}})
	return w.add("Reshape", n.Name, []string{x, w.ints(n.Name+".channels", 0, c, h, wd)})
}
