package nn

// ToHWIO reorders a convolution weight from [out][in][kh][kw], the order of PyTorch and ONNX, to
// the stored [kh][kw][in][out]. Linear weights are kh = kw = 1. A depthwise weight [C][1][kh][kw]
// becomes [kh][kw][1][C].
func ToHWIO(src []float32, out, in, kh, kw int) []float32 {
	dst := make([]float32, len(src))
	for o := range out {
		for i := range in {
			for k := range kh * kw {
				dst[(k*in+i)*out+o] = src[(o*in+i)*kh*kw+k]
			}
		}
	}
	return dst
}

// ToOIHW is the inverse of ToHWIO.
func ToOIHW(src []float32, out, in, kh, kw int) []float32 {
	dst := make([]float32, len(src))
	for o := range out {
		for i := range in {
			for k := range kh * kw {
				dst[(o*in+i)*kh*kw+k] = src[(k*in+i)*out+o]
			}
		}
	}
	return dst
}
