package checkpoint

import (
	"errors"
	"fmt"
	"os"
)

// errStream says that what is at a path cannot be read back.
var errStream = errors.New("not a regular file")

// Writable reports whether [Write] could replace or make the file at path as things are, for those
// who will write it late and more than once, and read it back: a folder that is missing or takes no
// files, pipes and devices are errors. It makes a temporary file and removes it.
func Writable(path string) error {
	file, stream, err := destination(path)
	if err == nil && stream {
		err = errStream
	}
	if err == nil {
		var f *os.File
		if f, err = createTemporary(file); err == nil {
			f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// openRegular opens a file to be read; of a pipe it would wait for a writer.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: %w", path, errStream)
	}
	return os.Open(path)
}
