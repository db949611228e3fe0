package searchspace

import (
	"encoding/hex"
	"fmt"
)

// Arch is one architecture of a Space: one choice index per decision. It is a small immutable value
// that can be compared with == and used as a map key.
//
// An Arch is canonical: a decision that has no effect under the others (the kernel of layer 4 in a
// stage of depth 3) holds choice 0, so two values that describe the same network are equal. Archs
// are made by a Space (New, Parse, Sample, ...); the zero value is no architecture.
type Arch struct {
	choices string // one byte per decision
}

// Len is the number of decisions; 0 for the zero value.
func (a Arch) Len() int { return len(a.choices) }

// At is the choice index of decision i. It panics, as indexing does, when i is not in [0, Len()).
func (a Arch) At(i int) int { return int(a.choices[i]) }

// IsZero reports whether a is the zero value.
func (a Arch) IsZero() bool { return a.choices == "" }

// Choices is a fresh slice with all choice indices.
func (a Arch) Choices() []int {
	out := make([]int, len(a.choices))
	for i := range out {
		out[i] = int(a.choices[i])
	}
	return out
}

// MarshalText writes the choice indices as hexadecimal bytes, a form that needs no Space. The text
// form for people is Space.Format.
func (a Arch) MarshalText() ([]byte, error) {
	return []byte(hex.EncodeToString([]byte(a.choices))), nil
}

// UnmarshalText reads what MarshalText wrote. It cannot know the space: check the result with
// Space.Valid before use.
func (a *Arch) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("searchspace: architecture as hexadecimal choices: %w", err)
	}
	a.choices = string(b)
	return nil
}

// String is the hexadecimal form of MarshalText, for debugging.
func (a Arch) String() string { return hex.EncodeToString([]byte(a.choices)) }

func newArch(choices []int) Arch {
	b := make([]byte, len(choices))
	for i, c := range choices {
		b[i] = byte(c)
	}
	return Arch{choices: string(b)}
}
