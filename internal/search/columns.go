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
		copy(ints[i*integers:], []int64{int64(r.Step), int64(r.Attempts), int64(m.Correct), int64(m.Samples), int64(m.Stage),
			int64(m.WeightVersion), int64(len(r.Failure))})
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
		{flagCached, r.Cached}, {flagRefused, r.Arch.IsZero()}, {flagRecalibrated, r.Measurement.Recalibrated},
		{flagText, r.Measurement.Text != ""}, {flagFailed, r.Failure != ""}, {flagDone, r.done},
	} {
		if x.set {
			f |= x.flag
		}
	}
	return f
}

func (c Codec[T]) get(tensors map[string]checkpoint.Tensor, name string) ([]row[T], error) {
	if _, ok := tensors[name+"/flags"]; !ok {
		return nil, nil
	}
	flags, _, err := column[uint8](tensors, name+"/flags", -1)
	if err != nil {
		return nil, err
	}
	n := len(flags)
	if n == 0 {
		return nil, nil
	}
	choices, _, err := column[uint8](tensors, name+"/choices", n, c.Decisions)
	if err != nil {
		return nil, err
	}
	ints, _, err := column[int64](tensors, name+"/integers", n, integers)
	if err != nil {
		return nil, err
	}
	numbers, shape, err := column[float64](tensors, name+"/numbers", n, -1)
	if err != nil {
		return nil, err
	}
	width := shape[1]
	if width < floats+c.Numbers {
		return nil, fmt.Errorf("%w: %q has %d columns, expected %d or more", checkpoint.ErrTensor, name+"/numbers", width, floats+c.Numbers)
	}
	var failures []uint8
	if _, ok := tensors[name+"/failures"]; ok {
		if failures, _, err = column[uint8](tensors, name+"/failures", -1); err != nil {
			return nil, err
		}
	}
	rows := make([]row[T], n)
	known := architectures{c.Check, c.Format, map[searchspace.Arch]string{}}
	for i := range rows {
		line := ints[i*integers : (i+1)*integers]
		if length := line[intFailure]; length < 0 || length > int64(len(failures)) {
			return nil, fmt.Errorf("search: %s: row %d: error text of %d bytes, %d left", name, i, length, len(failures))
		}
		text := string(failures[:line[intFailure]])
		failures = failures[line[intFailure]:]
		if rows[i], err = c.row(choices[i*c.Decisions:(i+1)*c.Decisions], flags[i], line, numbers[i*width:(i+1)*width], text, known); err != nil {
			return nil, fmt.Errorf("search: %s: row %d: %w", name, i, err)
		}
	}
	if len(failures) > 0 {
		return nil, fmt.Errorf("search: %s: %d bytes of error texts belong to no row", name, len(failures))
	}
	return rows, nil
}

// row reads one line of the columns.
func (c Codec[T]) row(choices []uint8, flags uint8, ints []int64, numbers []float64, failure string, known architectures) (r row[T], err error) {
	if flags >= flagsEnd || (flags&flagFailed != 0) != (failure != "") {
		return r, fmt.Errorf("flags %#x with an error text of %d bytes", flags, len(failure))
	}
	for _, k := range []int{intStep, intAttempts, intCorrect, intSamples} {
		if ints[k] < 0 || ints[k] > math.MaxInt32 {
			return r, fmt.Errorf("integer %d is %d, expected 0 to %d", k, ints[k], math.MaxInt32)
		}
	}
	if ints[intStage] < math.MinInt32 || ints[intStage] > math.MaxInt32 {
		return r, fmt.Errorf("stage is %d, expected 32 bits", ints[intStage])
	}
	values := len(numbers) - c.Numbers
	if c.Numbers > 0 {
		if r.Note, err = c.Get(numbers[values:]); err != nil {
			return r, err
		}
	}
	r.Step, r.Attempts, r.Failure = int(ints[intStep]), int(ints[intAttempts]), failure
	r.Cached, r.done = flags&flagCached != 0, flags&flagDone != 0
	if flags&flagRefused != 0 {
		return r, nil
	}
	var text string
	if r.Arch, text, err = known.read(choices); err != nil {
		return r, err
	}
	if !r.done || failure != "" {
		return r, nil
	}
	r.Measurement = searchspace.Measurement{Arch: r.Arch, Accuracy: numbers[floatAccuracy], Loss: numbers[floatLoss],
		Correct: int(ints[intCorrect]), Samples: int(ints[intSamples]), Stage: int(ints[intStage]),
		WeightVersion: uint64(ints[intVersion]), Recalibrated: flags&flagRecalibrated != 0}
	if flags&flagText != 0 {
		r.Measurement.Text = text
	}
	if values > floats {
		r.Values = numbers[floats:values:values]
	}
	return r, nil
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
func column[E checkpoint.Element](tensors map[string]checkpoint.Tensor, name string, shape ...int) ([]E, []int, error) {
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
		return nil, nil, fmt.Errorf("%w: %q has %d elements, expected %d", checkpoint.ErrTensor, name, len(data), size)
	}
	return data, got, nil
}
