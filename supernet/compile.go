package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// compiler turns a graph into a program. Convolution, batch normalisation and activation become one
// instruction where each is the only reader of the one before.
type compiler struct {
	graph   *searchspace.Graph
	store   *store
	coef    *coefficients // of a relaxed graph
	readers []int         // number of nodes that read a node
	fused   []bool
	prog    *program
}

// compile binds a lowered network to the weights of a store.
func compile(arch searchspace.Arch, g *searchspace.Graph, s *store) (*program, error) {
	return compileWith(arch, g, s, nil)
}

// compileWith is compile for a graph that may have the operations of relaxed ones; coef holds their
// coefficients.
func compileWith(arch searchspace.Arch, g *searchspace.Graph, s *store,
	coef *coefficients) (p *program, err error) {
	defer tensor.Recover(&err)
	c := &compiler{
		graph: g, store: s, coef: coef, readers: make([]int, len(g.Nodes)), fused: make([]bool, len(g.Nodes)),
		prog: &program{arch: arch, graph: g, feature: g.Feature(), logits: g.Output()},
	}
	for i := range g.Nodes {
		for _, in := range g.Nodes[i].Inputs {
			c.readers[in]++
		}
		out := g.Nodes[i].Out
		c.prog.widest = max(c.prog.widest, out.H*out.W*out.C)
	}
	c.readers[g.Feature()]++
	c.readers[g.Output()]++
	for i := range g.Nodes {
		if i == 0 || c.fused[i] {
			continue
		}
		if err := c.node(&g.Nodes[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", g.Nodes[i].Name, err)
		}
	}
	c.prog.lifetimes()
	return c.prog, nil
}

// next is the only reader of a node if it has the wanted operation and can be fused.
func (c *compiler) next(n *searchspace.Node, op searchspace.Op) *searchspace.Node {
	if c.readers[n.ID] != 1 {
		return nil
	}
	for i := n.ID + 1; i < len(c.graph.Nodes); i++ {
		m := &c.graph.Nodes[i]
		if slices.Contains(m.Inputs, n.ID) {
			if m.Op == op && len(m.Inputs) == 1 {
				return m
			}
			return nil
		}
	}
	return nil
}

func (c *compiler) node(n *searchspace.Node) error {
	in := instr{out: n.ID}
	if len(n.Inputs) > 0 {
		in.a = n.Inputs[0]
	}
	var err error
	switch n.Op {
	case searchspace.OpConv, searchspace.OpLinear:
		err = c.conv(n, &in)
	case searchspace.OpBatchNorm:
		in.op = runNorm
		err = c.norm(n, &in)
	case searchspace.OpAct:
		in.op = runAct
		in.act, err = activation(n.Act)
	case searchspace.OpAdd:
		in.op = runAdd
		in.b = n.Inputs[1]
		err = c.activate(n, &in)
	case searchspace.OpMul:
		in.op, in.b = runScale, n.Inputs[1]
	case searchspace.OpConcat:
		in.op, in.many = runConcat, n.Inputs
	case searchspace.OpSlice:
		in.op, in.b, in.index = runSlice, n.Offset, n.Out.C
	case searchspace.OpShuffle:
		in.op, in.conv.Groups = runShuffle, n.Groups
	case searchspace.OpDropout:
		in.op, in.rate = runDropout, n.Rate
	case searchspace.OpGlobalAvgPool:
		in.op = runGlobalPool
	case searchspace.OpAvgPool:
		in.op, in.pool = runAvgPool, tensor.PoolSpec{Kernel: n.Kernel, Stride: n.Stride, Pad: n.Pad,
			Ceil: true}
	case searchspace.OpMaxPool:
		in.op, in.pool = runMaxPool, tensor.PoolSpec{Kernel: n.Kernel, Stride: n.Stride, Pad: n.Pad}
	case searchspace.OpFlatten:
		in.op = runCopy
		if n.In.H != 1 || n.In.W != 1 {
			err = fmt.Errorf("flattens %v, expected 1×1 maps", n.In)
		}
	case opMix:
		in.op, in.many, in.bias = runMix, n.Inputs, c.coef.vector(n.Offset, len(n.Inputs))
		if bn := c.next(n, searchspace.OpBatchNorm); bn != nil {
			in.op = runMixNorm
			c.fused[bn.ID] = true
			err = c.norm(bn, &in)
		}
	case opOnes:
		in.op = runOnes
	case opVec:
		in.op, in.weight, in.conv = runConv, c.coef.weight(n.Offset, n.Out.C), tensor.ConvSpec{Stride: 1,
			Groups: 1}
	case opFit:
		in.op, in.index = runFit, n.Out.C
	default:
		err = fmt.Errorf("operation %v has no implementation", n.Op)
	}
	c.prog.code = append(c.prog.code, in)
	return err
}

// conv is a convolution or linear layer with what can be fused to it.
func (c *compiler) conv(n *searchspace.Node, in *instr) (err error) {
	in.op = runConv
	in.conv = tensor.ConvSpec{Stride: 1, Groups: 1}
	if n.Op == searchspace.OpConv {
		in.conv = tensor.ConvSpec{Stride: n.Stride, Pad: n.Pad, PadExtra: n.PadExtra, Groups: n.Groups}
	}
	if in.weight, err = c.store.weight(n); err != nil {
		return err
	}
	if n.Bias {
		if in.bias, err = c.store.vector(n, kindBias); err != nil {
			return err
		}
	} else if bn := c.next(n, searchspace.OpBatchNorm); bn != nil {
		in.op = runConvNorm
		c.fused[bn.ID] = true
		return c.norm(bn, in)
	}
	return c.activate(n, in)
}

func (c *compiler) norm(n *searchspace.Node, in *instr) error {
	bn, err := c.store.norm(n)
	if err != nil {
		return err
	}
	in.norm, in.index = bn, len(c.prog.norms)
	c.prog.norms = append(c.prog.norms, n)
	c.prog.gauge = len(c.prog.code) + 1
	in.out = n.ID
	return c.activate(n, in)
}

// activate fuses the activation that alone reads n.
func (c *compiler) activate(n *searchspace.Node, in *instr) (err error) {
	in.out = n.ID
	if act := c.next(n, searchspace.OpAct); act != nil {
		c.fused[act.ID] = true
		in.out = act.ID
		in.act, err = activation(act.Act)
	}
	return err
}

// lifetimes notes after which instruction a slot is read no more. Flatten and dropout may pass
// their operand on as it is, so they share its life.
func (p *program) lifetimes() {
	alias := make([]int, len(p.graph.Nodes))
	last := make([]int, len(p.graph.Nodes))
	for i := range alias {
		alias[i], last[i] = i, -1
	}
	for i := range p.code {
		in := &p.code[i]
		last[alias[in.a]] = i
		for _, s := range in.operands() {
			last[alias[s]] = i
		}
		if in.op == runCopy || in.op == runDropout {
			alias[in.out] = alias[in.a]
		}
	}
	last[alias[p.feature]], last[alias[p.logits]], last[0] = -1, -1, -1
	for s, i := range last {
		if i >= 0 {
			p.code[i].free = append(p.code[i].free, s)
		}
	}
}

// operands is the slots that an instruction reads beside a.
func (in *instr) operands() []int {
	switch in.op {
	case runAdd, runScale:
		return []int{in.b}
	case runConcat, runMix, runMixNorm:
		return in.many
	}
	return nil
}

// activation translates an activation of a graph.
func activation(a searchspace.Act) (tensor.Act, error) {
	switch a {
	case searchspace.ActNone:
		return tensor.ActNone, nil
	case searchspace.ActReLU:
		return tensor.ActReLU, nil
	case searchspace.ActReLU6:
		return tensor.ActReLU6, nil
	case searchspace.ActHSwish:
		return tensor.ActHSwish, nil
	case searchspace.ActHSigmoid:
		return tensor.ActHSigmoid, nil
	case searchspace.ActSwish:
		return tensor.ActSwish, nil
	case searchspace.ActSigmoid:
		return tensor.ActSigmoid, nil
	}
	return 0, fmt.Errorf("activation %v has no implementation", a)
}
