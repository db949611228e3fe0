package nn_test

import (
	"strings"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// module is the weights of a module case by PyTorch path.
type module struct {
	*run
	params map[string]*nn.Param
}

func newModule(r *run) *module {
	m := &module{run: r, params: make(map[string]*nn.Param)}
	for _, path := range r.names("param.") {
		m.params["param."+path] = r.param("param." + path)
	}
	for _, path := range r.names("buffer.") {
		m.params["buffer."+path] = r.param("buffer." + path)
	}
	return m
}

func (m *module) get(name string) *nn.Param {
	p := m.params[name]
	if p == nil {
		m.Fatalf("no array %s", name)
	}
	return p
}

func (m *module) owns(path string) bool { return m.params["param."+path] != nil }

func (m *module) norm(path string) nn.BatchNorm {
	return nn.BatchNorm{
		Gamma: m.get("param." + path + ".weight").Vector(), Beta: m.get("param." + path + ".bias").Vector(),
		Stats: statsOf(m.get("buffer."+path+".running_mean"), m.get("buffer."+path+".running_var")),
		Eps:   m.number("bn_eps", 0), Momentum: m.number("bn_momentum", 0),
	}
}

// conv is a convolution with padding k/2; the number of groups follows from the weight.
func (m *module) conv(x nn.Value, path string, stride int) (nn.Value, nn.Weight, tensor.ConvSpec) {
	w := m.get("param." + path + ".weight").Weight()
	return x, w, tensor.ConvSpec{Stride: stride, Pad: w.V.KH / 2, Groups: m.tape.Shape(x).C / w.V.In}
}

func (m *module) convNormAct(x nn.Value, conv, norm string, stride int, act tensor.Act) nn.Value {
	x, w, spec := m.conv(x, conv, stride)
	return m.tape.ConvNormAct(x, w, spec, m.norm(norm), act)
}

func (m *module) se(x nn.Value, path string) nn.Value {
	w := func(name string) nn.Weight { return m.get("param." + path + "." + name + ".weight").Weight() }
	b := func(name string) nn.Vector { return m.get("param." + path + "." + name + ".bias").Vector() }
	return squeezeExcite(m.tape, x, w("fc.reduce"), b("fc.reduce"), w("fc.expand"), b("fc.expand"))
}

// mbconv is an inverted residual block; expansion and squeeze-and-excitation are there if their
// weights are.
func (m *module) mbconv(x nn.Value, prefix string, stride int, act tensor.Act, residual bool) nn.Value {
	y := x
	if m.owns(prefix + "inverted_bottleneck.conv.weight") {
		y = m.convNormAct(y, prefix+"inverted_bottleneck.conv", prefix+"inverted_bottleneck.bn", 1, act)
	}
	y = m.convNormAct(y, prefix+"depth_conv.conv", prefix+"depth_conv.bn", stride, act)
	if m.owns(prefix + "depth_conv.se.fc.reduce.weight") {
		y = m.se(y, prefix+"depth_conv.se")
	}
	y = m.convNormAct(y, prefix+"point_linear.conv", prefix+"point_linear.bn", 1, tensor.ActNone)
	if residual {
		y = m.tape.Add(y, x, tensor.ActNone)
	}
	return y
}

// check runs a module in train mode forward and backward, then in eval mode with the statistics of
// the file.
func (m *module) check(build func(x nn.Value) nn.Value) {
	m.begin(nn.NormTrain)
	x := m.variable("input")
	m.finish(x, build(x))
	for _, path := range m.names("grad.") {
		if path != "input" {
			m.checkParamGrad("grad."+path, m.get("param."+path))
		}
	}
	for _, path := range m.names("after.") {
		m.run.check("after."+path, m.get("buffer."+path).Get(m.st))
	}
	if !m.has("output_eval") {
		return
	}
	m.resetStats()
	m.tape.Begin(nn.Step{})
	m.checkValue("output_eval", build(m.variable("input")))
}

// resetStats writes the file's statistics back.
func (m *module) resetStats() {
	for name, p := range m.params {
		if strings.HasPrefix(name, "buffer.") {
			if err := p.Set(m.st, narrow(m.array(name).data)); err != nil {
				m.Fatal(err)
			}
		}
	}
}

func checkSE(r *run) {
	m := newModule(r)
	m.check(func(x nn.Value) nn.Value {
		w := func(name string) nn.Weight { return m.get("param." + name + ".weight").Weight() }
		b := func(name string) nn.Vector { return m.get("param." + name + ".bias").Vector() }
		return squeezeExcite(m.tape, x, w("fc.reduce"), b("fc.reduce"), w("fc.expand"), b("fc.expand"))
	})
}

func checkMBConv(r *run) {
	m := newModule(r)
	m.check(func(x nn.Value) nn.Value {
		return m.mbconv(x, "conv.", m.integer("stride", 1), m.act(m.text("act")), m.flag("residual"))
	})
}

func checkConvNormAct(r *run) {
	m := newModule(r)
	act := m.act(strings.TrimPrefix(m.text("op"), "conv-bn-"))
	m.check(func(x nn.Value) nn.Value {
		x, w, spec := m.conv(x, "conv", m.integer("stride", 1))
		spec.Pad = m.integer("pad", spec.Pad)
		return m.tape.ConvNormAct(x, w, spec, m.norm("bn"), act)
	})
}
