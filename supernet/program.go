package supernet

import (
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// opcode is what an instruction of a program does.
type opcode uint8

const (
	runConv     opcode = iota // convolution or linear layer with bias, then act
	runConvNorm               // convolution, batch normalisation, act
	runNorm                   // batch normalisation, act
	runAct
	runAdd // sum of two, then act
	runScale
	runConcat
	runSlice
	runShuffle
	runDropout
	runGlobalPool
	runAvgPool
	runMaxPool
	runCopy    // the same value under another slot: flatten
	runMix     // sum of many, each times its element of bias
	runMixNorm // mix, batch normalisation, act
	runOnes    // a one for every image
	runFit     // the first channels, or zeros after them
)

// instr is one step of a program. Values live in slots numbered as the nodes of the graph.
type instr struct {
	op     opcode
	a, b   int
	out    int
	many   []int // operands of a concat or mix
	weight nn.Weight
	bias   nn.Vector
	norm   nn.BatchNorm
	index  int // of the batch normalisation, or number of channels
	conv   tensor.ConvSpec
	pool   tensor.PoolSpec
	act    tensor.Act
	rate   float64
	free   []int // slots that nothing reads later
}

// program is a lowered network bound to stored weights.
type program struct {
	arch    searchspace.Arch
	graph   *searchspace.Graph
	code    []instr
	norms   []*searchspace.Node // batch normalisations in order
	gauge   int                 // instructions up to the last batch normalisation
	widest  int                 // floats of the largest activation of an image
	feature int                 // slots
	logits  int
}

// runner is what one goroutine needs to run programs.
type runner struct {
	tape   *nn.Tape
	slots  []nn.Value
	rows   []float32 // downloaded logits
	ops    []nn.Value
	pixels []float32 // images to be answered
}

func newRunner(b tensor.Backend) *runner { return &runner{tape: nn.NewTape(b.NewStream())} }

// pass says how a program runs beside what nn.Step says.
type pass struct {
	stats []*nn.Stats // one per batch normalisation; nil for the shared ones
	// held says that running statistics stay where scale and shift are frozen.
	held bool
	// frozenStats is used by those normalisations: their statistics are then those of the batch.
	// When nil they use their running statistics.
	frozenStats []*nn.Stats
	limit       int // number of instructions to run; 0 for all
	watch       *nodeWatch
}

// run runs the program on an input that is on the runner's tape. The values of all slots are in
// r.slots afterwards.
func (p *program) run(r *runner, x nn.Value, how pass) {
	t := r.tape
	if n := len(p.graph.Nodes); cap(r.slots) < n {
		r.slots = make([]nn.Value, n)
	}
	r.slots = r.slots[:len(p.graph.Nodes)]
	r.slots[0] = x
	code := p.code
	if how.limit > 0 {
		code = code[:how.limit]
	}
	if how.watch != nil {
		how.watch.start(len(r.slots))
	}
	for i := range code {
		in := &code[i]
		var y nn.Value
		a := r.slots[in.a]
		switch in.op {
		case runConv:
			y = t.Conv(a, in.weight, in.bias, in.conv)
			if in.act != tensor.ActNone {
				c := y
				y = t.Act(c, in.act)
				t.Release(c)
			}
		case runConvNorm:
			y = t.ConvNormAct(a, in.weight, in.conv, how.norm(in), in.act)
		case runNorm:
			y = t.BatchNormAct(a, how.norm(in), in.act)
		case runAct:
			y = t.Act(a, in.act)
		case runAdd:
			y = t.Add(a, r.slots[in.b], in.act)
		case runScale:
			y = t.ScaleChannels(a, r.slots[in.b])
		case runConcat:
			y = t.Concat(r.operands(in)...)
		case runSlice:
			y = t.Slice(a, in.b, in.index)
		case runShuffle:
			y = t.Shuffle(a, in.conv.Groups)
		case runDropout:
			y = t.Dropout(a, in.rate)
		case runGlobalPool:
			y = t.GlobalAvgPool(a)
		case runAvgPool:
			y = t.AvgPool(a, in.pool)
		case runMaxPool:
			y = t.MaxPool(a, in.pool)
		case runCopy:
			y = a
		case runMix:
			y = t.Mix(r.operands(in), in.bias)
		case runMixNorm:
			y = t.MixNormAct(r.operands(in), in.bias, how.norm(in), in.act)
		case runOnes:
			y = t.Constant(t.Stream().Fill(tensor.Vector(t.Shape(a).N, 1), 1))
		case runFit:
			y = r.fit(a, in.index)
		}
		r.slots[in.out] = y
		if how.watch != nil {
			how.watch.stop(t, in.out)
		}
		for _, s := range in.free {
			t.Release(r.slots[s])
		}
	}
}

// norm is the batch normalisation of an instruction with the statistics that the pass wants.
func (how *pass) norm(in *instr) nn.BatchNorm {
	bn := in.norm
	if how.stats != nil {
		bn.Stats = how.stats[in.index]
	}
	if how.held && bn.Gamma.P.Frozen() {
		if how.frozenStats != nil {
			bn.Stats = how.frozenStats[in.index]
		} else {
			bn.Frozen = true
		}
	}
	return bn
}

// operands is the values that an instruction with many operands reads.
func (r *runner) operands(in *instr) []nn.Value {
	r.ops = r.ops[:0]
	for _, s := range in.many {
		r.ops = append(r.ops, r.slots[s])
	}
	return r.ops
}

// fit is the first c channels of a value, or the value with zeros after its channels.
func (r *runner) fit(x nn.Value, c int) nn.Value {
	t := r.tape
	shape := t.Shape(x)
	if shape.C >= c {
		return t.Slice(x, 0, c)
	}
	shape.C = c - shape.C
	return t.Concat(x, t.Constant(t.Stream().Fill(shape, 0)))
}
