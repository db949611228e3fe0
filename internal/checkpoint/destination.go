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

// mostLinks is how many symbolic links are followed one after the other, as by Linux.
const mostLinks = 40

// destination is where the bytes for path go: into a stream, or to a regular file, which need not
// exist, at the end of the symbolic links.
func destination(path string) (file string, stream bool, err error) {
	if path == "" {
		return "", false, errors.New("the path is empty")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // no file yet, or a link to none
	case err != nil:
		return "", false, err
	case info.IsDir():
		return "", false, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return "", true, nil
	}
	file = path
	for range mostLinks {
		info, err := os.Lstat(file)
		if errors.Is(err, fs.ErrNotExist) {
			return file, false, nil
		}
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return file, false, err
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			return "", false, err
		}
		// A link in /proc stands for a file that some process has open, which would go on with the
		// old one.
		if strings.HasPrefix(dir, "/proc/") {
			return "", true, nil
		}
		link, err := os.Readlink(file)
		if err != nil {
			return "", false, err
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(dir, link)
		}
		file = link
	}
	return "", false, fmt.Errorf("more than %d symbolic links", mostLinks)
}

// writeInto writes to what is there. A regular file that this process has open, standard output
// say, is written on where it stands, so that what is written to it later follows; one that is open
// elsewhere is added to.
func writeInto(path string, write func(w io.Writer) error) error {
	f, err := ownFile(path)
	if f == nil && err == nil {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return err
	}
	err = write(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// ownFile is a file that this process has open and that a path in /proc stands for; nil for other
// paths.
func ownFile(path string) (*os.File, error) {
	for range mostLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		own := fmt.Sprintf("/proc/%d/", os.Getpid())
		if fd, err := strconv.Atoi(filepath.Base(path)); err == nil && strings.HasPrefix(dir, own) &&
			filepath.Base(dir) == "fd" {
			return duplicate(fd, path)
		}
		link, err := os.Readlink(path)
		if err != nil {
			return nil, nil // no link, and no such file
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(dir, link)
		}
		path = link
	}
	return nil, nil
}
