package supernet

import (
	"time"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/nn"
)

// Profile is how long the parts of one classification took.
type Profile struct {
	// Nodes holds seconds for every node of Model.Graph. Operations that run as one (convolution,
	// normalisation, activation) are booked on the last of them, and work that is put off until a
	// value is read on its reader.
	Nodes []float64
	// Total is the seconds of the whole call: the nodes, and moving data in and out.
	Total float64
}

// Profile classifies as ClassifyTensor does and says how long every node took. It is safe for
// concurrent use, but a call that does not run alone says little. The first call after a change of
// the number of images is slower.
func (m *Model) Profile(x *tensor.Dense) (*Profile, error) {
	start := time.Now()
	w := &nodeWatch{now: time.Now}
	if _, err := m.classifyTensor(x, pass{watch: w}); err != nil {
		return nil, err
	}
	return &Profile{Nodes: w.nodes, Total: time.Since(start).Seconds()}, nil
}

// nodeWatch books the time between two instructions on the second.
type nodeWatch struct {
	now   func() time.Time
	nodes []float64
	last  time.Time
}

// start begins a run of a program with as many slots.
func (w *nodeWatch) start(slots int) {
	w.nodes = make([]float64, slots)
	w.last = w.now()
}

// stop waits for what was queued and books it. A failed device is reported at the end of the run.
func (w *nodeWatch) stop(t *nn.Tape, slot int) {
	_ = t.Stream().Sync()
	now := w.now()
	w.nodes[slot] += now.Sub(w.last).Seconds()
	w.last = now
}
