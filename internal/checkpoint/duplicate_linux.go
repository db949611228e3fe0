package checkpoint

import (
	"os"
	"syscall"
)

// duplicate opens what descriptor fd of this process stands for once more, with the same place in
// the file.
func duplicate(fd int, name string) (*os.File, error) {
	twin, err := syscall.Dup(fd)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	syscall.CloseOnExec(twin)
	return os.NewFile(uintptr(twin), name), nil
}
