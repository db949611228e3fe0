package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// samplesPer is how many samples of hw rows make a chunk of about rows rows.
func samplesPer(rows, hw, n int) int { return min(max(rows/hw, 1), n) }

// frame is one sample's plane among zeros. Its border is cleared once per chunk; the samples of a
// chunk overwrite the inside.
type frame struct {
	mem              []float32
	width, height    int // of the frame, in vectors
	left, top        int
	insideW, insideH int
}

// newFrame clears the border around w×h vectors.
func newFrame(mem []float32, w, h, left, top, right, bottom int) frame {
	f := frame{mem: mem, width: left + w + right, height: top + h + bottom, left: left, top: top, insideW: w,
		insideH: h}
	start := 0
	for y := range h {
		end := ((top+y)*f.width + left) * block
		clear(mem[start:end])
		start = end + w*block
	}
	clear(mem[start : f.width*f.height*block])
	return f
}

// inside is the address of the first vector of the sample.
func (f *frame) inside() unsafe.Pointer { return kernel.PtrAt(f.mem, (f.top*f.width+f.left)*block) }

// fill loads rows of a sample of plane b from row y on.
func (f *frame) fill(path kernel.Path, ch *kernel.Chan, n *node, b, sample, y int) {
	if f.insideH > 0 {
		n.fetchImage(path, ch, f.inside(), b, sample, y, f.insideH, (f.width-f.insideW)*block*4)
	}
}

// window is the rows of an image that output rows [y0, y1) look at: height rows, of which
// [first, last) exist and come after top rows of padding.
type window struct{ height, top, first, last int }

func newWindow(y0, y1, stride, lead, kernelHeight, imageHeight int) window {
	begin := y0*stride - lead
	w := window{height: (y1-y0-1)*stride + kernelHeight}
	w.first = min(max(begin, 0), imageHeight)
	w.last = max(min(begin+w.height, imageHeight), w.first)
	w.top = min(w.first-begin, w.height)
	return w
}

// bandRows is the output rows of an image of out that are computed at once where nothing but time
// depends on it: parts of what the caches hold, and several for the processors to share.
func bandRows(out, in tensor.Shape) int {
	bands := ceilDiv(max(in.H*in.W, out.H*out.W), 2*chunkRows)
	return ceilDiv(out.H, bands)
}
