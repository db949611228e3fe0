//go:build unix

package dataset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// With Skip an image that is a link to nothing is like one that is damaged.
func TestSkipLinks(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	dir := writeFolder(t, []file{{"cat/1.png", img}, {"dog/1.png", img}})
	link := func(name string) {
		t.Helper()
		if err := os.Symlink("nowhere", filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	link("cat/0.png")
	ds, err := Open(ctx, dir, &Options{Skip: true})
	if err != nil {
		t.Fatal(err)
	}
	if r := ds.Report(); r.Size != 8 || fmt.Sprint(r.Counts, r.Passed) != "[1 1] [{not readable 1 [cat/0.png] [no such file or directory]}]" {
		t.Errorf("report %v", r)
	}
	if err := os.Mkdir(filepath.Join(dir, "eel"), 0o755); err != nil {
		t.Fatal(err)
	}
	link("eel/1.png")
	if _, err := Open(ctx, dir, &Options{Skip: true}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), `no image of class "eel"`) {
		t.Errorf("error %v", err)
	}
}
