package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder has one user at a time, and nothing is left of a lock.
func TestLock(t *testing.T) {
	top := filepath.Join(t.TempDir(), "a")
	dir := filepath.Join(top, "b")
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "this process") {
		t.Errorf("second lock: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(top); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
	if unlock, err = Lock(dir); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytesAtomic(filepath.Join(dir, "x"), nil); err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if n := names(t, dir); len(n) != 1 {
		t.Errorf("the folder holds %q", n)
	}
	if _, err := Lock(filepath.Join(dir, "x")); err == nil {
		t.Error("a file was locked as a folder")
	}
}
