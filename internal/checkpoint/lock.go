package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// lockName is the file that a folder in use has.
const lockName = ".lock"

// ErrInUse reports a folder that another user has locked.
var ErrInUse = errors.New("in use")

// errHeld is what lockFile returns when another user has the lock.
var errHeld = errors.New("held")

// Lock makes the caller the only user of a folder, which is made when missing, until unlock or the
// end of the process, however that comes. Where the system cannot lock files (see lockFile), a
// killed process leaves a lock that has to be removed by hand, and the error says so. A folder that
// was made and is still empty goes away with the lock.
//
// The error wraps [ErrInUse], and names the process, when another user has it.
func Lock(dir string) (unlock func() error, err error) {
	var made []string // folders, the innermost first
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, lockName)
	for {
		f, err := lockFile(path)
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("%s: %w by %s%s", dir, ErrInUse, holder(path), lockAdvice(path))
		}
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		// Whoever had the lock may have removed the file after we opened it.
		mine, err := f.Stat()
		now, nowErr := os.Stat(path)
		if err != nil || nowErr != nil || !os.SameFile(mine, now) {
			f.Close()
			continue
		}
		if err := f.Truncate(0); err == nil {
			fmt.Fprintf(f, "%d\n", os.Getpid()) // for the message only
		}
		return func() error {
			err := unlockFile(f, path)
			for _, d := range made {
				if os.Remove(d) != nil { // something is in it
					break
				}
			}
			return err
		}, nil
	}
}

// holder names the process that has a lock.
func holder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "another process"
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 32))
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	switch {
	case err != nil:
		return "another process"
	case pid == os.Getpid():
		return "this process"
	}
	return fmt.Sprintf("process %d", pid)
}
