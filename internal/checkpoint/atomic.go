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

// tempMark stands between the hidden base name of the target and the number of a temporary file.
const tempMark = ".tmp-"

// WriteFileAtomic makes path hold exactly what write sends to its writer. The bytes go to a
// temporary file in the same directory, which is synced, renamed over path, and made durable by
// syncing the directory; a crash at any point leaves either the old file or the new one, whole.
// When write or any step fails, the old file stays and the temporary one is removed; a process
// killed on the way leaves it behind (see [RemoveTemporaries]). An existing file's permissions are
// kept. A symbolic link at path stays, and what it leads to is the file.
//
// Pipes, devices and files that are open already (/dev/stdout, /dev/fd/3) are written into, from
// first to last byte and not atomically: nothing can take their place.
func WriteFileAtomic(path string, write func(w io.Writer) error) error {
	file, stream, err := destination(path)
	switch {
	case err != nil:
	case stream:
		err = writeInto(path, write)
	default:
		err = replace(file, write)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// replace puts a new file in the place of a regular one or of none.
func replace(path string, write func(w io.Writer) error) (err error) {
	f, err := createTemporary(path)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if err != nil {
			if !closed {
				f.Close() // the error that brought us here says more than this one
			}
			os.Remove(f.Name())
		}
	}()
	if old, statErr := os.Lstat(path); statErr == nil && old.Mode().IsRegular() {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	closed = true
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// WriteBytesAtomic is [WriteFileAtomic] for data already in memory.
func WriteBytesAtomic(path string, data []byte) error {
	return WriteFileAtomic(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// RemoveTemporaries deletes the temporary files that killed writers have left in a folder. Call it
// when a program starts, before anything writes there: a temporary file of a writer that is still
// at work would be deleted too.
func RemoveTemporaries(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("remove temporary files: %w", err)
	}
	for _, e := range entries {
		_, number, ok := strings.Cut(e.Name(), tempMark)
		if !ok || e.Name()[0] != '.' || strings.Trim(number, "0123456789-") != "" || !e.Type().IsRegular() {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove temporary files: %w", err)
		}
	}
	return nil
}

// createTemporary opens a new file beside path. os.CreateTemp would make it private to the user
// (mode 0600); checkpoints get the usual permissions.
func createTemporary(path string) (*os.File, error) {
	prefix := filepath.Join(filepath.Dir(path),
		"."+filepath.Base(path)+tempMark+strconv.Itoa(os.Getpid())+"-")
	for i := 0; ; i++ {
		f, err := os.OpenFile(prefix+strconv.Itoa(i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) || i == 1<<20 {
			return f, err
		}
	}
}

// MakeDir makes a folder durable, and makes those above it that do not exist.
func MakeDir(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(path)))
}
