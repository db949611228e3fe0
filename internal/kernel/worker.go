package kernel

// Worker is what one goroutine needs for itself: scratch memory and kernel argument records that
// stay on the heap.
type Worker struct {
	Ch   Chan // parameters: of anything, of an input, of a gradient
	ChX  Chan
	ChG  Chan
	Tile Tile
	DW   Depthwise
	DWG  DepthwiseGrad
	Pool Window
	Soft Softmax
	WS   Workspace

	mem  []float32
	wide []float64
}

// Floats is scratch of n floats with unknown content, valid until the chunk ends or Floats is
// called again.
func (w *Worker) Floats(n int) []float32 {
	if len(w.mem) < n {
		w.mem = AlignedFloats(n + n/4)
	}
	return w.mem[:n]
}

// Wide is scratch of n float64 with unknown content, apart from that of Floats, valid until the
// chunk ends or Wide is called again.
func (w *Worker) Wide(n int) []float64 {
	if len(w.wide) < n {
		w.wide = make([]float64, n)
	}
	return w.wide[:n]
}
