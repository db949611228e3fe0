package backendtest

import (
	"fmt"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// suite is a device under test.
type suite struct {
	*testing.T
	open func() tensor.Backend
}

// Run checks a backend. open is called for every part of the suite and must give devices of equal
// kind.
func Run(t *testing.T, open func() tensor.Backend) {
	parts := []struct {
		name string
		run  func(*suite)
	}{
		{"conv", testConv},
		{"norm", testNorm},
		{"norm of one position", testNormOnePosition},
		{"elements", testElements},
		{"mix", testMix},
		{"channels", testChannels},
		{"activation extremes", testActExtremes},
		{"dropout", testDropout},
		{"pool", testPool},
		{"losses", testLosses},
		{"loss extremes", testLossExtremes},
		{"correct", testCorrect},
		{"sequence", testSequence},
		{"optimisers", testOptimisers},
		{"buffers", testBuffers},
		{"chains", testChains},
		{"mix chains", testMixChains},
		{"values", testValues},
		{"constant weights", testConstant},
		{"constant normalisations", testConstantNorm},
		{"host slices", testHostSlices},
		{"free and reset", testFreeAndReset},
		{"unwanted gradients", testUnwanted},
		{"long sums", testLongSums},
		{"same bits", testSameBits},
		{"streams", testStreams},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(&suite{T: t, open: open}) })
	}
}

// cases runs a program n times (a third of that in short mode) with different seeds on the device
// and on the reference, and compares all that it keeps.
func (s *suite) cases(n int, tol float64, program func(w *world)) {
	s.Helper()
	device := s.open()
	if testing.Short() {
		n = (n + 2) / 3
	}
	for i := range n {
		s.compare(device, fmt.Sprintf("case %d", i), uint64(i), tol, program)
	}
}
