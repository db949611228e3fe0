package wasserstein

import (
	"bytes"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

const (
	momentsKind    = "wasserstein.moments"
	momentsVersion = 1
)

// momentsMeta is the part of saved moments that is not large.
type momentsMeta struct {
	Extractor []byte `json:"extractor"` // the version string; bytes, because any string is a version
	Dim       int    `json:"dim"`
	Count     int    `json:"count"`
}

// encode gives the parts of a checkpoint: the sums, and the upper triangle of the scatter packed
// row by row.
func (m *Moments) encode() (momentsMeta, map[string]checkpoint.Tensor) {
	q := m.dim
	packed := make([]float64, 0, q*(q+1)/2)
	for i := range q {
		packed = append(packed, m.scatter.row(i)[i:]...)
	}
	return momentsMeta{[]byte(m.version), q, m.count}, map[string]checkpoint.Tensor{
		"sum.hi":  checkpoint.Of([]int{q}, m.hi),
		"sum.lo":  checkpoint.Of([]int{q}, m.lo),
		"scatter": checkpoint.Of([]int{len(packed)}, packed),
	}
}

// decode checks what was read and makes it a Moments. Everything the methods rely on is verified
// here, because a file may be intact and still not have been written by encode.
func (meta momentsMeta) decode(tensors map[string]checkpoint.Tensor) (*Moments, error) {
	q := meta.Dim
	if q < 1 || q > maxDim {
		return nil, fmt.Errorf("%w: moments of dimension %d, expected 1 to %d", ErrDim, q, maxDim)
	}
	hi, err := checkpoint.Get[float64](tensors, "sum.hi", q)
	if err != nil {
		return nil, err
	}
	lo, err := checkpoint.Get[float64](tensors, "sum.lo", q)
	if err != nil {
		return nil, err
	}
	packed, err := checkpoint.Get[float64](tensors, "scatter", q*(q+1)/2)
	if err != nil {
		return nil, err
	}
	if meta.Count < 0 {
		return nil, fmt.Errorf("%w: count %d", ErrValue, meta.Count)
	}
	for name, values := range map[string][]float64{"sum.hi": hi, "sum.lo": lo, "scatter": packed} {
		for i, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) || meta.Count == 0 && v != 0 {
				return nil, fmt.Errorf("%w: %s[%d] is %g in moments of %d vectors", ErrValue, name, i, v,
					meta.Count)
			}
		}
	}
	// Only now, with all numbers at hand, is it certain that the dimension is not a lie that would
	// cost 8 GiB.
	m, err := NewMoments(q, string(meta.Extractor))
	if err != nil {
		return nil, err
	}
	m.hi, m.lo, m.count = hi, lo, meta.Count
	for i := range q {
		copy(m.scatter.row(i)[i:], packed[:q-i])
		packed = packed[q-i:]
		if d := m.scatter.row(i)[i]; d < 0 {
			return nil, fmt.Errorf("%w: scatter[%d][%d] is %g", ErrNotPSD, i, i, d)
		}
	}
	return m, nil
}

// MarshalBinary encodes the moments: a self-describing, versioned, checksummed block of 4·dim²
// bytes and a little more.
func (m *Moments) MarshalBinary() ([]byte, error) {
	var buf bytes.Buffer
	meta, tensors := m.encode()
	if err := checkpoint.Encode(&buf, momentsKind, momentsVersion, meta, tensors); err != nil {
		return nil, fmt.Errorf("encode moments: %w", err)
	}
	return buf.Bytes(), nil
}

// UnmarshalBinary replaces m by moments that MarshalBinary has encoded. Damaged or foreign data
// give an error and leave m as it was; all bits of the moments survive the round trip.
func (m *Moments) UnmarshalBinary(data []byte) error {
	var meta momentsMeta
	tensors, err := checkpoint.Decode(bytes.NewReader(data), int64(len(data)), momentsKind,
		momentsVersion, &meta)
	if err != nil {
		return fmt.Errorf("decode moments: %w", err)
	}
	got, err := meta.decode(tensors)
	if err != nil {
		return fmt.Errorf("decode moments: %w", err)
	}
	*m = *got
	return nil
}

// Save writes the moments to a file, which is replaced atomically: a crash leaves the old file or
// the new one. A symbolic link stays, and what it leads to is replaced; pipes, devices and standard
// output are written into.
func (m *Moments) Save(path string) error {
	meta, tensors := m.encode()
	if err := checkpoint.Write(path, momentsKind, momentsVersion, meta, tensors); err != nil {
		return fmt.Errorf("save moments: %w", err)
	}
	return nil
}

// LoadMoments reads a file that Save has written. A damaged file gives an error that names file and
// offset.
func LoadMoments(path string) (*Moments, error) {
	var meta momentsMeta
	tensors, err := checkpoint.Read(path, momentsKind, momentsVersion, &meta)
	if err != nil {
		return nil, fmt.Errorf("load moments: %w", err)
	}
	m, err := meta.decode(tensors)
	if err != nil {
		return nil, fmt.Errorf("load moments: %s: %w", path, err)
	}
	return m, nil
}
