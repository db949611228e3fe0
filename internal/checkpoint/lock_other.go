//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package checkpoint

import (
	"errors"
	"io/fs"
	"os"
)

// lockFile makes a file that must not be there.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, errHeld
	}
	return f, err
}

// unlockFile closes first: an open file cannot be removed everywhere.
func unlockFile(f *os.File, path string) error { return errors.Join(f.Close(), os.Remove(path)) }

func lockAdvice(path string) string {
	return "; if that has ended, remove " + path
}
