package danas

import "github.com/tendril-nas/tendril/searchspace"

// Report is what the program found. Accuracies are fractions.
type Report struct {
	Images     ImagesReport      `json:"images"`
	Target     float64           `json:"target"`             // multiply-adds, millions
	Easiness   *EasinessReport   `json:"easiness,omitempty"` // nil where a ranking was given
	Search     *SearchReport     `json:"search,omitempty"`
	SinglePath *SinglePathReport `json:"single_path,omitempty"`
	Trained    *Trained          `json:"trained,omitempty"` // the architecture found
	Files      []string          `json:"files,omitempty"`
}

// found is the architecture that was found.
func (r *Report) found() searchspace.Arch {
	if r.SinglePath != nil {
		return r.SinglePath.arch
	}
	return r.Search.Final.Arch
}

// WithoutSeconds is the report without what differs from one run to the next.
func (r Report) WithoutSeconds() Report {
	r.Files = nil
	if r.Trained != nil {
		t := *r.Trained
		t.Seconds = 0
		r.Trained = &t
	}
	if r.Search != nil {
		s := *r.Search
		s.Seconds, s.CPU = 0, 0
		r.Search = &s
	}
	if r.SinglePath != nil {
		s := *r.SinglePath
		s.Seconds, s.CPU = 0, 0
		r.SinglePath = &s
	}
	return r
}
