package transfer

import (
	"bytes"
	"fmt"
	"html"
	"unicode/utf8"
)

// confusionSVG draws a confusion matrix: a row for each true class, a column for each answer, cells
// as dark as their share of the row. Counts are written where there is room for them.
func confusionSVG(classes []string, matrix [][]int) []byte {
	n := len(classes)
	cell, font := 44, 12
	switch {
	case n > 100:
		cell, font = 6, 6
	case n > 40:
		cell, font = 12, 9
	case n > 15:
		cell, font = 28, 10
	}
	longest := 0
	for _, c := range classes {
		longest = max(longest, utf8.RuneCountInString(c))
	}
	margin := 30 + min(longest, longestName)*font*6/10
	const head = 34
	w, h := margin+n*cell+60, head+margin+n*cell+20
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="sans-serif" font-size="%d">`+"\n", w, h, w, h, font)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", w, h)
	fmt.Fprintf(&b, `<text x="10" y="22" font-size="14" font-weight="bold">%s</text>`+"\n",
		"Confusion matrix: rows true, columns answered")
	top := head + margin
	for i, c := range classes {
		middle := i*cell + cell/2
		name := html.EscapeString(shortened(c))
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", margin-6, top+middle+font/3, name)
		fmt.Fprintf(&b, `<text transform="translate(%d %d) rotate(-60)">%s</text>`+"\n",
			margin+middle+font/3, top-6, name)
	}
	for t, row := range matrix {
		of := 0
		for _, k := range row {
			of += k
		}
		for a, k := range row {
			share := 0.0
			if of > 0 {
				share = float64(k) / float64(of)
			}
			x, y := margin+a*cell, top+t*cell
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" stroke="#ddd">`+
				"<title>%s</title></rect>\n",
				x, y, cell, cell, shade(share, a == t), html.EscapeString(
					fmt.Sprintf("%s answered %s: %d of %d", classes[t], classes[a], k, of)))
			if cell >= 28 && k > 0 {
				ink := "#222"
				if share > 0.6 {
					ink = "white"
				}
				fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="%s">%d</text>`+"\n", x+cell/2,
					y+cell/2+font/3, ink, k)
			}
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// shade is blue on the diagonal and red elsewhere, white at 0.
func shade(share float64, right bool) string {
	full := [3]float64{178, 24, 43}
	if right {
		full = [3]float64{33, 102, 172}
	}
	var c [3]int
	for i, v := range full {
		c[i] = int(255 + share*(v-255))
	}
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}

// longestName is how much of a class name pictures show.
const longestName = 18

// shortened is a class name that fits into a picture.
func shortened(name string) string {
	r := []rune(name)
	if len(r) <= longestName {
		return name
	}
	return string(r[:longestName-1]) + "…"
}
