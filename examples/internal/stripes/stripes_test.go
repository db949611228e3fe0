package stripes

import (
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, 10, 20, 8); err != nil {
		t.Fatal(err)
	}
	train, test, err := dataset.OpenPair(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 20 || test.Len() != 8 || train.Size() != 10 || train.Label(6) != 2 {
		t.Errorf("%d and %d images of %d pixels", train.Len(), test.Len(), train.Size())
	}
}
