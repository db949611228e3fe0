package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// answers writes images, probabilities and features as NumPy files.
func answers(ctx context.Context, dir string, m *supernet.Model, test dataset.Dataset) error {
	size, n := test.Size(), test.Len()
	pixels := make([]uint8, 0, n*size*size*3)
	var probabilities, features []float32
	one := make([]uint8, size*size*3)
	for i := range n {
		if err := test.Image(i, one); err != nil {
			return err
		}
		pixels = append(pixels, one...)
		img, err := data.Picture(test, i)
		if err != nil {
			return err
		}
		_, p, err := m.Classify(img)
		if err != nil {
			return err
		}
		probabilities = append(probabilities, p...)
	}
	if err := m.Embed(ctx, test, func(f *tensor.Dense, _ []int) error {
		features = append(features, f.Data().([]float32)...)
		return nil
	}); err != nil {
		return err
	}
	for name, err := range map[string]error{
		"images": writeNPY(filepath.Join(dir, "images.npy"), "|u1", []int{n, size, size, 3}, pixels),
		"probabilities": writeNPY(filepath.Join(dir, "probabilities.npy"), "<f4", []int{n, m.Classes()},
			probabilities),
		"features": writeNPY(filepath.Join(dir, "features.npy"), "<f4", []int{n, m.FeatureLen()},
			features),
	} {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// writeNPY writes an array in NumPy's format, version 1.0: magic, length of the header, the header
// padded to 64 bytes, the data.
func writeNPY(path, descr string, shape []int, values any) error {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = fmt.Sprint(d)
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }", descr,
		strings.Join(dims, ", "))
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	file = append(file, header...)
	file, err := binary.Append(file, binary.LittleEndian, values)
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(path, file)
}
