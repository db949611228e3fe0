package nn_test

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// checkNetwork trains a whole sub-network of the MobileNetV3 space for some steps.
func checkNetwork(r *run) {
	m := newModule(r)
	_, pixels := nhwc(m.array("input"))
	shape := shapeOf(m.array("input").dims)
	labels := integers(m.array("labels").data)
	depths := m.depths()

	// Batch normalisation over four samples amplifies rounding from step to step: tolerances of the
	// stored losses and of what follows.
	losses := []float64{1e-5, 1e-5, 2e-5, 2e-4, 1e-3, 2e-3}
	m.rel, m.floor = 1e-4, 1e-6

	m.tape.Begin(nn.Step{})
	_, logits := m.network(m.tape.Input(shape, pixels), depths)
	m.checkValue("logits_eval_initial", logits)

	opt := &nn.SGD{Momentum: m.number("momentum", 0), WeightDecay: m.number("weight_decay", 0)}
	wantLosses, wide := m.array("losses").data, m.array("losses_f64").data
	for step, want := range wantLosses {
		m.begin(nn.NormTrain)
		feature, logits := m.network(m.tape.Input(shape, pixels), depths)
		m.tape.Pin(feature)
		m.tape.Pin(logits)
		loss := m.tape.Mean(m.tape.CrossEntropy(logits, m.tape.Goal(m.tape.Shape(logits).C, nn.Labels(labels))))
		m.tape.Backward(loss)
		m.near(fmt.Sprintf("losses[%d]", step), m.tape.Item(loss), want, losses[min(step, len(losses)-1)])
		m.near(fmt.Sprintf("losses_f64[%d]", step), m.tape.Item(loss), wide[step], losses[min(step, len(losses)-1)])
		if step == 0 {
			m.checkValue("feature", feature)
			m.checkValue("logits", logits)
			m.checkValue1("loss", loss)
			for _, path := range m.names("grad.") {
				m.checkParamGrad("grad."+path, m.get("param."+path))
			}
		}
		if step == len(wantLosses)-1 {
			break
		}
		m.checkState(fmt.Sprintf("after%d.", step+1), "buffer.")
		opt.Step(m.st, m.ps, m.number("lr", 0))
		m.rel = 1e-4
		if step > 0 {
			m.rel = 5e-3
		}
		m.checkState(fmt.Sprintf("param_after%d.", step+1), "param.")
	}

	// The last training pass has moved the statistics once more than the stored ones.
	m.resetTo("after" + fmt.Sprint(len(wantLosses)-1) + ".")
	m.tape.Begin(nn.Step{})
	_, logits = m.network(m.tape.Input(shape, pixels), depths)
	m.checkValue("logits_eval_after"+fmt.Sprint(len(wantLosses)-1), logits)
}

func (m *module) near(name string, got, want, tol float64) {
	m.Helper()
	if !(got-want <= tol && want-got <= tol) {
		m.Errorf("%s is %g, expected %g within %g", name, got, want, tol)
	}
}

// checkState compares all arrays with a prefix with the parameters of another prefix.
func (m *module) checkState(prefix, params string) {
	m.Helper()
	for _, path := range m.names(prefix) {
		p := m.get(params + path)
		m.run.check(prefix+path, m.file(p, p.Value()))
	}
}

func (m *module) resetTo(prefix string) {
	for _, path := range m.names(prefix) {
		if strings.Contains(path, ".running_") {
			if err := m.get("buffer."+path).Set(m.st, narrow(m.array(prefix+path).data)); err != nil {
				m.Fatal(err)
			}
		}
	}
}

func (m *module) depths() []int {
	arch, _ := m.g.Attrs["arch"].(map[string]any)
	list, _ := arch["depths"].([]any)
	var out []int
	for _, d := range list {
		v, _ := d.(float64)
		out = append(out, int(v))
	}
	if len(out) != 5 {
		m.Fatalf("depths are %v, expected five", list)
	}
	return out
}

// network is the MobileNetV3 space's network with the widths and kernels that the weights have.
func (m *module) network(x nn.Value, depths []int) (feature, logits nn.Value) {
	stages := []struct {
		stride int
		act    tensor.Act
	}{{2, tensor.ActReLU}, {2, tensor.ActReLU}, {2, tensor.ActHSwish}, {1, tensor.ActHSwish}, {2, tensor.ActHSwish}}
	x = m.convNormAct(x, "first_conv.conv", "first_conv.bn", m.integer("stem_stride", 2), tensor.ActHSwish)
	x = m.mbconv(x, "blocks.0.conv.", 1, tensor.ActReLU, true)
	block := 1
	for s, stage := range stages {
		for layer := range depths[s] {
			prefix := fmt.Sprintf("blocks.%d.conv.", block)
			stride := 1
			if layer == 0 {
				stride = stage.stride
			}
			out := m.get("param." + prefix + "point_linear.bn.bias").Size()
			x = m.mbconv(x, prefix, stride, stage.act, stride == 1 && out == m.tape.Shape(x).C)
			block++
		}
	}
	x = m.convNormAct(x, "final_expand_layer.conv", "final_expand_layer.bn", 1, tensor.ActHSwish)
	x = m.tape.GlobalAvgPool(x)
	mix := m.get("param.feature_mix_layer.conv.weight").Weight()
	feature = m.tape.Act(m.tape.Conv(x, mix, nn.Vector{}, tensor.ConvSpec{Stride: 1, Groups: 1}), tensor.ActHSwish)
	w, b := m.get("param.classifier.linear.weight").Weight(), m.get("param.classifier.linear.bias").Vector()
	return feature, m.tape.Linear(feature, w, b)
}
