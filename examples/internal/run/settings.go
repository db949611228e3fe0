package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// settingsFile is what makes a folder that of a run.
const settingsFile = "settings.json"

// bookkeeping are the files that hold no result: a run that has left no others has not begun.
var bookkeeping = [...]string{settingsFile, secondsFile, secondsFile + damagedSuffix, cpuFile,
	cpuFile + damagedSuffix, logFile}

// saved is the content of settingsFile.
type saved struct {
	Program  string          `json:"program"`
	Quick    bool            `json:"quick,omitempty"`
	Settings json.RawMessage `json:"settings"`
	Data     json.RawMessage `json:"data,omitempty"` // see Job.OnData
}

// ErrRunThere reports a folder that holds a run already.
var ErrRunThere = errors.New("holds a run already: go on with it by -resume, or choose another folder")

// folderError is trouble with -out, not with the command line as such.
type folderError struct{ error }

func (e *folderError) Unwrap() error { return e.error }

// saved is what is kept of a command line.
func (p *Program[C, R]) saved(l *line[C]) (*saved, error) {
	data, err := json.Marshal(l.settings)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return &saved{Program: p.name(), Quick: l.quick, Settings: data}, nil
}

// readSaved reads what the run in a folder was started with; nil without a run, or when one has
// left nothing else.
func readSaved(dir string) (*saved, error) {
	s := &saved{}
	ok, err := NewStore(dir).Read(settingsFile, s)
	if err != nil || !ok {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !slices.Contains(bookkeeping[:], e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			return s, nil
		}
	}
	return nil, nil
}

func isRun(dir string) bool {
	s, err := readSaved(dir)
	return s != nil && err == nil
}

// of checks whose run it is.
func (s *saved) of(program string) error {
	if s.Program != program {
		return fmt.Errorf("holds a run of %s, not of %s", s.Program, program)
	}
	return nil
}

// agree checks that a run may go on with settings.
func (s *saved) agree(now *saved) error {
	if err := s.of(now.Program); err != nil {
		return err
	}
	d := Differences(s.Settings, now.Settings)
	if s.Quick != now.Quick {
		d = append(d, fmt.Sprintf("quick is %v there and %v here", s.Quick, now.Quick))
	}
	if len(d) > 0 {
		return fmt.Errorf("holds a run of other settings: %s", strings.Join(d, ", "))
	}
	return nil
}

// on checks that a run may go on with data. One of an earlier version does not know its own.
func (s *saved) on(data json.RawMessage) error {
	if s.Data == nil {
		return nil
	}
	if d := Differences(s.Data, data); len(d) > 0 {
		return fmt.Errorf("holds a run on other data: %s", strings.Join(d, ", "))
	}
	return nil
}

// Differences names the settings in which two JSON texts differ, nested ones joined by dots.
func Differences(there, here []byte) []string {
	a, b := flatten(there), flatten(here)
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a[k] != b[k] {
			out = append(out, fmt.Sprintf("%s is %s there and %s here", k, orUnknown(a[k]), orUnknown(b[k])))
		}
	}
	return out
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// flatten maps the names in a JSON text, nested ones joined by dots, to the JSON text of their
// values.
func flatten(data []byte) map[string]string {
	out := map[string]string{}
	flattenInto(out, "", data)
	return out
}

func flattenInto(out map[string]string, prefix string, data []byte) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || fields == nil {
		var text bytes.Buffer
		if json.Compact(&text, data) != nil {
			text.Write(data)
		}
		out[prefix] = text.String()
		return
	}
	for k, v := range fields {
		if prefix != "" {
			k = prefix + "." + k
		}
		flattenInto(out, k, v)
	}
}
