// Command gen cuts the embedded subset out of the official Fashion-MNIST files: the first images of
// each class, in the order of the files.
//
//	go run ./examples/internal/fashion/gen -from DIR -to examples/internal/fashion/data
//
// DIR holds the four .gz files of the official distribution. Run it again and the output is the
// same to the last byte with the same Go version.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	classes = 10
	pixels  = 28 * 28
)

func main() {
	from := flag.String("from", "", "folder with the official files, train-images-idx3-ubyte.gz and so on")
	to := flag.String("to", "", "folder to write to")
	train := flag.Int("train", 800, "training images of each class")
	test := flag.Int("test", 150, "test images of each class")
	flag.Parse()
	if err := run(*from, *to, *train, *test); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, to string, train, test int) error {
	if from == "" || to == "" {
		return errors.New("both -from and -to are needed")
	}
	if err := cut(from, to, "train", train); err != nil {
		return err
	}
	return cut(from, to, "t10k", test)
}

// cut writes the first per images of each class of one part.
func cut(from, to, part string, per int) error {
	imageFile, labelFile := part+"-images-idx3-ubyte.gz", part+"-labels-idx1-ubyte.gz"
	images, err := unpack(filepath.Join(from, imageFile))
	if err != nil {
		return err
	}
	labels, err := unpack(filepath.Join(from, labelFile))
	if err != nil {
		return err
	}
	if len(images) < 16 || len(labels) < 8 || len(images)-16 != (len(labels)-8)*pixels {
		return fmt.Errorf("%s holds %d bytes and %s %d: not images of %d pixels and their labels", imageFile,
			len(images), labelFile, len(labels), pixels)
	}
	var pickedImages, pickedLabels []byte
	count := make([]int, classes)
	for i, l := range labels[8:] {
		if int(l) >= classes {
			return fmt.Errorf("%s: label %d of image %d, want 0 to %d", labelFile, l, i, classes-1)
		}
		if count[l] == per {
			continue
		}
		count[l]++
		pickedLabels = append(pickedLabels, l)
		pickedImages = append(pickedImages, images[16+i*pixels:16+(i+1)*pixels]...)
	}
	for l, n := range count {
		if n < per {
			return fmt.Errorf("%s: class %d has %d images, want %d", part, l, n, per)
		}
	}
	n := uint32(len(pickedLabels))
	if err := pack(filepath.Join(to, imageFile), []uint32{0x803, n, 28, 28}, pickedImages); err != nil {
		return err
	}
	return pack(filepath.Join(to, labelFile), []uint32{0x801, n}, pickedLabels)
}

func unpack(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(z)
}

// pack writes header and data as one gzip stream without name or date, so that the file depends on
// the data only.
func pack(path string, header []uint32, data []byte) error {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, v := range header {
		if err := binary.Write(z, binary.BigEndian, v); err != nil {
			return err
		}
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}
