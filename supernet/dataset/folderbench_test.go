package dataset

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var (
	benchFiles  = flag.Int("files", 2000, "`images` of the folder of BenchmarkOpenFolder")
	benchFolder = flag.String("folder", "",
		"`path` of that folder, which is written where it is not there (default: a temporary one)")
)

// BenchmarkOpenFolder lists and reads a folder of small JPEG files in 100 classes. With the flags
// -files and -folder the folder is one that testdata/imagefolder.py can be given afterwards.
func BenchmarkOpenFolder(b *testing.B) {
	dir := *benchFolder
	if dir == "" {
		dir = b.TempDir()
	}
	if _, err := os.Stat(filepath.Join(dir, "c00")); err != nil {
		manySmall(b, dir, *benchFiles)
	}
	images := 0
	run := func(name string, read func() (int, error)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n, err := read()
				if err != nil {
					b.Fatal(err)
				}
				if images == 0 {
					images = n
				}
				if n != images || n == 0 {
					b.Fatalf("%d images, %d before", n, images)
				}
			}
			b.ReportMetric(float64(images)*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
	run("list", func() (int, error) {
		r, err := Inspect(ctx, dir, nil)
		if err != nil {
			return 0, err
		}
		return r.Images(), nil
	})
	run("read", func() (int, error) {
		m, err := OpenFolder(ctx, dir, nil)
		if err != nil {
			return 0, err
		}
		return m.Len(), nil
	})
}

// manySmall writes files of 32×32 pixels to 100 folders, the same few images again and again.
func manySmall(b *testing.B, dir string, files int) {
	b.Helper()
	var images [16][]byte
	for i := range images {
		images[i] = jpegOf(b, noise(32, 32, uint64(i)))
	}
	for i := range files {
		class := filepath.Join(dir, fmt.Sprintf("c%02d", i%100))
		if i < 100 {
			if err := os.MkdirAll(class, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		name := filepath.Join(class, fmt.Sprintf("%06d.jpg", i))
		if err := os.WriteFile(name, images[i%len(images)], 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
