package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// outcomes are kept as the lines of a log: JSON with a name for every number would be five times as
// long.
type outcomes []nasoa.Outcome

// MarshalJSON gives the lines.
func (o outcomes) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	if err := nasoa.WriteLog(&b, o); err != nil {
		return nil, err
	}
	return json.Marshal(strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"))
}

// UnmarshalJSON reads them.
func (o *outcomes) UnmarshalJSON(data []byte) error {
	var lines []string
	if err := json.Unmarshal(data, &lines); err != nil {
		return err
	}
	log, err := nasoa.ReadLog(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	*o = log
	return err
}

// randomLog are the outcomes of random regimes of all cells.
func (t tables) randomLog() (log outcomes) {
	for _, r := range t.Of(random) {
		log = append(log, r.Result.Log...)
	}
	return log
}

// writeLog writes a log to a file; one without outcomes is not written.
func writeLog(path string, log outcomes) error {
	if len(log) == 0 {
		return nil
	}
	var b bytes.Buffer
	if err := nasoa.WriteLog(&b, log); err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(path, b.Bytes())
}
