package supernet

import (
	"bufio"
	"compress/gzip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// namedTensor is a line of testdata/weightnames.txt.gz.
type namedTensor struct {
	name  string
	shape []int
}

// publishedNames is what published packages call the weights of their networks, in their order, by
// package and network.
func publishedNames(t testing.TB) map[string][]namedTensor {
	t.Helper()
	f, err := os.Open("testdata/weightnames.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]namedTensor)
	title := ""
	for lines := bufio.NewScanner(z); lines.Scan(); {
		name, size, _ := strings.Cut(lines.Text(), " ")
		if name == "#" {
			title = size
			continue
		}
		n := namedTensor{name: name}
		for d := range strings.SplitSeq(size, "x") {
			if v, err := strconv.Atoi(d); err == nil {
				n.shape = append(n.shape, v)
			}
		}
		out[title] = append(out[title], n)
	}
	return out
}

// Every published network's names lead to its model: in the order of both, since packages and
// models list layers as they are computed, and with the shapes of both.
func TestPublishedNames(t *testing.T) {
	published := publishedNames(t)
	for _, c := range []struct{ names, model, layout string }{
		{"torchvision/mobilenet_v2", "mobilenet_v2 x1.0", "own"},
		{"torchvision/mobilenet_v3_large", "mobilenet_v3_large", "own"},
		{"torchvision/mnasnet1_0", "mnasnet_b1", "own"},
		{"torchvision/resnet18", "resnet18", "own"},
		{"torchvision/resnet50", "resnet50", "own"},
		{"torchvision/shufflenet_v2_x2_0", "shufflenet_v2_x2_0", "own"},
		{"torchvision/efficientnet_b0", "efficientnet_b0", "own"},
		{"timm/mobilenetv2_100", "mobilenet_v2 x1.0", "timm"},
		{"timm/mobilenetv2_140", "mobilenet_v2 x1.4", "timm"},
		{"timm/mnasnet_100", "mnasnet_b1", "timm"},
		{"timm/resnet18", "resnet18", "own"},
		{"timm/resnet50", "resnet50", "own"},
		{"timm/efficientnet_b0", "efficientnet_b0", "timm"},
		{"timm/tf_efficientnet_lite0", "efficientnet_lite0", "timm"},
		{"timm/tf_efficientnet_lite1", "efficientnet_lite1", "timm"},
		{"timm/tf_efficientnet_lite2", "efficientnet_lite2", "timm"},
		{"timm/tf_efficientnet_lite3", "efficientnet_lite3", "timm"},
		{"timm/tf_efficientnet_lite4", "efficientnet_lite4", "timm"},
		{"efficientnet_pytorch/efficientnet-b0", "efficientnet_b0", "efficientnet_pytorch"},
		{"efficientnet_lite_pytorch/efficientnet-lite0", "efficientnet_lite0", "own"},
		{"efficientnet_lite_pytorch/efficientnet-lite1", "efficientnet_lite1", "own"},
		{"efficientnet_lite_pytorch/efficientnet-lite2", "efficientnet_lite2", "own"},
		{"efficientnet_lite_pytorch/efficientnet-lite3", "efficientnet_lite3", "own"},
		{"efficientnet_lite_pytorch/efficientnet-lite4", "efficientnet_lite4", "own"},
	} {
		t.Run(c.names, func(t *testing.T) {
			tensors := published[c.names]
			if len(tensors) == 0 {
				t.Fatal("no such list")
			}
			for _, prefix := range []string{"", "module.", "_orig_mod.module."} {
				checkPublished(t, tensors, prefix, publishedSpecs(t, c.model), c.layout)
			}
		})
	}
}

// publishedSpecs is the tensors of a published network.
func publishedSpecs(t *testing.T, name string) *specs {
	t.Helper()
	m, ok := searchspace.FindModel(name)
	if !ok {
		t.Fatalf("no model %s", name)
	}
	space, arch, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	g, err := space.Lower(arch)
	if err != nil {
		t.Fatal(err)
	}
	return specsOfGraph(g, own{})
}

func checkPublished(t *testing.T, tensors []namedTensor, prefix string, ss *specs, layout string) {
	t.Helper()
	var names, keys, order []string
	shapes := make(map[string][]int)
	for _, n := range tensors {
		names = append(names, prefix+n.name)
		shapes[prefix+n.name] = n.shape
		if !strings.HasSuffix(n.name, counterSuffix) {
			order = append(order, prefix+n.name)
		}
	}
	for _, s := range ss.list {
		keys = append(keys, s.key)
	}
	p := recognise(keys, names, nil)
	if err := p.err(); err != nil {
		t.Fatalf("%q: %v", prefix, err)
	}
	if p.layout != layout {
		t.Errorf("%q: layout %s, expected %s", prefix, p.layout, layout)
	}
	if len(p.skipped) != len(names)-len(order) || len(order) != len(keys) {
		t.Errorf("%q: %d names skipped, %d left for %d tensors", prefix, len(p.skipped), len(order), len(keys))
	}
	for i, s := range ss.list {
		if p.of[s.key] != order[i] || !slices.Equal(shapes[order[i]], s.foreignDims()) {
			t.Errorf("%q: %s %v gets %s; %s %v is in its place", prefix, s.key, s.foreignDims(), p.of[s.key], order[i],
				shapes[order[i]])
		}
	}
}
