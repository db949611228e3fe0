// Package archdraw draws a sequence of architectures side by side as SVG, one column per snapshot
// and one box per layer, so that layers which come, go or change between snapshots can be seen at a
// glance, as in Fig. 4 of the AdaXpert paper.
package archdraw

import (
	"bytes"
	"fmt"
	"html"

	"github.com/tendril-nas/tendril/searchspace"
)

// Layer is one searched block: its kernel size and its expand ratio.
type Layer struct{ Kernel, Expand int }

// Column is one architecture: units of layers from the input to the output.
type Column struct {
	// Title and Notes stand above the boxes.
	Title string
	Notes []string
	Units [][]Layer
}

// NewColumn is the column of an architecture of a space whose stages have a depth and whose layers,
// or stages, have a kernel size and an expand ratio.
func NewColumn(space *searchspace.Space, a searchspace.Arch, title string, notes ...string) Column {
	c := Column{Title: title, Notes: notes}
	for i, d := range space.Decisions() {
		if d.Stage < 1 || d.Values == nil {
			continue
		}
		for len(c.Units) < d.Stage {
			c.Units = append(c.Units, nil)
		}
		value := d.Values[a.At(i)]
		switch unit := c.Units[d.Stage-1]; d.Kind {
		case searchspace.KindDepth:
			c.Units[d.Stage-1] = make([]Layer, value)
		case searchspace.KindKernel:
			each(unit, d.Layer, func(l *Layer) { l.Kernel = value })
		case searchspace.KindExpand:
			each(unit, d.Layer, func(l *Layer) { l.Expand = value })
		}
	}
	return c
}

// each changes a layer of a unit, if it is there, or all of them for -1.
func each(unit []Layer, layer int, change func(*Layer)) {
	for i := range unit {
		if layer < 0 || i == layer {
			change(&unit[i])
		}
	}
}

// Geometry in pixels.
const (
	boxW, boxH  = 110, 22
	gapX, gapY  = 42, 6
	unitGap     = 16
	left, top   = 64, 24
	lineH       = 15
	legendSpace = 46
)

// SVG draws the columns. Boxes are coloured by kernel and as wide as their expand ratio says; a
// thick frame marks a layer that is new or changed against the column before, a dashed empty box
// one that was removed.
func SVG(title string, columns []Column) []byte {
	var b bytes.Buffer
	rows, notes, units := extent(columns)
	header := top + lineH*(2+notes)
	w := left + len(columns)*(boxW+gapX) + 10
	h := header + rows*(boxH+gapY) + units*unitGap + legendSpace
	w = max(w, 520)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", w, h)
	text(&b, left, top-6, "start", title, ` font-size="14" font-weight="bold"`)
	depth := deepest(columns)
	for i, c := range columns {
		x := left + i*(boxW+gapX)
		text(&b, x+boxW/2, top+lineH, "middle", c.Title, ` font-weight="bold"`)
		for j, n := range c.Notes {
			text(&b, x+boxW/2, top+lineH*(2+j), "middle", n, ` fill="#555"`)
		}
		var before [][]Layer
		if i > 0 {
			before = columns[i-1].Units
		}
		y := header
		for u := range depth {
			if i == 0 {
				text(&b, 8, y+boxH/2+4, "start", fmt.Sprintf("unit %d", u+1), ` fill="#555"`)
			}
			for l := range depth[u] {
				drawSlot(&b, x, y, at(c.Units, u, l), at(before, u, l), i > 0)
				y += boxH + gapY
			}
			y += unitGap
		}
	}
	legend(&b, h-legendSpace+20)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func extent(columns []Column) (rows, notes, units int) {
	d := deepest(columns)
	for _, n := range d {
		rows += n
	}
	for _, c := range columns {
		notes = max(notes, len(c.Notes))
	}
	return rows, notes, len(d)
}

// deepest gives, per unit, the largest depth over all columns, so that equal slots stand in one
// row.
func deepest(columns []Column) []int {
	var d []int
	for _, c := range columns {
		for u, layers := range c.Units {
			if u == len(d) {
				d = append(d, 0)
			}
			d[u] = max(d[u], len(layers))
		}
	}
	return d
}

// at returns the layer in a slot, or nil.
func at(units [][]Layer, u, l int) *Layer {
	if u >= len(units) || l >= len(units[u]) {
		return nil
	}
	return &units[u][l]
}

func drawSlot(b *bytes.Buffer, x, y int, now, before *Layer, compare bool) {
	if now == nil {
		if before != nil {
			bw := boxWidth(before.Expand)
			fmt.Fprintf(b, `<rect class="removed" x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#999" stroke-dasharray="3 3"/>`+"\n", x+(boxW-bw)/2, y, bw, boxH)
		}
		return
	}
	class, stroke, thick := "same", "#777", 1
	if compare && before == nil {
		class, stroke, thick = "added", "#009e73", 3
	} else if compare && *before != *now {
		class, stroke, thick = "changed", "#d55e00", 3
	}
	bw := boxWidth(now.Expand)
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="3" fill="%s" stroke="%s" stroke-width="%d"/>`+"\n",
		class, x+(boxW-bw)/2, y, bw, boxH, fill(now.Kernel), stroke, thick)
	text(b, x+boxW/2, y+boxH/2+4, "middle", fmt.Sprintf("K%d E%d", now.Kernel, now.Expand), "")
}

func boxWidth(expand int) int { return min(boxW, 44+11*max(expand, 0)) }

func fill(kernel int) string {
	switch {
	case kernel <= 3:
		return "#deebf7"
	case kernel <= 5:
		return "#9ecae1"
	default:
		return "#6baed6"
	}
}

func legend(b *bytes.Buffer, y int) {
	x := left
	for _, k := range []int{3, 5, 7} {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="16" height="14" fill="%s" stroke="#777"/>`+"\n", x, y-11,
			fill(k))
		text(b, x+20, y, "start", fmt.Sprintf("kernel %d", k), "")
		x += 82
	}
	for _, m := range [][2]string{{"added", "#009e73"}, {"changed", "#d55e00"}} {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="16" height="14" fill="white" stroke="%s" stroke-width="3"/>`+"\n", x, y-11, m[1])
		text(b, x+22, y, "start", m[0], "")
		x += 82
	}
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="16" height="14" fill="none" stroke="#999" stroke-dasharray="3 3"/>`+"\n", x, y-11)
	text(b, x+22, y, "start", "removed", "")
}

func text(b *bytes.Buffer, x, y int, anchor, s, attrs string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="%s"%s>%s</text>`+"\n", x, y, anchor, attrs,
		html.EscapeString(s))
}
