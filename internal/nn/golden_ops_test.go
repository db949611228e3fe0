package nn_test

import (
	"strconv"
	"strings"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

func checkConv(r *run) {
	w := r.param("weight")
	var bias nn.Vector
	if r.has("bias") {
		bias = r.param("bias").Vector()
	}
	r.begin(nn.NormTrain)
	x := r.variable("input")
	out := r.tape.Conv(x, w.Weight(), bias, tensor.ConvSpec{Stride: r.integer("stride", 1), Pad: r.integer("pad", 0),
		PadExtra: r.integer("pad_extra", 0), Groups: r.integer("groups", 1)})
	r.finish(x, out)
	r.checkParamGrad("grad.weight", w)
	if bias.P != nil {
		r.checkParamGrad("grad.bias", bias.P)
	}
}

func checkLinear(r *run) {
	w := r.param("weight")
	var bias nn.Vector
	if r.has("bias") {
		bias = r.param("bias").Vector()
	}
	r.begin(nn.NormTrain)
	x := r.variable("input")
	r.finish(x, r.tape.Linear(x, w.Weight(), bias))
	r.checkParamGrad("grad.weight", w)
	if bias.P != nil {
		r.checkParamGrad("grad.bias", bias.P)
	}
}

func checkBatchNorm(r *run) {
	gamma, beta := r.param("gamma"), r.param("beta")
	mean, variance := r.param("running_mean"), r.param("running_var")
	bn := nn.BatchNorm{Gamma: gamma.Vector(), Beta: beta.Vector(), Stats: statsOf(mean, variance), Eps: r.number("eps", 0), Momentum: r.number("momentum", 0)}
	mode := nn.NormEval
	if r.text("mode") == "train" {
		mode = nn.NormTrain
	}
	r.begin(mode)
	x := r.variable("input")
	r.finish(x, r.tape.BatchNormAct(x, bn, tensor.ActNone))
	r.checkParamGrad("grad.gamma", gamma)
	r.checkParamGrad("grad.beta", beta)
	if mode == nn.NormEval {
		return
	}
	r.check("new_running_mean", mean.Get(r.st))
	r.check("new_running_var", variance.Get(r.st))

	// A first recalibration batch replaces the statistics by its own, the variance being the
	// unbiased one.
	bn.Stats.Reset(r.st)
	r.tape.Begin(nn.Recalibrating())
	x = r.variable("input")
	r.tape.BatchNormAct(x, bn, tensor.ActNone)
	n := float32(r.tape.Shape(x).Rows())
	biased := variance.Get(r.st)
	for i := range biased {
		biased[i] *= (n - 1) / n
	}
	r.check("batch_mean", mean.Get(r.st))
	r.check("batch_var_biased", biased)
}

func checkAct(r *run) {
	act := r.act(r.text("op"))
	r.begin(nn.NormTrain)
	x := r.variable("input")
	r.finish(x, r.tape.Act(x, act))

	if !r.has("kink_input") {
		return
	}
	r.begin(nn.NormTrain)
	kinks := r.array("kink_input")
	x = r.tape.Variable(tensor.Vector(1, len(kinks.data)), narrow(kinks.data))
	y := r.tape.Act(x, act)
	ones := make([]float32, len(kinks.data))
	for i := range ones {
		ones[i] = 1
	}
	r.tape.Seed(y, ones)
	r.tape.Backward()
	r.check("kink_output", r.tape.Read(y, nil))
	r.check("kink_grad", r.tape.ReadGrad(x, nil))
}

func checkPool(r *run) {
	r.begin(nn.NormTrain)
	x := r.variable("input")
	spec := tensor.PoolSpec{Kernel: r.integer("kernel", 1), Stride: r.integer("stride", 1), Pad: r.integer("pad", 0), Ceil: r.flag("ceil_mode"), CountPad: true}
	if include, ok := r.g.Attrs["count_include_pad"].(bool); ok {
		spec.CountPad = include
	}
	var out nn.Value
	switch r.text("op") {
	case "max_pool":
		out = r.tape.MaxPool(x, spec)
	case "avg_pool":
		out = r.tape.AvgPool(x, spec)
	default:
		out = r.tape.GlobalAvgPool(x)
	}
	r.finish(x, out)
}

func checkShuffle(r *run) {
	r.begin(nn.NormTrain)
	x := r.variable("input")
	r.finish(x, r.tape.Shuffle(x, r.integer("groups", 1)))
}

// variants runs a loss for every array loss, loss_SUFFIX and checks it and grad.NAME,
// grad_SUFFIX.NAME.
func (r *run) variants(input string, rows func(suffix string, x nn.Value) nn.Value) {
	for _, suffix := range r.names("loss") {
		r.begin(nn.NormTrain)
		x := r.variable(input)
		loss := r.tape.Mean(rows(strings.TrimPrefix(suffix, "_"), x))
		r.tape.Backward(loss)
		r.checkValue1("loss"+suffix, loss)
		r.checkInputGrad("grad"+suffix+"."+input, x)
	}
}

func (r *run) checkValue1(name string, v nn.Value) {
	r.Helper()
	r.check(name, []float32{float32(r.tape.Item(v))})
}

func checkCrossEntropy(r *run) {
	labels := integers(r.array("labels").data)
	r.variants("logits", func(suffix string, x nn.Value) nn.Value {
		t := nn.Labels(labels)
		if suffix == "smooth" {
			t.Smoothing = r.number("label_smoothing", 0)
		}
		return r.tape.CrossEntropy(x, r.tape.Goal(r.tape.Shape(x).C, t))
	})
}

func checkDistill(r *run) {
	r.variants("student", func(suffix string, x nn.Value) nn.Value {
		s, teacher := nhwc(r.array("teacher"))
		if suffix == "soft_ce" {
			probs := make([]float32, 0, s.Size())
			for n := range s.N {
				for _, p := range nn.Probs(teacher[n*s.C:(n+1)*s.C], nil) {
					probs = append(probs, float32(p))
				}
			}
			return r.tape.CrossEntropy(x, r.tape.Goal(s.C, nn.Targets{Soft: probs}))
		}
		temperature := 1.0
		if text, ok := strings.CutPrefix(suffix, "T"); ok {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				r.Fatalf("loss_%s: %v", suffix, err)
			}
			temperature = v
		}
		return r.tape.Distill(x, r.tape.Input(s, teacher), temperature, nn.Mask{})
	})
}

func checkLSTM(r *run) {
	cell := nn.LSTM{
		WX: r.param("weight_ih").Weight(), WH: r.param("weight_hh").Weight(),
		BX: r.param("bias_ih").Vector(), BH: r.param("bias_hh").Vector(), Hidden: r.integer("hidden", 0),
	}
	r.begin(nn.NormTrain)
	xs := r.array("x")
	steps, n, in := xs.dims[0], xs.dims[1], xs.dims[2]
	part := func(a array, step, width int) []float32 { return narrow(a.data[step*n*width : (step+1)*n*width]) }
	start := nn.State{H: r.variable("h0"), C: r.variable("c0")}
	gh, gc := r.array("gout.h"), r.array("gout.c")
	state := start
	var inputs []nn.Value
	var hs, cs []float32
	for s := range steps {
		x := r.tape.Variable(tensor.Vector(n, in), part(xs, s, in))
		inputs = append(inputs, x)
		state = r.tape.LSTM(cell, x, state)
		r.tape.Seed(state.H, part(gh, s, cell.Hidden))
		r.tape.Seed(state.C, part(gc, s, cell.Hidden))
		hs = append(hs, r.tape.Read(state.H, nil)...)
		cs = append(cs, r.tape.Read(state.C, nil)...)
	}
	r.tape.Backward()
	r.check("h", hs)
	r.check("c", cs)
	r.checkLoss(append(hs, cs...), append(narrow(gh.data), narrow(gc.data)...))
	var dx []float32
	for _, x := range inputs {
		dx = append(dx, r.tape.ReadGrad(x, nil)...)
	}
	r.check("grad.x", dx)
	r.checkInputGrad("grad.h0", start.H)
	r.checkInputGrad("grad.c0", start.C)
	r.checkParamGrad("grad.weight_ih", cell.WX.P)
	r.checkParamGrad("grad.weight_hh", cell.WH.P)
	r.checkParamGrad("grad.bias_ih", cell.BX.P)
	r.checkParamGrad("grad.bias_hh", cell.BH.P)
}

func checkEmbedding(r *run) {
	a := r.array("table")
	table := r.ps.Add("table", a.dims...)
	if err := table.Set(r.st, narrow(a.data)); err != nil {
		r.Fatal(err)
	}
	r.begin(nn.NormTrain)
	out := r.tape.Embedding(table.Weight(), integers(r.array("index").data)...)
	gout := narrow(r.array("gout").data)
	r.tape.Seed(out, gout)
	r.tape.Backward()
	r.check("output", r.tape.Read(out, nil))
	r.checkLoss(r.tape.Read(out, nil), gout)
	grad := make([]float32, table.Size())
	r.st.Read(table.Grad(), 0, grad)
	r.check("grad.table", grad)
}
