package searchspace

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String is a table of the network, a line for every node and one for the sum: name, operation,
// output shape, parameters and multiply-adds per image. See Cost for what is counted.
func (g *Graph) String() string {
	rows := [][]string{{"layer", "operation", "output", "parameters", "multiply-adds"}}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		rows = append(rows, []string{n.Name, n.operation(), n.Out.String(), count(n.Params()),
			count(n.MAdds())})
	}
	c := g.Cost()
	rows = append(rows, []string{"total", "", "", strconv.FormatInt(c.Params, 10),
		strconv.FormatInt(c.MAdds, 10)})
	return align(rows)
}

// operation names what n does with the numbers that matter: "Conv2d k3 s2 g16", "Activation relu".
// Padding is told where there is more after the map than before it: "p0+1".
func (n *Node) operation() string {
	var b strings.Builder
	b.WriteString(n.Op.String())
	switch n.Op {
	case OpConv, OpAvgPool, OpMaxPool:
		fmt.Fprintf(&b, " k%d s%d", n.Kernel, n.Stride)
		if n.PadExtra > 0 {
			fmt.Fprintf(&b, " p%d+%d", n.Pad, n.PadExtra)
		}
	case OpAct:
		b.WriteString(" " + n.Act.String())
	case OpSlice:
		fmt.Fprintf(&b, " from %d", n.Offset)
	case OpDropout:
		fmt.Fprintf(&b, " %v", n.Rate)
	}
	if n.Groups > 1 {
		fmt.Fprintf(&b, " g%d", n.Groups)
	}
	return b.String()
}

// count is v, or nothing for 0.
func count(v int64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatInt(v, 10)
}

// align writes rows of equal length in columns, the first two to the left and the others, which are
// numbers, to the right.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for k, cell := range row {
			widths[k] = max(widths[k], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for k, cell := range row {
			space := strings.Repeat(" ", widths[k]-utf8.RuneCountInString(cell))
			if k > 0 {
				line.WriteString("  ")
			}
			if k < 2 {
				line.WriteString(cell + space)
			} else {
				line.WriteString(space + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
