package adjuster

import (
	"encoding/hex"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// A history is saved as columns, because ten thousand proposals as JSON would be most of the file.
const (
	flagCached = 1 << iota
	flagRefused
	flagRecalibrated
)

const numbers = 7 // per record in the float64 column

// putRecords adds the columns of a history with one record per step to tensors.
func putRecords(tensors map[string]checkpoint.Tensor, name string, decisions int, recs []search.Record[note]) {
	n := len(recs)
	if n == 0 {
		return
	}
	choices, flags := make([]uint8, 0, n*decisions), make([]uint8, n)
	values, attempts := make([]float64, 0, n*numbers), make([]int64, n)
	for i, r := range recs {
		if r.Arch.IsZero() {
			flags[i] |= flagRefused
			choices = append(choices, make([]uint8, decisions)...)
		}
		for j := range r.Arch.Len() {
			choices = append(choices, uint8(r.Arch.At(j)))
		}
		if r.Cached {
			flags[i] |= flagCached
		}
		if r.Measurement.Recalibrated {
			flags[i] |= flagRecalibrated
		}
		attempts[i] = int64(r.Attempts)
		values = append(values, r.Measurement.Accuracy, r.Measurement.Loss, float64(r.Measurement.Samples),
			r.Note.Cost, r.Note.Reward, r.Note.LogProb, r.Note.Entropy)
	}
	tensors[name+"/choices"] = checkpoint.Of([]int{n, decisions}, choices)
	tensors[name+"/flags"] = checkpoint.Of([]int{n}, flags)
	tensors[name+"/attempts"] = checkpoint.Of([]int{n}, attempts)
	tensors[name+"/values"] = checkpoint.Of([]int{n, numbers}, values)
}

// getRecords reads n records back; all were measured on one data stage with one version of the weights.
func getRecords(tensors map[string]checkpoint.Tensor, name string, n, decisions int, stage int, version uint64) ([]search.Record[note], error) {
	if n == 0 {
		return nil, nil
	}
	choices, err := checkpoint.Get[uint8](tensors, name+"/choices", n, decisions)
	if err != nil {
		return nil, err
	}
	flags, err := checkpoint.Get[uint8](tensors, name+"/flags", n)
	if err != nil {
		return nil, err
	}
	attempts, err := checkpoint.Get[int64](tensors, name+"/attempts", n)
	if err != nil {
		return nil, err
	}
	values, err := checkpoint.Get[float64](tensors, name+"/values", n, numbers)
	if err != nil {
		return nil, err
	}
	recs := make([]search.Record[note], n)
	for i := range recs {
		r, v := &recs[i], values[i*numbers:]
		r.Step, r.Attempts, r.Cached = i, int(attempts[i]), flags[i]&flagCached != 0
		r.Note = note{Cost: v[3], Reward: v[4], LogProb: v[5], Entropy: v[6]}
		if flags[i]&flagRefused != 0 {
			continue
		}
		if r.Arch, err = archOf(choices[i*decisions : (i+1)*decisions]); err != nil {
			return nil, fmt.Errorf("adjuster: record %d: %w", i, err)
		}
		r.Measurement = searchspace.Measurement{Arch: r.Arch, Accuracy: v[0], Loss: v[1], Samples: int(v[2]),
			Stage: stage, WeightVersion: version, Recalibrated: flags[i]&flagRecalibrated != 0}
	}
	return recs, nil
}

func archOf(choices []uint8) (a searchspace.Arch, err error) {
	err = a.UnmarshalText([]byte(hex.EncodeToString(choices)))
	return a, err
}
