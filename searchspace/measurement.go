package searchspace

import (
	"encoding/json"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
)

// Measurement is what an evaluation of an architecture found. It is stamped with the data stage and
// the version of the shared weights, because old measurements mislead once either moves.
type Measurement struct {
	Arch          Arch
	Text          string  // Arch as Space.Format writes it; "" where nobody knows the space
	Accuracy      float64 // top-1, a fraction: Correct/Samples
	Loss          float64 // mean cross-entropy, nats
	Correct       int     // images that were classified right
	Samples       int     // images evaluated
	Unknown       int     // images of a class that the network does not know: wrong, and in no loss
	Stage         int     // data stage (snapshot)
	WeightVersion uint64
	Recalibrated  bool // batch-norm statistics were gathered for this Arch
}

// measurementJSON is the stable JSON form of a Measurement.
type measurementJSON struct {
	Arch          string          `json:"arch"`    // for people
	Choices       Arch            `json:"choices"` // for programs
	Accuracy      jsonfloat.Float `json:"accuracy"`
	Loss          jsonfloat.Float `json:"loss"`
	Correct       int             `json:"correct"`
	Samples       int             `json:"samples"`
	Unknown       int             `json:"unknown,omitempty"`
	Stage         int             `json:"stage"`
	WeightVersion uint64          `json:"weight_version"`
	Recalibrated  bool            `json:"recalibrated"`
}

// MarshalJSON writes names in snake case: "arch" is Text, "choices" the hexadecimal form of Arch.
// "unknown" is left out where it is 0. An infinite loss is the string "Infinity".
func (m Measurement) MarshalJSON() ([]byte, error) {
	return json.Marshal(measurementJSON{m.Text, m.Arch, jsonfloat.Float(m.Accuracy), jsonfloat.Float(m.Loss),
		m.Correct, m.Samples, m.Unknown, m.Stage, m.WeightVersion, m.Recalibrated})
}

// UnmarshalJSON reads what MarshalJSON wrote. It cannot know the space: check Arch with
// Space.Valid.
func (m *Measurement) UnmarshalJSON(text []byte) error {
	var j measurementJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*m = Measurement{j.Choices, j.Arch, float64(j.Accuracy), float64(j.Loss), j.Correct, j.Samples,
		j.Unknown, j.Stage, j.WeightVersion, j.Recalibrated}
	return nil
}
