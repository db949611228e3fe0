//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package checkpoint

import (
	"errors"
	"os"
	"syscall"
)

// lockFile opens and locks a file; the lock ends with the process. A file system without locks
// gives none: a second user is not noticed there.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	switch {
	case err == nil, errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK):
		return f, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = errHeld
	}
	f.Close()
	return nil, err
}

// unlockFile removes the file while it is locked: whoever waits for it sees that it is gone.
func unlockFile(f *os.File, path string) error { return errors.Join(os.Remove(path), f.Close()) }

func lockAdvice(string) string { return "" }
