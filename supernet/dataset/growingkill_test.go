package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// endingContext ends after it was asked some times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A Save that ends after any of its steps leaves the set as it was, until the last step; the one
// after it cleans up. So does one beside half-written files of a process that was killed.
func TestGrowingSaveInterrupted(t *testing.T) {
	saveSmall := func(t *testing.T) (*Growing, string) {
		g := newGrowing(t, &GrowingOptions{MaxImages: 20, Seed: 3})
		dir := t.TempDir()
		for _, n := range []int{16, 5, 2} {
			appendTo(t, g, grid(t, n, 2, 2))
			saveTo(t, g, dir)
		}
		return g, dir
	}
	for steps := 0; ; steps++ {
		g, dir := saveSmall(t)
		before, old := files(t, dir), loadFrom(t, dir)
		appendTo(t, g, grid(t, 30, 2, 3))
		err := g.Save(&endingContext{ctx, steps}, dir)
		if err == nil {
			if steps < 2 {
				t.Errorf("a save of %d steps, want several", steps)
			}
			sameGrowing(t, loadFrom(t, dir), g)
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		sameGrowing(t, loadFrom(t, dir), old)
		now := files(t, dir)
		for name, data := range before {
			if now[name] != data {
				t.Errorf("after %d steps %s changed", steps, name)
			}
		}
		// The same process goes on, or another one from what is there.
		other := loadFrom(t, dir)
		appendTo(t, other, grid(t, 30, 2, 3))
		sameGrowing(t, other, g)
		for _, next := range []*Growing{g, other} {
			// Halves of files that were under way.
			junk := []string{".index.tmp-12-0", "." + imagesPrefix + strings.Repeat("0", 32) + ".tmp-12-1", imagesPrefix + strings.Repeat("0", 32)}
			for _, name := range junk {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(before[indexName][:50]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			sameGrowing(t, loadFrom(t, dir), loadFrom(t, dir))
			saveTo(t, next, dir)
			sameGrowing(t, loadFrom(t, dir), next)
			if n := len(files(t, dir)); n != len(next.saved.size)+1 {
				t.Errorf("%d files, want the index and %d", n, len(next.saved.size))
			}
		}
	}
	// Nothing to load where even the first Save did not end.
	g := newGrowing(t, nil)
	appendTo(t, g, grid(t, 3, 2, 2))
	dir := filepath.Join(t.TempDir(), "x")
	if err := g.Save(&endingContext{ctx, 1}, dir); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := LoadGrowing(dir, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("load: %v, want fs.ErrNotExist", err)
	}
	saveTo(t, g, dir)
	sameGrowing(t, loadFrom(t, dir), g)
	if err := os.WriteFile(dir+"file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Save(ctx, dir+"file"); err == nil {
		t.Error("saved into a file")
	}
}

// growingEnv names the folder that a child process of TestGrowingKilled fills until it is killed.
const growingEnv = "TENDRIL_TEST_GROWING"

// killedAppend is what the child appends, by the number of images that came before.
func killedAppend(t testing.TB, came int) Dataset { return grid(t, 1+came%7, 2, 1+came%4) }

// A process that is killed at any moment leaves a set that was saved.
func TestGrowingKilled(t *testing.T) {
	o := &GrowingOptions{MaxImages: 50, Seed: 8}
	if dir := os.Getenv(growingEnv); dir != "" {
		g, err := LoadGrowing(dir, nil)
		if errors.Is(err, fs.ErrNotExist) {
			g, err = NewGrowing(2, o)
		}
		for ; err == nil; err = g.Save(ctx, dir) {
			fmt.Println("saved")
			appendTo(t, g, killedAppend(t, int(g.now.Load().total())))
		}
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "set")
	want := newGrowing(t, o)
	for range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestGrowingKilled$")
		cmd.Env = append(os.Environ(), growingEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for n, s := 0, bufio.NewScanner(out); n < 8 && s.Scan(); {
			if s.Text() == "saved" {
				n++
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended before it was killed")
		}
		got := loadFrom(t, dir)
		came := got.now.Load().total()
		for want.now.Load().total() < came {
			appendTo(t, want, killedAppend(t, int(want.now.Load().total())))
		}
		sameGrowing(t, got, want)
	}
	if n := want.now.Load().total(); n < 60 {
		t.Errorf("%d images came, want more than the bound", n)
	}
}

// Damage is found wherever it is, and named.
func TestGrowingDamaged(t *testing.T) {
	dir := t.TempDir()
	g := newGrowing(t, &GrowingOptions{MaxImages: 30})
	for _, n := range []int{20, 3} {
		appendTo(t, g, grid(t, n, 2, 3))
		saveTo(t, g, dir)
	}
	whole := files(t, dir)
	if len(whole) != 3 {
		t.Fatalf("%d files, want an index and two of images", len(whole))
	}
	write := func(name, data string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var parts []string
	for name, data := range whole {
		if name != indexName {
			parts = append(parts, name)
		}
		for at := 0; at < len(data); at += 1 + len(data)/60 {
			flipped := []byte(data)
			flipped[at] ^= 1 << (at % 8)
			for _, bad := range []string{data[:at], string(flipped)} {
				write(name, bad)
				_, err := LoadGrowing(dir, nil)
				wantBad(t, err, name, -1)
			}
		}
		write(name, data)
	}
	sameGrowing(t, loadFrom(t, dir), g)
	// Files that are whole and not those of the set.
	write(parts[0], whole[parts[1]])
	_, err := LoadGrowing(dir, nil)
	wantBad(t, err, parts[0], -1)
	write(parts[0], whole[indexName])
	_, err = LoadGrowing(dir, nil)
	wantBad(t, err, parts[0], -1)
	if err := os.Remove(filepath.Join(dir, parts[0])); err != nil {
		t.Fatal(err)
	}
	_, err = LoadGrowing(dir, nil)
	wantBad(t, err, parts[0], -1)
	if errors.Is(err, fs.ErrNotExist) {
		t.Error("a set of which a file is missing is taken for none")
	}
	// The set that is in memory is not lost.
	saveTo(t, g, dir)
	sameGrowing(t, loadFrom(t, dir), g)
}
