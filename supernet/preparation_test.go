package supernet

import (
	"bytes"
	"encoding/binary"
	"image"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// smallDigits is an IDX set of grey images that are smaller than a network's, read at its size, and
// the images as they were.
func smallDigits(t *testing.T, side int, o dataset.Options) (*dataset.Memory, []*image.Gray) {
	t.Helper()
	from := stripes(t, 40, side, 9)
	head := func(b []byte, numbers ...uint32) []byte {
		for _, n := range numbers {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	pixels, labels := head(nil, 0x803, 40, uint32(side), uint32(side)), head(nil, 0x801, 40)
	var list []*image.Gray
	rgb := make([]uint8, side*side*3)
	for i := range from.Len() {
		if err := from.Image(i, rgb); err != nil {
			t.Fatal(err)
		}
		img := image.NewGray(image.Rect(0, 0, side, side))
		for p := range img.Pix {
			img.Pix[p] = rgb[3*p]
		}
		list = append(list, img)
		pixels, labels = append(pixels, img.Pix...), append(labels, byte(from.Label(i)))
	}
	o.ClassNames = from.Classes()
	ds, err := dataset.ReadIDX(t.Context(), bytes.NewReader(pixels), bytes.NewReader(labels), &o)
	if err != nil {
		t.Fatal(err)
	}
	return ds, list
}

// A model classifies images as they were before they were read just as it is evaluated on those
// read, from a file too; what the user set wins, and other data do not change it.
func TestClassifyPreparesAsData(t *testing.T) {
	ds, originals := smallDigits(t, 12, dataset.Options{Size: 16})
	space := tinySpace(t)
	var log strings.Builder
	m, err := NewModel(space, space.Smallest(), &Options{Seed: 7, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Train(t.Context(), ds, short(4)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model")
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadModel(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	net, err := New(space, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Inherit(t.Context(), loaded, nil); err != nil {
		t.Fatal(err)
	}
	if net.fit != dataset.FitPad {
		t.Errorf("a supernet that inherits fits by %v", net.fit)
	}
	want, err := m.Evaluate(t.Context(), ds, nil)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	pixels := make([]uint8, 16*16*3)
	for i, img := range originals {
		label, probs, err := loaded.Classify(img)
		if err != nil {
			t.Fatal(err)
		}
		if label == ds.Label(i) {
			right++
		}
		if err := ds.Image(i, pixels); err != nil {
			t.Fatal(err)
		}
		read := image.NewRGBA(image.Rect(0, 0, 16, 16))
		for p := range 256 {
			copy(read.Pix[4*p:], append(pixels[3*p:3*p+3:3*p+3], 255))
		}
		_, same, err := m.Classify(read)
		if err != nil {
			t.Fatal(err)
		}
		for c := range probs {
			if probs[c] != same[c] {
				t.Fatalf("image %d: %v as it was, %v as read", i, probs, same)
			}
		}
	}
	if got := float64(right) / float64(ds.Len()); got != want.Accuracy {
		t.Errorf("Classify is right for %v of the images, Evaluate for %v", got, want.Accuracy)
	}

	other, _ := smallDigits(t, 12, dataset.Options{Size: 16, Fit: dataset.FitCrop})
	for range 2 {
		if _, err := m.Train(t.Context(), other, short(1)); err != nil {
			t.Fatal(err)
		}
	}
	if m.fit != dataset.FitPad || strings.Count(log.String(), "made square") != 1 {
		t.Errorf("data with another fit: %v; log:\n%s", m.fit, &log)
	}
	own, err := NewModel(space, space.Smallest(), &Options{Fit: dataset.FitStretch})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Train(t.Context(), ds, short(1)); err != nil || own.fit != dataset.FitStretch {
		t.Errorf("a fit that was set became %v: %v", own.fit, err)
	}
	meta, err := m.onnxMetadata(&ONNXOptions{})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range meta {
		said[p[0]] = p[1]
	}
	if said["fit"] != "pad" || said["resampling"] != "catmull-rom" {
		t.Errorf("ONNX metadata: fit %q, resampling %q", said["fit"], said["resampling"])
	}
}
