package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// openFile recognises a file by its first bytes, unpacked where it is packed.
func openFile(ctx context.Context, path string, s settings) (*Memory, error) {
	head, err := peek(path)
	if err != nil {
		return nil, err
	}
	if isTar(head) {
		return readTar(ctx, path, func() (*fileReader, error) { return openReader(path) }, s)
	}
	if slices.ContainsFunc(zipMagics, func(m string) bool { return begins(head, m) }) {
		return openZip(ctx, path, s)
	}
	if s.Part != "" && s.Part != Train { // the other forms have one part a file
		return nil, fmt.Errorf("%s: %w: %q asked of a single file", path, ErrPart, s.Part)
	}
	if len(head) >= 4 {
		switch binary.BigEndian.Uint32(head) {
		case idxImages:
			return openIDXFiles(ctx, []string{path}, s)
		case idxLabels:
			return nil, fmt.Errorf("%s: %w: these are IDX labels, open the file of the images", path,
				ErrUnknown)
		}
	}
	name := strings.TrimSuffix(filepath.Base(path), ".gz")
	if strings.HasSuffix(name, ".bin") || cifarPart(name) != "" {
		return readCIFARFiles(ctx, []string{path}, s)
	}
	if begins(head, "\x80.}q") || strings.HasPrefix(name, "data_batch_") {
		return nil, fmt.Errorf("%s: %w: this looks like a pickle, as of %s", path, ErrUnknown, pythonCIFAR)
	}
	if tarName, ok := archiveStem(filepath.Base(path)); ok {
		return nil, badFile(path, "", 0, "named as the archive %q but starts as no archive", tarName)
	}
	return nil, fmt.Errorf("%s: %w: starts with % x; want a folder of classes, a tar or zip, IDX or CIFAR files",
		path, ErrUnknown, head[:min(8, len(head))])
}

// peek gives the first block of a file, less where it is shorter.
func peek(path string) ([]byte, error) {
	st, err := openReader(path)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(st, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, st.fail(int64(n), "%w", err)
	}
	return head[:n], nil
}

// isTar looks for the name of the format, or, in archives older than that, for a header whose
// checksum is right.
func isTar(head []byte) bool {
	if len(head) < 512 {
		return false
	}
	if bytes.Equal(head[257:262], []byte("ustar")) {
		return true
	}
	field := strings.Trim(string(head[148:156]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	var sum int64
	for i, b := range head {
		if i >= 148 && i < 156 {
			b = ' '
		}
		sum += int64(b)
	}
	return sum == want
}

// archiveStem gives the name of an archive without its extension.
func archiveStem(name string) (string, bool) {
	lower := strings.ToLower(name)
	for _, ext := range []string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.zst", ".tzst", ".tar.xz",
		".txz", ".zip"} {
		if strings.HasSuffix(lower, ext) {
			return name[:len(name)-len(ext)], true
		}
	}
	return "", false
}

// idxPart gives the part that an IDX image file holds, by its name; "" for other files.
// train-images-idx3-ubyte.gz, t10k-images.idx3-ubyte and emnist-letters-test-images-idx3-ubyte are
// such names.
func idxPart(name string) Part {
	name = strings.ToLower(strings.TrimSuffix(name, ".gz"))
	if isHidden(name) || !strings.Contains(name, "images") || !strings.Contains(name, "idx3") {
		return ""
	}
	switch {
	case strings.Contains(name, "t10k"), strings.Contains(name, "test"):
		return Test
	case strings.Contains(name, "val"):
		return Val
	}
	return Train
}

// openIDXFiles opens the one IDX image file of a part with its labels.
func openIDXFiles(ctx context.Context, files []string, s settings) (*Memory, error) {
	images := files[0]
	for _, f := range files[1:] {
		if strings.TrimSuffix(f, ".gz") != strings.TrimSuffix(images, ".gz") {
			return nil, fmt.Errorf("%w: both %s and %s are of the same part; name the one to open",
				ErrUnknown, images, f)
		}
	}
	base := strings.TrimSuffix(filepath.Base(images), ".gz")
	base = strings.Replace(base, "images", "labels", 1)
	base = strings.Replace(base, "idx3", "idx1", 1)
	for _, ext := range []string{"", ".gz"} {
		labels := filepath.Join(filepath.Dir(images), base+ext)
		if _, err := os.Stat(labels); err == nil && labels != images {
			lab, err := openReader(labels)
			if err != nil {
				return nil, err
			}
			defer lab.Close()
			img, err := openReader(images)
			if err != nil {
				return nil, err
			}
			defer img.Close()
			return readIDX(ctx, img, lab, s)
		}
	}
	return nil, badFile(images, "", 0, "no file of its labels beside it (%s or %s.gz)", base, base)
}

// cifarPart gives the part that a file of the official CIFAR distribution holds, by its name; ""
// for other files.
func cifarPart(name string) Part {
	name = strings.TrimSuffix(name, ".gz")
	switch {
	case strings.HasPrefix(name, "data_batch_") && strings.HasSuffix(name, ".bin"), name == "train.bin":
		return Train
	case name == "test_batch.bin", name == "test.bin":
		return Test
	}
	return ""
}
