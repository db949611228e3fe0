package growth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// store is the directory a run keeps its state in; with an empty path it keeps nothing, and every read finds nothing.
//
// Each finished piece of work is one file, replaced atomically, and a piece whose file is there is never done again. Since every
// piece depends on the configuration and on earlier files alone, a run that was killed ends as if it had not been.
type store struct{ dir string }

const configFile = "config.json"

// path is where a file lives; "" when nothing is kept.
func (s store) path(name string) string {
	if s.dir == "" {
		return ""
	}
	return filepath.Join(s.dir, name)
}

func (s store) write(name string, v any) error {
	if s.dir == "" {
		return nil
	}
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return checkpoint.WriteBytesAtomic(s.path(name), append(data, '\n'))
}

// read fills v from a file and reports whether the file is there.
func (s store) read(name string, v any) (bool, error) {
	if s.dir == "" {
		return false, nil
	}
	data, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("%s is damaged: %w", s.path(name), err)
	}
	return true, nil
}

func (s store) has(name string) (bool, error) {
	if s.dir == "" {
		return false, nil
	}
	_, err := os.Stat(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s store) remove(names ...string) error {
	if s.dir == "" {
		return nil
	}
	for _, n := range names {
		if err := os.Remove(s.path(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// sweep removes what writers that were killed left behind.
func (s store) sweep() error {
	if s.dir == "" {
		return nil
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, rest, ok := strings.Cut(strings.TrimPrefix(e.Name(), "."), ".tmp-")
		if ok && rest != "" && strings.HasPrefix(e.Name(), ".") {
			if err := checkpoint.RemoveTemporary(s.path(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErrRunThere reports a directory that holds a run already.
var ErrRunThere = errors.New("directory holds a run already")

// SavedConfig reads the configuration of the run kept in dir, and reports whether there is one.
func SavedConfig(dir string) (Config, bool, error) {
	var c Config
	ok, err := store{dir}.read(configFile, &c)
	return c, ok, err
}

// openStore prepares dir. A run that is there is continued if resume is set and refused otherwise.
func openStore(dir string, c *Config, resume bool) (store, error) {
	s := store{dir}
	if dir == "" {
		if resume {
			return s, errors.New("resuming needs the directory of a run")
		}
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return s, err
	}
	saved, there, err := SavedConfig(dir)
	if err != nil {
		return s, err
	}
	if !there {
		return s, errors.Join(s.sweep(), s.write(configFile, c))
	}
	if !resume {
		return s, fmt.Errorf("%s: %w: resume it or choose another", dir, ErrRunThere)
	}
	if d := Differences(&saved, c); len(d) > 0 {
		return s, fmt.Errorf("%s holds a run of other settings: %s", dir, strings.Join(d, ", "))
	}
	return s, s.sweep()
}

// Differences names the settings in which two configurations differ.
func Differences(saved, now *Config) []string {
	a, b := flatten(saved), flatten(now)
	var out []string
	for _, k := range keysOf(a) {
		if a[k] != b[k] {
			out = append(out, fmt.Sprintf("%s is %s there and %s here", k, a[k], b[k]))
		}
	}
	return out
}
