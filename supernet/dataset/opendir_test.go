package dataset

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// CIFAR's Python version is named wherever it lies.
func TestPythonCIFAR(t *testing.T) {
	pickle := []byte("\x80\x02}q\x00.")
	for _, names := range []string{"cifar-10-batches-py/data_batch_1", "mine/data_batch_1 mine/batches.meta", "meta test train"} {
		var files []file
		for name := range strings.FieldsSeq(names) {
			files = append(files, file{name, pickle})
		}
		for form, path := range forms(t, files) {
			if _, err := Open(ctx, path, nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "binary version") {
				t.Errorf("%s, %s: %v", form, names, err)
			}
		}
	}
	if _, err := Open(ctx, writeFile(t, "data_batch_1", pickle), nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "binary version") {
		t.Errorf("one file: %v", err)
	}
}

// A byte order mark is not part of the first class.
func TestCIFARNamesByteOrderMark(t *testing.T) {
	ds, err := Open(ctx, writeFolder(t, []file{{"data_batch_1.bin", make([]byte, 3073)},
		{"batches.meta.txt", []byte("\ufeffa\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj\r\n")}}), nil)
	if err != nil || fmt.Sprintf("%q", ds.Classes()[:2]) != `["a" "b"]` {
		t.Errorf("classes %q, error %v", ds.Classes(), err)
	}
}

// Archives of parts beside folders of the same parts are what those were unpacked from; where one
// is not unpacked, neither is chosen.
func TestArchivesBesideParts(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	inner := tarOf(t, []file{{"cat/1.png", img}})
	folders := []file{{"train/cat/1.png", img}, {"train/cat/2.png", img}, {"train.tar", inner}}
	ds, err := Open(ctx, writeFolder(t, folders), nil)
	if err != nil || ds.Len() != 2 || ds.Report().Form != "folder" {
		t.Errorf("unpacked: %v", err)
	}
	dir := writeFolder(t, append(folders, file{"test.tar", inner}))
	for _, part := range []Part{"", Train, Test} {
		if _, err := Open(ctx, dir, &Options{Part: part}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "test.tar: unpack that") {
			t.Errorf("one of two unpacked, part %q: %v", part, err)
		}
	}
}
