package danas

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// heatmap is a table of numbers as shades of a colour.
type heatmap struct {
	title, under string
	rows         []string
	values       [][]float64 // by row, equally long
	top          float64     // the darkest
}

// Sizes in pixels.
const (
	labelWidth = 150
	plotWidth  = 480
	headHeight = 30
)

// rowHeight leaves room for names where there are few.
func rowHeight(n int) float64 { return max(4, min(18, 900/float64(max(n, 1)))) }

// svg draws the table.
func (h *heatmap) svg() []byte {
	height := rowHeight(len(h.rows))
	b := begin(h.title, headHeight+height*float64(len(h.rows))+headHeight)
	for r, row := range h.values {
		y := headHeight + height*float64(r)
		name(b, h.rows[r], y, height)
		cell := plotWidth / float64(max(len(row), 1))
		for c, v := range row {
			shade := max(0, min(1, v/max(h.top, 1e-12)))
			if shade == 0 {
				continue
			}
			rect(b, labelWidth+cell*float64(c), y, cell, height, mix(shade))
		}
	}
	text(b, labelWidth, headHeight+height*float64(len(h.rows))+18, 11, h.under)
	return end(b)
}

// strips are shares of candidates over time, a strip per row.
type strips struct {
	title   string
	rows    []string
	labels  []string
	courses [][][]float64 // by row and time, one share per candidate
	marks   []int         // times between which something else holds
}

// svg draws the strips.
func (s *strips) svg() []byte {
	const height = 34
	total := float64(len(s.rows)*height + 2*headHeight)
	b := begin(s.title, total)
	for r, course := range s.courses {
		y := float64(headHeight + height*r)
		name(b, s.rows[r], y, height)
		step := plotWidth / float64(max(len(course), 1))
		for k, shares := range course {
			at := y + 2
			for c, share := range shares {
				tall := share * (height - 4)
				if tall > 0.05 {
					rect(b, labelWidth+step*float64(k), at, step, tall, candidateColour(c))
				}
				at += tall
			}
		}
		for _, m := range s.marks {
			rect(b, labelWidth+step*float64(m)-0.5, y+2, 1, height-4, "#000000")
		}
	}
	for c, label := range s.labels {
		x := labelWidth + float64(c)*plotWidth/float64(len(s.labels))
		rect(b, x, total-22, 10, 10, candidateColour(c))
		text(b, x+13, total-13, 10, label)
	}
	return end(b)
}

// candidateColour tells neighbours apart, for colour-blind eyes as well.
func candidateColour(c int) string {
	palette := [...]string{"#1f77b4", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#555555",
		"#f0e442"}
	return palette[c%len(palette)]
}

// mix is a shade between white and dark blue.
func mix(shade float64) string {
	at := func(dark float64) int { return int(255 + shade*(dark-255) + 0.5) }
	return fmt.Sprintf("#%02x%02x%02x", at(8), at(48), at(107))
}

func begin(title string, height float64) *bytes.Buffer {
	b := &bytes.Buffer{}
	width := labelWidth + plotWidth + 10
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" `+
		`font-family="sans-serif">`+"\n", width, height, width, height)
	fmt.Fprintf(b, `<rect width="%d" height="%.0f" fill="#ffffff"/>`+"\n", width, height)
	text(b, labelWidth, 18, 13, title)
	return b
}

func end(b *bytes.Buffer) []byte {
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// name writes the name of a row, where there is room for it.
func name(b *bytes.Buffer, s string, y, height float64) {
	if height < 6 {
		return
	}
	size := min(11, height-1)
	if runes := []rune(s); len(runes) > 24 {
		s = string(runes[:23]) + "…"
	}
	text(b, 4, y+height/2+size/3, size, s)
}

func text(b *bytes.Buffer, x, y, size float64, s string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="%.1f">`, x, y, size)
	_ = xml.EscapeText(b, []byte(s)) // a Buffer has room
	b.WriteString("</text>\n")
}

func rect(b *bytes.Buffer, x, y, w, h float64, fill string) {
	fmt.Fprintf(b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"/>`+"\n", x, y, w, h, fill)
}
