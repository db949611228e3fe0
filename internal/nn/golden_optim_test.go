package nn_test

import (
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

func checkSGD(r *run) {
	opt := &nn.SGD{Momentum: r.number("momentum", 0), WeightDecay: r.number("weight_decay", 0), Nesterov: r.flag("nesterov")}
	slots := []string{}
	if opt.Momentum != 0 {
		slots = []string{"momentum_buffer_after"}
	}
	r.optimise(opt, slots)
}

func checkAdam(r *run) {
	betas, _ := r.g.Attrs["betas"].([]any)
	if len(betas) != 2 {
		r.Fatalf("betas are %v", r.g.Attrs["betas"])
	}
	b1, _ := betas[0].(float64)
	b2, _ := betas[1].(float64)
	r.optimise(&nn.Adam{Beta1: b1, Beta2: b2, Eps: r.number("eps", 0), WeightDecay: r.number("weight_decay", 0)}, []string{"exp_avg_after", "exp_avg_sq_after"})
}

// optimise feeds the stored gradients through a tape (the gradient of Σ p·g is g) and compares
// parameters and slots after every step.
func (r *run) optimise(opt nn.Optimizer, slots []string) {
	start := r.array("param")
	p := r.ps.Add("param", start.dims...)
	if err := p.Set(r.st, narrow(start.data)); err != nil {
		r.Fatal(err)
	}
	rows, dim := start.dims[0], len(start.data)/start.dims[0]
	grads := r.array("grads")
	n := len(start.data)
	table := nn.Weight{P: p, V: tensor.NewWeight(p.Value(), 1, 1, rows, dim)}
	index := make([]int, rows)
	for i := range index {
		index[i] = i
	}
	slice := func(name string, s int) []float64 { return r.array(name).data[s*n : (s+1)*n] }
	for s := range grads.dims[0] {
		r.begin(nn.NormTrain)
		out := r.tape.Embedding(table, index...)
		r.tape.Seed(out, narrow(grads.data[s*n:(s+1)*n]))
		r.tape.Backward()
		opt.Step(r.st, r.ps, r.number("lr", 0))
		r.compare("param_after", slice("param_after", s), p.Get(r.st))
		for i, name := range slots {
			got := r.ps.Snapshot(r.st).Slots[i]["param"]
			r.floor = 1e-9 // second moments are small
			r.compare(name, slice(name, s), got)
			r.floor = 1e-6
		}
	}
}
