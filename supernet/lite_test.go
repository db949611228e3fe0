package supernet

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestEfficientNetLite compares networks of the family with PyTorch: even and odd sizes, padding
// "same" and symmetric, running statistics and those of the batch, by names of the public port.
func TestEfficientNetLite(t *testing.T) {
	text, err := os.ReadFile("testdata/lite.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Width          float64
		Classes, Batch int
		Cases          []struct {
			Arch      string
			Size      int
			Symmetric bool
			Batch     bool `json:"batch_statistics"`
			Logits    []float32
		}
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Cases {
		t.Run(fmt.Sprintf("%d symmetric %v batch %v", c.Size, c.Symmetric, c.Batch), func(t *testing.T) {
			space, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: g.Width,
				InputSize: c.Size, Classes: g.Classes, Symmetric: c.Symmetric})
			if err != nil {
				t.Fatal(err)
			}
			a, err := space.Parse(c.Arch)
			if err != nil {
				t.Fatal(err)
			}
			m, err := NewModel(space, a, nil)
			if err != nil {
				t.Fatal(err)
			}
			values := countedValues(m.network)
			for _, s := range m.store.list {
				if !s.kind.statistic() {
					continue
				}
				base := float32(0)
				if s.kind == kindVar {
					base = 0.4
				}
				for i, u := range counted(s.key, len(values[s.key])) {
					values[s.key][i] = base + u*0.1
				}
			}
			if err := m.setValues(values); err != nil {
				t.Fatal(err)
			}
			got := logitsOf(t, m.network, m.prog, countedBatch(g.Batch, c.Size, g.Classes), c.Batch)
			if !close32(got, c.Logits, 1e-4) {
				t.Errorf("logits %v, expected %v", got, c.Logits)
			}
		})
	}
}

// countedBatch is the images of elastic.py and lite.py.
func countedBatch(n, size, classes int) *dataset.Batch {
	images := counted("images", n*3*size*size)
	b := &dataset.Batch{X: make([]float32, len(images)), N: n, Size: size}
	plane := size * size
	for i := range n {
		b.Labels = append(b.Labels, i%classes)
		for c := range 3 {
			for p := range plane {
				b.X[(i*plane+p)*3+c] = images[(i*3+c)*plane+p]
			}
		}
	}
	return b
}
