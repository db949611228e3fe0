package searchspace

import (
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"
)

// drawnBlock is what a picture shows of one block.
type drawnBlock struct {
	stage, layer int
	kernel       int     // largest of its convolutions
	ratio        float64 // widest of those with that kernel, by the block's input
	channels     int
	inH, outH    int
	excite       bool
	// What else can differ: a residual sum is a node without either cost.
	nodes         int
	madds, params int64
}

// blocksOf summarises the blocks of g in network order, and what is outside of them; layer counts
// the blocks of a stage.
func blocksOf(g *Graph) (out []drawnBlock, rest drawnBlock) {
	last := ""
	inC := 0
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Block == "" {
			last = ""
			rest.count(n)
			continue
		}
		if n.Block != last {
			b := drawnBlock{stage: n.Stage, inH: n.In.H}
			if k := len(out); k > 0 && out[k-1].stage == n.Stage {
				b.layer = out[k-1].layer + 1
			}
			out = append(out, b)
			last, inC = n.Block, n.In.C
		}
		b := &out[len(out)-1]
		if n.Op == OpConv && (n.In.H > 1 || b.inH == 1) {
			ratio := float64(n.Out.C) / float64(max(inC, 1))
			switch {
			case n.Kernel > b.kernel:
				b.kernel, b.ratio = n.Kernel, ratio
			case n.Kernel == b.kernel:
				b.ratio = max(b.ratio, ratio)
			}
		}
		b.excite = b.excite || n.Op == OpMul
		b.channels, b.outH = n.Out.C, n.Out.H
		b.count(n)
	}
	return out, rest
}

func (b *drawnBlock) count(n *Node) {
	b.nodes++
	b.madds += n.MAdds()
	b.params += n.Params()
}

// Sizes of the drawing, in pixels.
const (
	svgColumn = 30
	svgBox    = 22
	svgGap    = 14 // between stages
	svgLeft   = 16
	svgRow    = 150
	svgBase   = 112 // of a row, where boxes stand
	svgTop    = 30
)

// WriteSVG draws architectures of s one above the other, as Fig. 4 of the AdaXpert paper does: a
// box per block, coloured by kernel size, as high as the expansion ratio, stages side by side with
// a mark where the resolution drops. Blocks stand in the same column in every row; with two or more
// architectures, blocks that differ from the row above have a thick outline and missing ones a
// dotted one; the heading says when layers outside the blocks (stem, head) differ.
func WriteSVG(w io.Writer, s *Space, archs ...Arch) error {
	if w == nil || s == nil {
		return fmt.Errorf("searchspace: nothing to draw, or nothing to draw into, expected a space and a writer")
	}
	if len(archs) == 0 {
		return fmt.Errorf("searchspace: no architecture to draw")
	}
	rows := make([]svgRowData, len(archs))
	slots := map[int]int{} // largest number of blocks per stage
	stages := 0
	for i, a := range archs {
		g, err := s.Lower(a)
		if err != nil {
			return err
		}
		blocks, rest := blocksOf(g)
		rows[i] = svgRowData{cost: g.Cost(), text: s.Format(a), rest: rest, blocks: map[[2]int]drawnBlock{}}
		stages = max(stages, g.Stages)
		for _, b := range blocks {
			rows[i].blocks[[2]int{b.stage, b.layer}] = b
			slots[b.stage] = max(slots[b.stage], b.layer+1)
		}
	}
	p := &svgPage{left: map[int]int{}, slots: slots}
	x := svgLeft
	for st := 0; st <= stages+1; st++ {
		p.left[st] = x
		if slots[st] > 0 {
			x += slots[st]*svgColumn + svgGap
		}
	}
	p.height = svgTop + svgRow*len(archs) + 16
	p.width = max(x, p.legend(s.Name(), len(rows))) + svgLeft
	for i := range rows {
		var above *svgRowData
		if i > 0 {
			above = &rows[i-1]
		}
		p.row(svgTop+i*svgRow, &rows[i], above, stages)
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="10">
<rect width="100%%" height="100%%" fill="#fff"/>
%s</svg>
`, p.width, p.height, p.width, p.height, p.body.String())
	if err != nil {
		return fmt.Errorf("searchspace: writing the picture: %w", err)
	}
	return nil
}

// svgRowData is one architecture of the picture; blocks by stage and layer.
type svgRowData struct {
	cost   Cost
	text   string
	rest   drawnBlock // layers outside blocks
	blocks map[[2]int]drawnBlock
}

// svgPage collects the elements.
type svgPage struct {
	body          strings.Builder
	width, height int
	left          map[int]int // x of each stage
	slots         map[int]int
}

func kernelColour(k int) string {
	switch k {
	case 1:
		return "#b8bcc4"
	case 3:
		return "#6ba6d6"
	case 5:
		return "#f0a94c"
	case 7:
		return "#c8555b"
	}
	return "#7d6bb3"
}

func (p *svgPage) text(x, y int, extra, s string) {
	fmt.Fprintf(&p.body, "<text x=\"%d\" y=\"%d\"%s>%s</text>\n", x, y, extra, html.EscapeString(s))
}

// legend returns where it ends, as far as can be told without a font.
func (p *svgPage) legend(name string, rows int) int {
	x := svgLeft
	p.text(x, 16, ` font-weight="bold"`, name)
	x += 8*len(name) + 12
	for _, k := range []int{1, 3, 5, 7} {
		fmt.Fprintf(&p.body, "<rect x=\"%d\" y=\"7\" width=\"11\" height=\"11\" fill=\"%s\"/>\n", x, kernelColour(k))
		p.text(x+15, 16, "", strconv.Itoa(k)+"×"+strconv.Itoa(k))
		x += 44
	}
	fmt.Fprintf(&p.body, "<circle cx=\"%d\" cy=\"12\" r=\"2.5\" fill=\"#fff\" stroke=\"#333\" stroke-width=\"0.7\"/>\n", x+4)
	p.text(x+10, 16, "", "squeeze-and-excitation")
	text := "height: expansion"
	if rows > 1 {
		text += "; thick: differs from above; dotted: missing"
	}
	p.text(x+150, 16, "", text)
	return x + 150 + 7*len(text)
}

// row draws one architecture with its top at y.
func (p *svgPage) row(y int, r, above *svgRowData, stages int) {
	heading := fmt.Sprintf("%.1f M multiply-adds, %.2f M parameters", float64(r.cost.MAdds)/1e6, float64(r.cost.Params)/1e6)
	if above != nil && above.rest != r.rest {
		heading += "; layers outside the blocks differ from above"
	}
	p.text(svgLeft, y+14, "", heading)
	fmt.Fprintf(&p.body, "<g><title>%s</title>\n", html.EscapeString(r.text))
	base := y + svgBase
	for st := 0; st <= stages+1; st++ {
		if p.slots[st] == 0 {
			continue
		}
		x := p.left[st]
		if st >= 1 && st <= stages {
			p.text(x, base+26, ` fill="#555"`, "stage "+strconv.Itoa(st))
		}
		fmt.Fprintf(&p.body, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#999\"/>\n", x-3, base, x+p.slots[st]*svgColumn-5, base)
		for l := range p.slots[st] {
			b, ok := r.blocks[[2]int{st, l}]
			p.block(x+l*svgColumn, base, b, ok, above, [2]int{st, l})
		}
	}
	p.body.WriteString("</g>\n")
}

// block draws one box standing on base, or the place of a missing one.
func (p *svgPage) block(x, base int, b drawnBlock, present bool, above *svgRowData, key [2]int) {
	if !present {
		fmt.Fprintf(&p.body, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"18\" fill=\"none\" stroke=\"#bbb\" stroke-dasharray=\"2 2\"/>\n", x, base-18, svgBox)
		return
	}
	height := min(80, int(12+10*b.ratio))
	outline := `stroke="#555" stroke-width="0.6"`
	if above != nil {
		if old, had := above.blocks[key]; !had || old != b {
			outline = `stroke="#111" stroke-width="2.2"`
		}
	}
	fmt.Fprintf(&p.body, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" fill=\"%s\" %s><title>%d×%d, expansion %.3g, %d channels at %d×%d</title></rect>\n",
		x, base-height, svgBox, height, kernelColour(b.kernel), outline, b.kernel, b.kernel, b.ratio, b.channels, b.outH, b.outH)
	if b.excite {
		fmt.Fprintf(&p.body, "<circle cx=\"%d\" cy=\"%d\" r=\"2.5\" fill=\"#fff\" stroke=\"#333\" stroke-width=\"0.7\"/>\n", x+svgBox/2, base-6)
	}
	p.text(x+svgBox/2, base-height-3, ` text-anchor="middle" font-size="8" fill="#333"`, fmt.Sprintf("%.2g", b.ratio))
	if b.outH != b.inH {
		fmt.Fprintf(&p.body, "<path d=\"M%d %d v-88\" stroke=\"#2a7\" stroke-dasharray=\"4 2\" fill=\"none\"/>\n", x-4, base)
		p.text(x-2, base+12, ` fill="#2a7" font-size="8"`, fmt.Sprintf("%d→%d", b.inH, b.outH))
	}
}
