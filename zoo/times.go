package zoo

import (
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// timesName is the tensor of the index that holds the times of all entries, one a row: text would
// take most of the time of opening a zoo.
const timesName = "times"

// Columns of a row.
const (
	colEntry     = iota // number of the entry
	colInference        // 0 = training step, 1 = classification
	colMachine          // number of the machine's name
	colBatch
	colSize
	colFrozen
	colSeconds
	colLower
	colUpper
	colMemory
	timeColumns
)

// times writes the times of the entries in rows, and the names of machines in the index.
func (m *indexMeta) times() map[string]checkpoint.Tensor {
	m.Machines = []string{}
	var rows []float64
	for i := range m.Entries {
		for kind, list := range [2][]Timing{m.Entries[i].Entry.Steps, m.Entries[i].Entry.Inference} {
			for _, t := range list {
				at := slices.Index(m.Machines, t.Machine)
				if at < 0 {
					at = len(m.Machines)
					m.Machines = append(m.Machines, t.Machine)
				}
				rows = append(rows, float64(i), float64(kind), float64(at), float64(t.Batch),
					float64(t.InputSize), float64(t.Frozen), t.Seconds, t.Lower, t.Upper, float64(t.Memory))
			}
		}
	}
	shape := []int{len(rows) / timeColumns, timeColumns}
	return map[string]checkpoint.Tensor{timesName: checkpoint.Of(shape, rows)}
}

// readTimes gives entries their times.
func (m *indexMeta) readTimes(tensors map[string]checkpoint.Tensor) error {
	rows, err := checkpoint.Get[float64](tensors, timesName, -1, timeColumns)
	if err != nil {
		return err
	}
	for ; len(rows) > 0; rows = rows[timeColumns:] {
		for c, v := range rows[:timeColumns] {
			whole := c < colSeconds || c == colMemory
			if whole && !(v >= 0 && v <= 1<<53 && v == math.Trunc(v)) {
				return fmt.Errorf("time with %g in column %d, expected a whole number", v, c)
			}
		}
		entry, kind, machine := int(rows[colEntry]), rows[colInference], int(rows[colMachine])
		if entry >= len(m.Entries) || kind > 1 || machine >= len(m.Machines) {
			return fmt.Errorf("time of kind %g of entry %d of %d on machine %d of %d", kind, entry,
				len(m.Entries), machine, len(m.Machines))
		}
		t := Timing{Batch: int(rows[colBatch]), InputSize: int(rows[colSize]), Frozen: int(rows[colFrozen]),
			Seconds: rows[colSeconds], Lower: rows[colLower], Upper: rows[colUpper],
			Memory: int64(rows[colMemory]), Machine: m.Machines[machine]}
		list := &m.Entries[entry].Entry.Steps
		if kind == 1 {
			list = &m.Entries[entry].Entry.Inference
		}
		*list = append(*list, t)
	}
	return nil
}
