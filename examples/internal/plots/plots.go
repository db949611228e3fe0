// Package plots draws the pictures of the example programs: curves over snapshots and over
// proposals, as PNG or SVG files.
package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Series is one named curve. X may be nil: the points then stand at 1, 2, 3, … Points that are not
// finite are left out.
type Series struct {
	Name string
	X, Y []float64
	// Dots draws the points without joining them.
	Dots bool
}

// Figure is one set of axes.
type Figure struct {
	Title, XLabel, YLabel string
	Series                []Series
	// XTicks names the values 1, 2, 3, … on the horizontal axis; nil leaves numbers.
	XTicks []string
	// YFromZero starts the vertical axis at zero.
	YFromZero bool
}

// Size of a saved figure.
const (
	width  = 16 * vg.Centimeter
	height = 10 * vg.Centimeter
)

// colours are readable for colour-blind eyes as well.
func colours(i int) color.Color {
	palette := [...]color.NRGBA{
		{0x1f, 0x77, 0xb4, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff},
		{0xcc, 0x79, 0xa7, 0xff}, {0x55, 0x55, 0x55, 0xff}, {0xe6, 0x9f, 0x00, 0xff},
		{0x56, 0xb4, 0xe9, 0xff}, {0x80, 0x3d, 0x1f, 0xff},
	}
	return palette[i%len(palette)]
}

// Render returns the figure in the format named by ext, "png" or "svg". The same figure always
// gives the same bytes.
func Render(f Figure, ext string) ([]byte, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = f.Title, f.XLabel, f.YLabel
	p.BackgroundColor = color.White
	p.Title.Padding = vg.Points(4)
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	drawn := 0
	for i, s := range f.Series {
		pts, err := points(s)
		if err != nil {
			return nil, fmt.Errorf("series %q: %w", s.Name, err)
		}
		if len(pts) == 0 {
			continue
		}
		drawn++
		if err := add(p, s, pts, i, len(f.Series) > 1); err != nil {
			return nil, fmt.Errorf("series %q: %w", s.Name, err)
		}
	}
	if drawn == 0 {
		return nil, fmt.Errorf("figure %q has no finite point", f.Title)
	}
	if f.XTicks != nil {
		ticks := make([]plot.Tick, len(f.XTicks))
		for i, l := range f.XTicks {
			ticks[i] = plot.Tick{Value: float64(i + 1), Label: l}
		}
		p.X.Tick.Marker = plot.ConstantTicks(ticks)
		p.X.Min, p.X.Max = min(p.X.Min, 0.8), max(p.X.Max, float64(len(ticks))+0.2)
	}
	if drawn > 1 { // room for the legend above the curves
		p.Y.Max += 0.06 * float64(drawn+1) * (p.Y.Max - p.Y.Min)
	}
	if f.YFromZero {
		p.Y.Min = min(p.Y.Min, 0)
	}
	w, err := p.WriterTo(width, height, ext)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if _, err := w.WriteTo(&buf); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// Ext returns the format a file name asks for.
func Ext(path string) string { return strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".") }

func points(s Series) (plotter.XYs, error) {
	if s.X != nil && len(s.X) != len(s.Y) {
		return nil, fmt.Errorf("%d horizontal and %d vertical values", len(s.X), len(s.Y))
	}
	var pts plotter.XYs
	for i, y := range s.Y {
		x := float64(i + 1)
		if s.X != nil {
			x = s.X[i]
		}
		if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		pts = append(pts, plotter.XY{X: x, Y: y})
	}
	return pts, nil
}

func add(p *plot.Plot, s Series, pts plotter.XYs, i int, named bool) error {
	var thumbs []plot.Thumbnailer
	if s.Dots || len(pts) <= 40 {
		sc, err := plotter.NewScatter(pts)
		if err != nil {
			return err
		}
		sc.Color, sc.Shape, sc.Radius = colours(i), draw.CircleGlyph{}, vg.Points(2)
		p.Add(sc)
		thumbs = append(thumbs, sc)
	}
	if !s.Dots {
		l, err := plotter.NewLine(pts)
		if err != nil {
			return err
		}
		l.Color, l.Width = colours(i), vg.Points(1.5)
		p.Add(l)
		thumbs = append(thumbs, l)
	}
	if named && s.Name != "" {
		p.Legend.Add(s.Name, thumbs...)
	}
	return nil
}

// MovingMean returns the mean of each value and the n-1 values before it, as many as there are.
func MovingMean(y []float64, n int) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		from := max(0, i-n+1)
		sum := 0.0
		for _, v := range y[from : i+1] {
			sum += v
		}
		out[i] = sum / float64(i+1-from)
	}
	return out
}
