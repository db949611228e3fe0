package cells

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/machine"
)

// Record is a finished cell.
type Record[R any] struct {
	Name    string   `json:"name"`
	Data    string   `json:"data,omitempty"`
	Args    []string `json:"args"`
	Seconds float64  `json:"seconds"` // wall time, interruptions left out
	CPU     string   `json:"cpu"`
	Cores   int      `json:"cores"`
	Result  R        `json:"result"`
}

func newRecord[R any](c *Cell[R], args []string, result R) *Record[R] {
	return &Record[R]{Name: c.Name, Data: c.Data, Args: args, CPU: machine.CPU(), Cores: runtime.NumCPU(),
		Result: result}
}

// Read reads the records of the page's cells in a folder.
func (p *Page[R]) Read(dir string) (*Results[R], error) {
	out := p.Results()
	for _, c := range p.Cells {
		data, err := os.ReadFile(filepath.Join(dir, c.Name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r := &Record[R]{}
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		out.records[c.Name] = r
	}
	return out, nil
}

func writeRecord[R any](dir string, r *Record[R]) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(filepath.Join(dir, r.Name+".json"), append(data, '\n'))
}
