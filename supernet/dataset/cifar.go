package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	cifarSide  = 32
	cifarPlane = cifarSide * cifarSide
)

// cifarKind is one of the two binary forms: the label bytes of a record, then the red, the green
// and the blue plane of 32×32.
type cifarKind struct {
	name    string
	labels  int // label bytes; the last one is the class that is used
	limits  []int
	classes int
	names   string // file of class names, one a line
}

func (k *cifarKind) record() int { return k.labels + 3*cifarPlane }

var (
	cifar10  = cifarKind{"CIFAR-10", 1, []int{10}, 10, "batches.meta.txt"}
	cifar100 = cifarKind{"CIFAR-100", 2, []int{20, 100}, 100, "fine_label_names.txt"}
)

// OpenCIFAR reads files in the binary form of CIFAR-10 (records of 3073 bytes) or CIFAR-100 (3074
// bytes, of which the fine label is used), plain or packed with gzip, one after the other. Which
// form it is follows from the first file: from its name where that is an official one
// (data_batch_1.bin, train.bin, …), else from its unpacked length and the labels at its records,
// CIFAR-10 where both fit. Class names come from Options, from batches.meta.txt or
// fine_label_names.txt beside the files, or are built in (CIFAR-10) or numbers.
func OpenCIFAR(ctx context.Context, files []string, o *Options) (*Memory, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("dataset: no CIFAR files given")
	}
	m, err := readCIFARFiles(ctx, files, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

func readCIFARFiles(ctx context.Context, files []string, s settings) (*Memory, error) {
	kind, err := whichCIFAR(ctx, files[0])
	if err != nil {
		return nil, err
	}
	m := newCIFAR(s)
	m.report.Form = kind.name
	if m.classes == nil {
		if m.classes, err = cifarNames(filepath.Dir(files[0]), kind); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		st, err := openReader(file)
		if err != nil {
			return nil, err
		}
		err = readCIFAR(ctx, st, kind, m, s)
		st.Close()
		if err != nil {
			return nil, err
		}
	}
	return m, m.pin(files[0], s.KnownClasses)
}

func newCIFAR(s settings) *Memory {
	m := &Memory{size: s.Size, classes: s.ClassNames, prepared: s.preparation()}
	if m.size == 0 {
		m.size = cifarSide
	}
	return m
}

// readCIFAR appends the records of a file to m.
func readCIFAR(ctx context.Context, st *fileReader, kind *cifarKind, m *Memory, s settings) error {
	store := blocks{per: m.size * m.size * 3}
	record := kind.record()
	before := len(m.images)
	read := func(buf []byte) (item, bool, error) {
		at := st.offset
		buf = sized(buf, record)
		switch n, err := io.ReadFull(st, buf); {
		case errors.Is(err, io.EOF):
			if len(m.images) == before {
				return item{}, false, st.fail(0, "no %s records", kind.name)
			}
			return item{}, false, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return item{}, false, st.fail(st.offset, "file ends inside record %d: %d of %d bytes there",
				len(m.images)-before, n, record)
		case err != nil:
			return item{}, false, st.fail(st.offset, "record %d: %w", len(m.images)-before, err)
		}
		for k, limit := range kind.limits {
			if int(buf[k]) >= limit {
				return item{}, false, st.fail(at+int64(k), "label %d of record %d, want 0 to %d", buf[k],
					len(m.images)-before, limit-1)
			}
		}
		label := int(buf[kind.labels-1])
		if label >= len(m.classes) {
			return item{}, false, st.fail(at+int64(kind.labels-1),
				"label %d of record %d, %d class names given", label, len(m.images)-before, len(m.classes))
		}
		if err := s.room(int64(len(m.images)+1), m.size, 3); err != nil {
			return item{}, false, &FileError{File: st.name, Offset: at, Err: err}
		}
		dst := store.next()
		m.images = append(m.images, dst)
		m.labels = append(m.labels, uint16(label))
		return item{len(m.images) - 1, buf, dst}, true, nil
	}
	convert := func(it item) error { return cifarImage(it.dst, it.raw[kind.labels:], m.size, s.Fit) }
	return convertAll(ctx, s.Workers, read, convert)
}

// cifarImage interleaves the three planes, and scales where asked.
func cifarImage(dst, planes []uint8, size int, fit Fit) error {
	r, g, b := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:]
	if size == cifarSide {
		for i := range cifarPlane {
			p := dst[3*i : 3*i+3 : 3*i+3]
			p[0], p[1], p[2] = r[i], g[i], b[i]
		}
		return nil
	}
	img := image.NewRGBA(image.Rect(0, 0, cifarSide, cifarSide))
	for i := range cifarPlane {
		p := img.Pix[4*i : 4*i+4 : 4*i+4]
		p[0], p[1], p[2], p[3] = r[i], g[i], b[i], 255
	}
	return FromImage(dst, img, size, fit)
}

// whichCIFAR tells the two forms apart by the official names, and where the name is another one, by
// what is in the file: its unpacked length must be whole records, and their labels in range.
func whichCIFAR(ctx context.Context, file string) (*cifarKind, error) {
	base := strings.TrimSuffix(filepath.Base(file), ".gz")
	if strings.HasPrefix(base, "data_batch") || strings.HasPrefix(base, "test_batch") {
		return &cifar10, nil
	}
	if base == "train.bin" || base == "test.bin" {
		return &cifar100, nil
	}
	st, err := openReader(file)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	kinds := [...]*cifarKind{&cifar10, &cifar100}
	bad := [len(kinds)]bool{} // a label out of range was met
	buf := make([]byte, 1<<16)
	for err == nil {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := st.offset
		var n int
		n, err = st.Read(buf)
		for k, kind := range kinds {
			bad[k] = bad[k] || !kind.labelsFit(buf[:n], at)
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, st.fail(st.offset, "%w", err)
	}
	whole := func(k int) bool { return st.offset%int64(kinds[k].record()) == 0 }
	switch {
	case whole(0) && !bad[0]:
		return &cifar10, nil
	case whole(1) && (!bad[1] || !whole(0)):
		return &cifar100, nil
	}
	return &cifar10, nil
}

// labelsFit reports whether the labels among the bytes at an offset of a file are in range.
func (k *cifarKind) labelsFit(data []byte, offset int64) bool {
	record := int64(k.record())
	for l, limit := range k.limits {
		first := (int64(l) - offset%record + record) % record
		for i := first; i < int64(len(data)); i += record {
			if int(data[i]) >= limit {
				return false
			}
		}
	}
	return true
}

// cifarNames reads the file of class names, or makes names up where there is none.
func cifarNames(dir string, kind *cifarKind) ([]string, error) {
	path := filepath.Join(dir, kind.names)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		if kind.classes == 10 {
			return []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
				"truck"}, nil
		}
		names := make([]string, kind.classes)
		for i := range names {
			names[i] = fmt.Sprintf("class%02d", i)
		}
		return names, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	var at int64
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")); name != "" {
			names = append(names, name)
		}
		at += int64(len(lines.Bytes())) + 1
		if len(names) > kind.classes {
			break
		}
	}
	if err := lines.Err(); err != nil {
		return nil, badFile(path, "", at, "class names: %w", err)
	}
	if len(names) != kind.classes {
		return nil, badFile(path, "", at, "%d class names, want %d", len(names), kind.classes)
	}
	return names, nil
}
