package transfer

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/tendril-nas/tendril/examples/internal/data"
)

// Geometry of the contact sheet, pixels.
const (
	tile     = 150
	gap      = 12
	caption  = 48
	perRow   = 6
	fontSize = 12
)

// sheet draws the worst images as PNG, each with its true class, the answer, and the probabilities
// of both.
func (e *engine) sheet(list []Worst) ([]byte, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: fontSize, DPI: 72})
	if err != nil {
		return nil, err
	}
	defer face.Close()
	rows := (len(list) + perRow - 1) / perRow
	canvas := image.NewRGBA(image.Rect(0, 0, gap+perRow*(tile+gap), gap+rows*(tile+caption+gap)))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	for k, v := range list {
		x, y := gap+k%perRow*(tile+gap), gap+k/perRow*(tile+caption+gap)
		img, err := data.Picture(e.images.test, v.Index)
		if err != nil {
			return nil, err
		}
		draw.CatmullRom.Scale(canvas, image.Rect(x, y, x+tile, y+tile), img, img.Bounds(), draw.Src, nil)
		for i, line := range []struct {
			text string
			ink  color.Color
		}{
			{shortened(v.True) + " " + percent(v.Probability), color.RGBA{33, 102, 172, 255}},
			{shortened(v.Answer) + " " + percent(v.Confidence), color.RGBA{178, 24, 43, 255}},
		} {
			d := font.Drawer{Dst: canvas, Src: image.NewUniform(line.ink), Face: face,
				Dot: fixed.P(x, y+tile+(i+1)*(fontSize+4))}
			d.DrawString(line.text)
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, canvas)
	return b.Bytes(), err
}
