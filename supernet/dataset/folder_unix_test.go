//go:build unix

package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Links to files and folders are followed; a circle of links is an error, a dangling one too.
func TestFolderLinks(t *testing.T) {
	real := writeFolder(t, sampleFiles(t))
	want, err := OpenFolder(ctx, real, &Options{Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, class := range []string{"cat", "dog", "eel"} {
		link(filepath.Join(real, class), class)
	}
	got, err := OpenFolder(ctx, dir, &Options{Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
	link(dir, "loop")
	if _, err := OpenFolder(ctx, dir, nil); !errors.Is(err, ErrLimit) {
		t.Errorf("circle of links: %v, want ErrLimit", err)
	}
	if err := os.Remove(filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	link(filepath.Join(dir, "nowhere"), "gone.png")
	if _, err := OpenFolder(ctx, dir, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("dangling link: %v, want not-exist", err)
	}
}

// A pipe named as an image does not hang the reader.
func TestFolderDirectoryNamedImage(t *testing.T) {
	dir := writeFolder(t, sampleFiles(t))
	if err := os.Mkdir(filepath.Join(dir, "cat", "folder.jpg"), 0o755); err != nil {
		t.Fatal(err)
	}
	ds, err := OpenFolder(ctx, dir, &Options{Size: 8})
	if err != nil || ds.Len() != 5 {
		t.Errorf("a folder named as an image: %v", err)
	}
}
