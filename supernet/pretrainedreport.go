package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// PretrainedReport says where the weights of a model come from. Its names in JSON stay.
type PretrainedReport struct {
	// Layout is the name of the layout.
	Layout string `json:"layout"`
	// Tensors are all tensors of the model, in the order of its layers.
	Tensors []PretrainedTensor `json:"tensors"`
	// Skipped are the names of tensors in the file that were passed over: batch counters, those
	// that the layout says, and the classifier if there is a new head.
	Skipped []string `json:"skipped,omitempty"`
}

// PretrainedTensor is a tensor of the model.
type PretrainedTensor struct {
	Name string `json:"name"` // in the model, as WriteSafetensors has it
	Site string `json:"site"` // searchspace.Node.Site of its layer
	// From is its name in the file; "" if it has initial weights.
	From string `json:"from,omitempty"`
	// DType is the type of its elements in the file: "F32", or "F16", "BF16" or "F64", which were
	// converted. "" if it has initial weights.
	DType string `json:"dtype,omitempty"`
}

// pretrainedReport says what became of the tensors of a file.
func (m *Model) pretrainedReport(w *foreign, p *pairing) *PretrainedReport {
	r := &PretrainedReport{Layout: p.layout, Skipped: p.skipped}
	for i := range m.prog.graph.Nodes {
		n := &m.prog.graph.Nodes[i]
		for _, k := range kindsOf(n) {
			t := PretrainedTensor{Name: m.store.place(n, k).key, Site: n.Site}
			if from, ok := p.of[t.Name]; ok {
				t.From, t.DType = from, w.tensors[from].DType()
			}
			r.Tensors = append(r.Tensors, t)
		}
	}
	return r
}

// Rate returns rates for TrainOptions.Rate, by which a network that begins with published weights
// is fine-tuned: 1 for layers that have initial ones, which is a new head, inherited, usually less,
// for all others, and norms for batch normalisations.
//
// With norms 0 these keep scale, shift and running statistics, and normalise with them, as in a
// network that answers. That needs a lower learning rate, and is better where images are few or
// look otherwise than those of the pretraining: statistics of such batches take away part of what
// the features say.
func (r *PretrainedReport) Rate(inherited, norms float64) func(n *searchspace.Node) float64 {
	initial := make(map[string]bool)
	for _, t := range r.Tensors {
		if t.DType == "" {
			initial[t.Site] = true
		}
	}
	return rates(func(n *searchspace.Node) bool { return !initial[n.Site] }, inherited, norms)
}

// New lists the tensors of the model that have initial weights: those of a new head.
func (r *PretrainedReport) New() []string {
	return r.where(func(t PretrainedTensor) bool { return t.DType == "" })
}

// Converted lists the tensors of the model that are not float32 in the file.
func (r *PretrainedReport) Converted() []string {
	return r.where(func(t PretrainedTensor) bool { return t.DType != "" && t.DType != "F32" })
}

func (r *PretrainedReport) where(is func(PretrainedTensor) bool) []string {
	var out []string
	for _, t := range r.Tensors {
		if is(t) {
			out = append(out, t.Name)
		}
	}
	return out
}

// String is a summary of one line.
func (r *PretrainedReport) String() string {
	text := fmt.Sprintf("layout %s: %d tensors read, %d of them converted, %d skipped", r.Layout,
		len(r.Tensors)-len(r.New()), len(r.Converted()), len(r.Skipped))
	if names := r.New(); names != nil {
		text += "; initial weights: " + strings.Join(names, ", ")
	}
	return text
}
