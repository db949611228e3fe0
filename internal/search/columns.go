package search

import (
	"encoding/hex"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// Flags of a row.
const (
	flagCached = 1 << iota
	flagRefused
	flagRecalibrated
	flagText
	flagFailed
	flagDone
	flagsEnd
)

// Integers of a row, in the order of their column.
const (
	intStep = iota
	intAttempts
	intCorrect
	intSamples
	intStage
	intVersion // bits of the uint64
	intFailure // length of the error text
	intUnknown
	integers
)

// Floats of a row: these, then the evaluator's values, then the numbers of the note.
const (
	floatAccuracy = iota
	floatLoss
	floats
)

// row is a record that may lack its result.
type row[T any] struct {
	Record[T]
	done bool
}

func (c Codec[T]) put(tensors map[string]checkpoint.Tensor, name string, rows []row[T]) {
	n := len(rows)
	if n == 0 {
		return
	}
	values := 0
	for _, r := range rows {
		values = max(values, len(r.Values))
	}
	width := floats + values + c.Numbers
	choices, flags := make([]uint8, n*c.Decisions), make([]uint8, n)
	ints, numbers := make([]int64, n*integers), make([]float64, n*width)
	var failures []uint8
	for i, r := range rows {
		for j := range min(r.Arch.Len(), c.Decisions) {
			choices[i*c.Decisions+j] = uint8(r.Arch.At(j))
		}
		m := r.Measurement
		flags[i] = r.flags()
		copy(ints[i*integers:], []int64{
			intStep:     int64(r.Step),
			intAttempts: int64(r.Attempts),
			intCorrect:  int64(m.Correct),
			intSamples:  int64(m.Samples),
			intStage:    int64(m.Stage),
			intVersion:  int64(m.WeightVersion),
			intFailure:  int64(len(r.Failure)),
			intUnknown:  int64(m.Unknown),
		})
		x := numbers[i*width : (i+1)*width]
		x[floatAccuracy], x[floatLoss] = m.Accuracy, m.Loss
		copy(x[floats:], r.Values)
		if c.Numbers > 0 {
			c.Put(r.Note, x[floats+values:])
		}
		failures = append(failures, r.Failure...)
	}
	tensors[name+"/choices"] = checkpoint.Of([]int{n, c.Decisions}, choices)
	tensors[name+"/flags"] = checkpoint.Of([]int{n}, flags)
	tensors[name+"/integers"] = checkpoint.Of([]int{n, integers}, ints)
	tensors[name+"/numbers"] = checkpoint.Of([]int{n, width}, numbers)
	if len(failures) > 0 {
		tensors[name+"/failures"] = checkpoint.Of([]int{len(failures)}, failures)
	}
}

func (r row[T]) flags() (f uint8) {
	for _, x := range []struct {
		flag uint8
		set  bool
	}{
		{flagCached, r.Cached},
		{flagRefused, r.Arch.IsZero()},
		{flagRecalibrated, r.Measurement.Recalibrated},
		{flagText, r.Measurement.Text != ""},
		{flagFailed, r.Failure != ""},
		{flagDone, r.done},
	} {
		if x.set {
			f |= x.flag
		}
	}
	return f
}

// table is the columns of rows as they are read.
type table struct {
	choices, flags, failures []uint8
	ints                     []int64
	numbers                  []float64
	width                    int // of numbers
}

func (c Codec[T]) get(tensors map[string]checkpoint.Tensor, name string) ([]row[T], error) {
	if _, ok := tensors[name+"/flags"]; !ok {
		return nil, nil
	}
	t, err := c.table(tensors, name)
	if err != nil || len(t.flags) == 0 {
		return nil, err
	}
	rows := make([]row[T], len(t.flags))
	known := architectures{c.Check, c.Format, map[searchspace.Arch]string{}}
	for i := range rows {
		if rows[i], err = c.row(t, i, known); err != nil {
			return nil, fmt.Errorf("search: %s: row %d: %w", name, i, err)
		}
		t.failures = t.failures[len(rows[i].Failure):]
	}
	if len(t.failures) > 0 {
		return nil, fmt.Errorf("search: %s: %d bytes of error texts belong to no row", name, len(t.failures))
	}
	return rows, nil
}

// table checks that the columns fit each other.
func (c Codec[T]) table(tensors map[string]checkpoint.Tensor, name string) (t table, err error) {
	if t.flags, _, err = column[uint8](tensors, name+"/flags", -1); err != nil {
		return t, err
	}
	n := len(t.flags)
	if t.choices, _, err = column[uint8](tensors, name+"/choices", n, c.Decisions); err != nil {
		return t, err
	}
	if t.ints, _, err = column[int64](tensors, name+"/integers", n, integers); err != nil {
		return t, err
	}
	var shape []int
	if t.numbers, shape, err = column[float64](tensors, name+"/numbers", n, -1); err != nil {
		return t, err
	}
	if t.width = shape[1]; t.width < floats+c.Numbers {
		return t, fmt.Errorf("%w: %q has %d columns, expected %d or more", checkpoint.ErrTensor,
			name+"/numbers",
			t.width, floats+c.Numbers)
	}
	if _, ok := tensors[name+"/failures"]; ok {
		t.failures, _, err = column[uint8](tensors, name+"/failures", -1)
	}
	return t, err
}

// row reads line i of the columns; t.failures begins with its error text.
func (c Codec[T]) row(t table, i int, known architectures) (r row[T], err error) {
	flags, ints := t.flags[i], t.ints[i*integers:(i+1)*integers]
	if err := checkIntegers(ints); err != nil {
		return r, err
	}
	length := ints[intFailure]
	if length > int64(len(t.failures)) || flags >= flagsEnd || (flags&flagFailed != 0) != (length > 0) {
		return r, fmt.Errorf("flags %#x with an error text of %d bytes, %d left", flags, length,
			len(t.failures))
	}
	numbers := t.numbers[i*t.width : (i+1)*t.width]
	values := numbers[floats : t.width-c.Numbers : t.width-c.Numbers]
	if c.Numbers > 0 {
		if r.Note, err = c.Get(numbers[t.width-c.Numbers:]); err != nil {
			return r, err
		}
	}
	r.Step, r.Attempts = int(ints[intStep]), int(ints[intAttempts])
	r.Failure = string(t.failures[:length])
	r.Cached, r.done = flags&flagCached != 0, flags&flagDone != 0
	if flags&flagRefused != 0 {
		return r, nil
	}
	var text string
	if r.Arch, text, err = known.read(t.choices[i*c.Decisions : (i+1)*c.Decisions]); err != nil {
		return r, err
	}
	if !r.done || r.Failure != "" {
		return r, nil
	}
	r.Measurement = searchspace.Measurement{
		Arch: r.Arch, Accuracy: numbers[floatAccuracy], Loss: numbers[floatLoss],
		Correct: int(ints[intCorrect]), Samples: int(ints[intSamples]), Unknown: int(ints[intUnknown]),
		Stage: int(ints[intStage]), WeightVersion: uint64(ints[intVersion]),
		Recalibrated: flags&flagRecalibrated != 0,
	}
	if flags&flagText != 0 {
		r.Measurement.Text = text
	}
	if len(values) > 0 {
		r.Values = values
	}
	return r, nil
}

// checkIntegers refuses numbers that no search writes, and that an int may not hold everywhere.
func checkIntegers(ints []int64) error {
	for k, v := range ints {
		low, high := int64(0), int64(math.MaxInt32)
		switch k {
		case intStage:
			low = math.MinInt32
		case intVersion:
			continue
		}
		if v < low || v > high {
			return fmt.Errorf("integer %d is %d, expected %d to %d", k, v, low, high)
		}
	}
	return nil
}

// architectures checks and names each architecture once.
type architectures struct {
	check  func(searchspace.Arch) error
	format func(searchspace.Arch) string
	texts  map[searchspace.Arch]string
}

func (k architectures) read(choices []uint8) (a searchspace.Arch, text string, err error) {
	if err := a.UnmarshalText([]byte(hex.EncodeToString(choices))); err != nil {
		return a, "", err
	}
	if text, ok := k.texts[a]; ok {
		return a, text, nil
	}
	if k.check != nil {
		if err := k.check(a); err != nil {
			return a, "", err
		}
	}
	if k.format != nil {
		text = k.format(a)
	}
	k.texts[a] = text
	return a, text, nil
}

// column is checkpoint.Get that does not trust a shape beyond the data it has.
func column[E checkpoint.Element](
	tensors map[string]checkpoint.Tensor, name string, shape ...int,
) ([]E, []int, error) {
	data, err := checkpoint.Get[E](tensors, name, shape...)
	if err != nil {
		return nil, nil, err
	}
	got := tensors[name].Shape
	size := 1
	for _, d := range got {
		size *= d
	}
	if size != len(data) {
		return nil, nil, fmt.Errorf("%w: %q has %d elements, expected %d", checkpoint.ErrTensor, name,
			len(data), size)
	}
	return data, got, nil
}
