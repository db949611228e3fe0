package checkpoint

import (
	"bytes"
	"errors"
	"testing"
)

// The header says what is in a file without its tensors being read.
func TestReadHeader(t *testing.T) {
	var buf bytes.Buffer
	err := WriteSafetensors(&buf, map[string]string{"made": "here"}, map[string]Tensor{
		"b": Of([]int{2, 3}, make([]float32, 6)), "a": Of([]int{}, []int64{7}),
	})
	if err != nil {
		t.Fatal(err)
	}
	text := buf.Bytes()
	size := int64(len(text))
	metadata, tensors, err := ReadHeader(bytes.NewReader(text[:size-32]), size) // the data are not there
	if err != nil {
		t.Fatal(err)
	}
	if metadata["made"] != "here" || len(tensors) != 2 || tensors[0].Name != "a" || tensors[0].DType != "I64" ||
		len(tensors[1].Shape) != 2 || tensors[1].Shape[1] != 3 {
		t.Errorf("metadata %v, tensors %+v", metadata, tensors)
	}
	for n := range size {
		if _, _, err := ReadHeader(bytes.NewReader(text[:n]), n); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d of %d bytes: %v", n, size, err)
		}
	}
}
