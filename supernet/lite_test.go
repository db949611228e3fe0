package supernet

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
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

// unevenSpace has a choice of kernels under padding "same" with a stride: of even sizes one row and
// column of zeros more after the map than before it. One layer is dense, one depthwise.
func unevenSpace(t testing.TB, size int) *searchspace.Space {
	t.Helper()
	return craft(t, size, 4, func(b *searchspace.Builder) {
		x := b.ConvBN("stem", b.Input(), searchspace.Conv{Out: searchspace.Const(8), Kernel: searchspace.Const(3)}, searchspace.ActSwish)
		for i, name := range []string{"dense", "depthwise"} {
			b.Scope(name, func() {
				kernel := b.OneOf("kernel", searchspace.KindKernel, 1, 3, 5)
				x = b.ConvBN("layer", x, searchspace.Conv{Out: searchspace.Const(8), Kernel: kernel, Stride: 2,
					Depthwise: i == 1, Same: true}, searchspace.ActSwish)
			})
		}
		b.Classifier("fc", b.GlobalAvgPool("pool", x), 0)
	})
}

// TestMorphUneven: kernels of several pixels grow around the same pixel of the map, one of a single
// pixel lies elsewhere where there are more zeros after the map.
func TestMorphUneven(t *testing.T) {
	for _, c := range []struct {
		size      int
		from, to  string
		preserved bool
	}{
		{12, "3,3", "5,5", true}, {12, "1,3", "3,3", false}, {12, "3,1", "3,3", false}, {12, "1,1", "1,1", true},
		{13, "1,1", "5,3", true}, {6, "3,1", "5,1", true},
	} {
		space := unevenSpace(t, c.size)
		from, errFrom := space.Parse(c.from)
		to, errTo := space.Parse(c.to)
		if errFrom != nil || errTo != nil {
			t.Fatal(errFrom, errTo)
		}
		report, err := morphing(t, space, from, to, 3)
		if err != nil || report.Preserved != c.preserved {
			t.Errorf("%d px, %s → %s: %v\n%v", c.size, c.from, c.to, err, report)
		}
	}
}

// TestONNXPadding: the zeros of a file are those of the graph, at the beginnings and then at the
// ends.
func TestONNXPadding(t *testing.T) {
	space := unevenSpace(t, 12)
	a, err := space.Parse("5,3")
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(space, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{"stem.conv": {1, 1, 1, 1}, "dense.layer.conv": {1, 1, 2, 2}, "depthwise.layer.conv": {0, 0, 1, 1}}
	found := 0
	for _, n := range writeONNX(t, m, nil).nodes {
		if n.op == "Conv" {
			found++
			if !slices.Equal(n.ints["pads"], want[n.name]) {
				t.Errorf("%s pads %v, expected %v", n.name, n.ints["pads"], want[n.name])
			}
		}
	}
	if found != 3 {
		t.Errorf("%d convolutions, expected 3", found)
	}
}
