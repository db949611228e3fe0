package supernet

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// spacesWithWidths is small spaces whose largest networks have all weights.
func spacesWithWidths(t testing.TB) []*searchspace.Space {
	t.Helper()
	light := lightSpaces(t)
	resnet, err := searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 32, Classes: 4})
	if err == nil {
		resnet, err = resnet.Restrict(
			searchspace.Restriction{Decisions: []string{"stage*.depth", "stage[234].width", "stage[34].*.expand"}, Keep: []int{0}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return []*searchspace.Space{light["mobilenetv3"], light["proxylessnas"], light["efficientnetlite"], resnet}
}

// wider is a space without the least width of every decision with more than two.
func wider(t testing.TB, s *searchspace.Space) *searchspace.Space {
	t.Helper()
	for _, d := range s.Decisions() {
		if (d.Kind == searchspace.KindExpand || d.Kind == searchspace.KindWidth) && len(d.Allowed) > 2 {
			var err error
			s, err = s.Restrict(searchspace.Restriction{Decisions: []string{d.Name},
				Keep: d.Allowed[len(d.Allowed)-2:]})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// TestSortChannels: the largest network computes what it did, with running statistics and with
// those of the batch; sorted within the widths of a restriction, so do its sub-networks; and the
// order is that of the norms.
func TestSortChannels(t *testing.T) {
	for _, s := range spacesWithWidths(t) {
		if testing.Short() && s.Name() == "resnet50" {
			continue
		}
		n := livelyNet(t, s, Elastic, 9)
		// Statistics of fewer images, on maps of one pixel, would make much of rounding.
		b := firstBatch(t, stripes(t, 8, s.InputSize(), 5), 8)
		some := wider(t, s)
		classes := prefix(s.Classes(), s.Classes())
		for round, separated := range []*searchspace.Space{some, nil} {
			stay := []searchspace.Arch{s.Largest()}
			if separated != nil {
				stay = append(stay, sample(t, some, 1), sample(t, some, 2), some.Smallest())
			}
			before := make([][]float32, 2*len(stay))
			for i := range before {
				before[i] = netAnswers(t, n, stay[i/2], b, i%2 == 1)
			}
			smallest := netAnswers(t, n, s.Smallest(), b, true)
			if err := n.SortChannels(t.Context(), separated); err != nil {
				t.Fatalf("%s: %v", s.Name(), err)
			}
			for i := range before {
				if d := apart(before[i], netAnswers(t, n, stay[i/2], b, i%2 == 1), s.Classes(), classes); !(d <= 1e-4) {
					t.Errorf("%s, round %d: logits of %s moved by %v", s.Name(), round, s.Format(stay[i/2]), d)
				}
			}
			if d := apart(smallest, netAnswers(t, n, s.Smallest(), b, true), s.Classes(), classes); d < 1e-3 {
				t.Errorf("%s, round %d: logits of the smallest network moved by %v only", s.Name(), round, d)
			}
			inOrder(t, n, separated)
			sorted := n.values()
			if err := n.SortChannels(t.Context(), separated); err != nil {
				t.Fatal(err)
			}
			if s.Name() != "resnet50" { // there the order of one tensor changes the sums of another
				sameValues(t, n.values(), sorted)
			}
		}
	}
}

// TestSortChannelsWithoutExpansion: where a sub-network has no layer that expands, its depthwise
// convolution reads the channels of the layer before, and so those stay.
func TestSortChannelsWithoutExpansion(t *testing.T) {
	for _, name := range []string{"mobilenetv3 expand 1", "proxylessnas expand 1"} {
		s := lightSpaces(t)[name]
		n := livelyNet(t, s, Elastic, 9)
		b := firstBatch(t, stripes(t, 8, s.InputSize(), 5), 8)
		archs := []searchspace.Arch{s.Smallest(), s.Largest(), sample(t, s, 1), sample(t, s, 2)}
		before, values := make([][]float32, len(archs)), n.values()
		for i, a := range archs {
			before[i] = netAnswers(t, n, a, b, true)
		}
		if err := n.SortChannels(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		for i, a := range archs {
			if d := apart(before[i], netAnswers(t, n, a, b, true), 4, prefix(4, 4)); !(d <= 1e-4) {
				t.Errorf("%s: logits of %s moved by %v", name, s.Format(a), d)
			}
		}
		if reflect.DeepEqual(n.values(), values) {
			t.Errorf("%s: nothing was sorted", name)
		}
	}
}

// TestSortChannelsPlainDepth: where nothing goes past the layers of a stage, the next stage reads
// whichever is the last; all of them keep their channels then, and other stages do not.
func TestSortChannelsPlainDepth(t *testing.T) {
	s, err := searchspace.VGG(searchspace.NetOptions{Width: 0.5, InputSize: 16, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	n := livelyNet(t, s, Elastic, 9)
	b := firstBatch(t, stripes(t, 8, s.InputSize(), 5), 8)
	archs := []searchspace.Arch{s.Smallest(), s.Largest(), sample(t, s, 1), sample(t, s, 2)}
	before, values := make([][]float32, len(archs)), n.values()
	for i, a := range archs {
		before[i] = netAnswers(t, n, a, b, false)
	}
	if err := n.SortChannels(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for i, a := range archs {
		if d := apart(before[i], netAnswers(t, n, a, b, false), 4, prefix(4, 4)); !(d <= 1e-4) {
			t.Errorf("logits of %s moved by %v", s.Format(a), d)
		}
	}
	after := n.values()
	for name, stays := range map[string]bool{"stage1.layer0": false, "stage2.layer0": false, "stage3.layer1": true} {
		name += ".conv.weight"
		if values[name] == nil || slices.Equal(values[name], after[name]) != stays {
			t.Errorf("%s stays: %v, expected %v", name, !stays, stays)
		}
	}
}

// inOrder checks the norms of layers that read inner channels, as far as the space has such: the
// projections of inverted residuals and the second layers of squeeze-and-excitations.
func inOrder(t testing.TB, n *Net, separated *searchspace.Space) {
	t.Helper()
	apart := map[string][]int{}
	if separated != nil {
		var err error
		if apart, err = widths(separated); err != nil {
			t.Fatal(err)
		}
	}
	vary, err := widths(n.space)
	if err != nil {
		t.Fatal(err)
	}
	top, err := n.top()
	if err != nil {
		t.Fatal(err)
	}
	weights, err := n.weightsOf(top)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for i := range top.Nodes {
		node := &top.Nodes[i]
		var makes string
		for _, pair := range [][2]string{{"point_linear.conv", "depth_conv.conv"}, {"se.fc.expand", "se.fc.reduce"},
			{"_project_conv", "_depthwise_conv"}, {"conv3.conv", "conv2.conv"}} {
			if before, ok := strings.CutSuffix(node.Site, pair[0]); ok {
				makes = before + pair[1]
			}
		}
		if len(vary[makes]) < 2 {
			continue
		}
		w := weights[own{}.place(node, kindWeight).key]
		last := math.Inf(1)
		for c := range w.in {
			if slices.Contains(apart[makes], c) {
				last = math.Inf(1)
			}
			norm := 0.0
			for _, v := range w.data[c*w.out:][:w.out] {
				norm += math.Abs(float64(v))
			}
			if norm > last {
				t.Fatalf("%s %s: channel %d has norm %v, the one before %v", n.space.Name(), node.Site, c, norm, last)
			}
			last = norm
			checked++
		}
	}
	if checked == 0 {
		t.Fatalf("%s: no channels to look at", n.space.Name())
	}
}

// TestSortChannelsRefuses: what cannot be sorted says why and stays.
func TestSortChannelsRefuses(t *testing.T) {
	single := tinyNet(t, SinglePath)
	if err := single.SortChannels(t.Context(), nil); err == nil {
		t.Error("channels of single paths were sorted")
	}
	n := tinyNet(t, Elastic)
	if err := n.SortChannels(t.Context(), lightSpaces(t)["proxylessnas"]); err == nil {
		t.Error("channels were separated by another space")
	}
	eat := livelyNet(t, lightSpaces(t)["eatnas"], Elastic, 1)
	if err := eat.SortChannels(t.Context(), nil); err == nil {
		t.Error("channels of a space whose largest network has not all weights were sorted")
	}
	o := short(1)
	o.Before = func(ctx context.Context, _ int) error { return n.SortChannels(ctx, nil) }
	if _, err := tinyNet(t, Elastic).Train(t.Context(), stripes(t, 16, 16, 1), o); err != nil {
		t.Errorf("another network: %v", err)
	}
	if _, err := n.Train(t.Context(), stripes(t, 16, 16, 1), o); !errors.Is(err, ErrTraining) {
		t.Errorf("during a training: %v, expected ErrTraining", err)
	}
}
