package searchspace

import "fmt"

// Op is what a Node computes.
type Op uint8

// Operations of a layer graph.
const (
	OpInput         Op = iota // the image
	OpConv                    // convolution, dense, grouped or depthwise (Groups = In.C = Out.C)
	OpBatchNorm               // batch normalisation over N, H, W
	OpAct                     // elementwise activation Node.Act
	OpGlobalAvgPool           // mean over H, W
	OpAvgPool                 // mean over windows of Kernel (ceil mode, padding not counted)
	OpMaxPool                 // maximum over windows of Kernel
	OpLinear                  // matrix product on [N, C]
	OpAdd                     // sum of two inputs of equal shape
	OpConcat                  // channels of all inputs one after the other
	OpShuffle                 // channel shuffle in Groups groups
	OpSlice                   // channels [Offset, Offset+Out.C) of the input
	OpMul                     // x[N,C,H,W] (input 0) times s[N,C,1,1] (input 1)
	OpDropout                 // dropout with probability Rate while training
	OpFlatten                 // [N,C,1,1] seen as [N,C]
)

var opNames = [...]string{"Input", "Conv2d", "BatchNorm2d", "Activation", "GlobalAvgPool", "AvgPool2d",
	"MaxPool2d",
	"Linear", "Add", "Concat", "ChannelShuffle", "Slice", "Mul", "Dropout", "Flatten"}

// String is the name of the operation as per-layer tables print it.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return fmt.Sprintf("Op(%d)", uint8(o))
}

// Act is an elementwise activation function.
type Act uint8

// Activation functions.
const (
	ActNone     Act = iota
	ActReLU         // max(x, 0)
	ActReLU6        // min(max(x, 0), 6)
	ActHSwish       // x·relu6(x+3)/6
	ActHSigmoid     // relu6(x+3)/6
	ActSwish        // x·sigmoid(x)
	ActSigmoid      // 1/(1+exp(−x))
)

var actNames = [...]string{"none", "relu", "relu6", "hswish", "hsigmoid", "swish", "sigmoid"}

// String is the lower-case name of the activation.
func (a Act) String() string {
	if int(a) < len(actNames) {
		return actNames[a]
	}
	return fmt.Sprintf("act(%d)", uint8(a))
}

// Shape is the shape of one image's tensor: channels, height, width.
type Shape struct{ C, H, W int }

// Size is the number of elements, C·H·W.
func (s Shape) Size() int64 { return int64(s.C) * int64(s.H) * int64(s.W) }

// String is "C×H×W".
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.C, s.H, s.W) }

// Node is one operation of a Graph.
type Node struct {
	ID int // index in Graph.Nodes
	Op Op
	// Name is the PyTorch-like path in the lowered network, e.g.
	// "blocks.3.conv.depth_conv.se.fc.reduce"; weights add ".weight", ".bias".
	Name string
	// Site names the place of the weights in the space and is the same in every architecture, e.g.
	// "stage2.layer1.depth_conv.conv".
	Site string
	// Variant tells apart the candidates of a site for single-path sharing, e.g. "k5e4"; empty
	// outside searched blocks.
	Variant string
	// Block is the site of the enclosing block, e.g. "stage2.layer1"; empty outside blocks.
	Block string
	// Stage is 0 before the searched stages, 1..Graph.Stages inside them and Graph.Stages+1 after
	// them.
	Stage  int
	Inputs []int // IDs, all smaller than ID

	Kernel, Stride, Groups int
	Pad                    int // zeros before the first and after the last row and column
	PadExtra               int // further zeros after the last row and column of an OpConv, 0 or 1
	Offset                 int // first channel of an OpSlice
	Bias                   bool
	Act                    Act
	Eps, Momentum          float64 // batch norm
	Rate                   float64 // dropout probability
	In, Out                Shape   // In is the shape of Inputs[0]
}

// Depthwise reports whether n is a convolution with one channel per group.
func (n *Node) Depthwise() bool {
	return n.Op == OpConv && n.Groups > 1 && n.Groups == n.In.C && n.In.C == n.Out.C
}

// Graph is the layer graph of one network. Nodes are in topological order; Nodes[0] is the input
// and the last node holds the logits.
type Graph struct {
	Nodes     []Node
	InputSize int // images are 3×InputSize×InputSize
	Classes   int
	Stages    int // number of searched stages
	feature   int
}

// Feature is the ID of the node whose output is the embedding of an image: the input of the
// classifier, before dropout, shape C×1×1.
func (g *Graph) Feature() int { return g.feature }

// Output is the ID of the node that holds the logits.
func (g *Graph) Output() int { return len(g.Nodes) - 1 }
