package kernel

import "unsafe"

// Depthwise describes a depthwise convolution of one plane whose borders the
// caller has already padded: out(y, x) = Σ W(ky, kx)·src(window of (y, x)).
// Strides are in floats. The same record serves the forward pass, the input
// gradient (flipped weights over the padded output gradient) and, with taps of
// one parity, the input gradient of a strided convolution.
type Depthwise struct {
	Dst, Src, W unsafe.Pointer // W is [KH][KW] vectors of 16
	DstCol      int            // between outputs of a row
	DstRow      int            // between output rows
	SrcCol      int            // between the windows of two outputs of a row
	SrcRow      int            // between rows of one window
	SrcNext     int            // between the windows of two output rows
	Cols, Rows  int
	KW, KH      int
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

// DepthwiseGrad describes the weight gradient of one plane: W(ky, kx) +=
// Σ G(y, x)·src(window of (y, x))(ky, kx).
type DepthwiseGrad struct {
	G, Src, W  unsafe.Pointer // W is [KH][KW] vectors of 16
	GRow       int
	SrcCol     int
	SrcRow     int
	SrcNext    int
	Cols, Rows int
	KW, KH     int
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
func (p Path) Depthwise(a *Depthwise) { p.depthwise(a) }

// DepthwiseGrad adds the weight gradient of one padded plane.
func (p Path) DepthwiseGrad(a *DepthwiseGrad) { p.depthwiseGrad(a) }
