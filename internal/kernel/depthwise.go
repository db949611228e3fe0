package kernel

import "unsafe"

// Depthwise describes a depthwise convolution of one plane whose borders the caller has already
// padded: out(y, x) = Σ W(ky, kx)·src(window of (y, x)). Strides are in floats. The same record
// serves the forward pass, the input gradient (flipped weights over the padded output gradient)
// and, with taps of one parity, the input gradient of a strided convolution.
type Depthwise struct {
	Dst, Src, W unsafe.Pointer // W is [KH][KW] vectors of 16
	DstCol      int            // between outputs of a row
	DstRow      int            // between output rows
	SrcCol      int            // between the windows of two outputs of a row
	SrcRow      int            // between rows of one window
	SrcNext     int            // between the windows of two output rows
	Cols, Rows  int
	KW, KH      int

	// When Inside is not 0, rows of Src outside [Top, Top+Inside) hold zeros (Top may be negative);
	// kernel rows that meet only such rows are left out. On the small maps of late layers that is
	// most of a large kernel.
	Top, Inside int
}

func depthwiseGo(a *Depthwise) {
	for y := range a.Rows {
		for x := range a.Cols {
			src := unsafe.Add(a.Src, (y*a.SrcNext+x*a.SrcCol)*4)
			var acc Vec
			for ky := range a.KH {
				for kx := range a.KW {
					w := row(a.W, ky*a.KW+kx)
					s := (*Vec)(unsafe.Add(src, (ky*a.SrcRow+kx*Block)*4))
					for l := range Block {
						acc[l] += w[l] * s[l]
					}
				}
			}
			*(*Vec)(unsafe.Add(a.Dst, (y*a.DstRow+x*a.DstCol)*4)) = acc
		}
	}
}

// DepthwiseGrad describes the weight gradient of one plane: W(ky, kx) += Σ G(y, x)·src(window of
// (y, x))(ky, kx).
type DepthwiseGrad struct {
	G, Src, W  unsafe.Pointer // W is [KH][KW] vectors of 16
	GRow       int
	SrcCol     int
	SrcRow     int
	SrcNext    int
	Cols, Rows int
	KW, KH     int

	Top, Inside int // as in Depthwise
}

func depthwiseGradGo(a *DepthwiseGrad) {
	for ky := range a.KH {
		for kx := range a.KW {
			var acc Vec
			for y := range a.Rows {
				for x := range a.Cols {
					g := (*Vec)(unsafe.Add(a.G, (y*a.GRow+x*Block)*4))
					s := (*Vec)(unsafe.Add(a.Src, (y*a.SrcNext+x*a.SrcCol+ky*a.SrcRow+kx*Block)*4))
					for l := range Block {
						acc[l] += g[l] * s[l]
					}
				}
			}
			w := row(a.W, ky*a.KW+kx)
			for l := range Block {
				w[l] += acc[l]
			}
		}
	}
}

// Depthwise runs a depthwise convolution of one padded plane.
func (p Path) Depthwise(a *Depthwise) {
	a.watch()
	if a.Inside == 0 || a.Rows <= 0 {
		p.depthwise(a)
		return
	}
	whole := *a
	for y := 0; y < whole.Rows; {
		k0, k1 := whole.taps(y)
		end := y + 1
		for end < whole.Rows {
			if l0, l1 := whole.taps(end); l0 != k0 || l1 != k1 {
				break
			}
			end++
		}
		a.Dst = unsafe.Add(whole.Dst, y*whole.DstRow*4)
		a.Src = unsafe.Add(whole.Src, (y*whole.SrcNext+k0*whole.SrcRow)*4)
		a.W = unsafe.Add(whole.W, k0*whole.KW*Block*4)
		a.Rows, a.KH = end-y, k1-k0
		p.depthwise(a)
		y = end
	}
	*a = whole
}

// taps is the kernel rows that meet something in output row y; one that meets zeros if none does.
func (a *Depthwise) taps(y int) (k0, k1 int) {
	first := y * (a.SrcNext / a.SrcRow)
	k0, k1 = max(0, a.Top-first), min(a.KH, a.Top+a.Inside-first)
	if k1 <= k0 {
		return 0, 1
	}
	return k0, k1
}

// DepthwiseGrad adds the weight gradient of one padded plane.
func (p Path) DepthwiseGrad(a *DepthwiseGrad) {
	a.watch()
	p.depthwiseGrad(a)
}

// rows is the output rows for which kernel rows [k0, k1) meet something.
func (a *DepthwiseGrad) rows(k0, k1 int) (y0, y1 int) {
	if a.Inside == 0 {
		return 0, a.Rows
	}
	// Row y meets rows [y·step+k0, y·step+k1) of the source.
	step := a.SrcNext / a.SrcRow
	y0 = max(0, ceilDiv(max(a.Top-k1+1, 0), step))
	last := a.Top + a.Inside - 1 - k0
	if last < 0 {
		return 0, 0
	}
	return y0, min(a.Rows, last/step+1)
}
