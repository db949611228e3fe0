package searchspace_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func eatnas(t testing.TB, o searchspace.EATNASOptions) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.EATNAS(o))
}

// TestEATNASCount counts networks by hand.
func TestEATNASCount(t *testing.T) {
	// A block has 3·4·4 separable and 2·3·2·4·4 inverted forms; a separable one has no skip to
	// choose.
	free := new(big.Int).Exp(big.NewInt(48+192), big.NewInt(7), nil)
	if got := eatnas(t, searchspace.EATNASOptions{Unlimited: true}).Size(); got.Cmp(free) != 0 {
		t.Errorf("%v networks without limits, expected %v", got, free)
	}
	// Of the last widths 160, 320, 480, 640 the limits allow 5 and 10 times the stem on CIFAR, 10
	// and 15 times on ImageNet, there with 16 to 18 layers.
	half := new(big.Int).Div(free, big.NewInt(2))
	if got := eatnas(t, searchspace.EATNASOptions{CIFAR: true}).Size(); got.Cmp(half) != 0 {
		t.Errorf("%v networks on CIFAR, expected %v", got, half)
	}
	within, all := 0, 1<<14
	for code := range all {
		layers := 7
		for rest := code; rest > 0; rest >>= 2 {
			layers += rest & 3
		}
		within += asInt(layers >= 16 && layers <= 18)
	}
	want := new(big.Int).Mul(half, big.NewInt(int64(within)))
	want.Div(want, big.NewInt(int64(all)))
	if got := eatnas(t, searchspace.EATNASOptions{}).Size(); got.Cmp(want) != 0 {
		t.Errorf("%v networks on ImageNet, expected %v", got, want)
	}
}

func TestEATNASLimits(t *testing.T) {
	s := eatnas(t, searchspace.EATNASOptions{})
	block := "1,0,1,1,1:"
	for text, want := range map[string]string{
		strings.Repeat(block, 6) + "1,0,1,3,1": "",
		strings.Repeat(block, 6) + "1,0,1,1,1": "14 layers, expected 16 to 18",
		strings.Repeat(block, 6) + "1,0,1,3,3": "total expansion 20, expected 8 to 16",
	} {
		a, err := s.Parse(text)
		if want == "" {
			if err != nil || s.Format(a) != text {
				t.Errorf("%s prints as %s, %v", text, s.Format(a), err)
			}
		} else if !errors.Is(err, searchspace.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, expected %q", text, err, want)
		}
	}
	for pattern, want := range map[string]string{
		"*.depth":      "layers from 14 to 14 within reach, expected 16 to 18",
		"stage7.width": "total expansion from 20 to 20 within reach, expected 8 to 16",
	} {
		keep := map[string]int{"*.depth": 1, "stage7.width": 3}[pattern]
		_, err := s.Restrict(searchspace.Restriction{Decisions: []string{pattern}, Keep: []int{keep}})
		if !errors.Is(err, searchspace.ErrInfeasible) || !strings.Contains(err.Error(), want) {
			t.Errorf("choice %d of %s alone: %v, expected %q", keep, pattern, err, want)
		}
	}
	chain := eatnas(t, searchspace.EATNASOptions{Chain: true, CIFAR: true})
	narrow := []searchspace.Restriction{{Decisions: []string{"*.width"}, Keep: []int{0, 1}}}
	if _, err := chain.Restrict(narrow...); err == nil || !strings.Contains(err.Error(), "total expansion from 0.25 to 1 within reach, expected 4 to 10") {
		t.Errorf("chained widths that never grow: %v", err)
	}
	r := newRand(3)
	for range 50 {
		a := must[searchspace.Arch](t)(s.Sample(r))
		n := 0
		for range s.Neighbours(a) {
			n++
		}
		if n > 77 {
			t.Errorf("%d neighbours of %s, expected at most 77", n, s.Format(a))
		}
	}
	if _, err := searchspace.EATNAS(searchspace.EATNASOptions{Dropout: 2}); err == nil {
		t.Error("dropout 2 accepted")
	}
}

// TestEATNASBlocks counts layers of each kind by hand, in the CIFAR layout at 8 px.
func TestEATNASBlocks(t *testing.T) {
	s := eatnas(t, searchspace.EATNASOptions{CIFAR: true, InputSize: 8, Classes: 2})
	g := lowerText(t, s, "0,1,0,1,1:1,0,1,0,1:2,2,0,0,1:1,0,1,0,0:1,0,1,0,1:1,0,1,1,1:1,0,0,0,1")
	got := map[string]int64{}
	for _, l := range g.Layers() {
		if l.Kind == "Conv2d" {
			got[l.Name] = l.MAdds
		}
	}
	for name, want := range map[string]int64{
		"first_conv.conv":                        3 * 9 * 32 * 64,
		"blocks.0.sep.depth_conv.conv":           25 * 32 * 64,
		"blocks.0.sep.point_conv.conv":           32 * 16 * 64,
		"blocks.1.sep.depth_conv.conv":           25 * 16 * 64,
		"blocks.2.conv.inverted_bottleneck.conv": 16 * 48 * 64,
		"blocks.2.shortcut.conv":                 16 * 24 * 64, // 16 to 24 channels
		"blocks.3.conv.depth_conv.conv":          49 * 144 * 16,
		"blocks.4.shortcut.conv":                 0,           // 32 to 32 channels, stride 1: identity
		"blocks.5.shortcut.conv":                 32 * 96 * 4, // 32 to 96 channels, stride 2
		"blocks.6.shortcut.conv":                 96 * 160 * 4,
		"blocks.7.shortcut.conv":                 0, // second layer of its block
		"blocks.8.shortcut.conv":                 0, // no skip
		"feature_mix_layer.conv":                 320 * 1280 * 4,
	} {
		if got[name] != want {
			t.Errorf("%s has %d multiply-adds, expected %d", name, got[name], want)
		}
	}
}

// TestChainedWidths: with the paper's definition widths multiply along the blocks.
func TestChainedWidths(t *testing.T) {
	s := eatnas(t, searchspace.EATNASOptions{Chain: true, Unlimited: true, InputSize: 32, Classes: 10})
	g := lowerText(t, s, "1,0,1,0,0:1,0,1,0,1:1,0,1,0,2:1,0,1,0,2:1,0,1,0,2:1,0,1,0,3:1,0,1,0,3")
	var widths []int
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Op == searchspace.OpAdd {
			widths = append(widths, n.Out.C)
		}
	}
	want := []int{16, 16, 24, 40, 64, 128, 256} // 24·1.5 = 36 rounds to 40, 40·1.5 = 60 to 64
	for i := range want {
		if len(widths) != len(want) || widths[i] != want[i] {
			t.Fatalf("widths %v, expected %v", widths, want)
		}
	}
	if low, high := s.Smallest(), s.Largest(); s.Format(low)[0] != '0' || s.Format(high)[0] != '2' {
		t.Errorf("smallest %s, largest %s", s.Format(low), s.Format(high))
	}
}

// TestEATNASStem has stems of other widths and strides.
func TestEATNASStem(t *testing.T) {
	for _, c := range []struct {
		o      searchspace.EATNASOptions
		median float64 // million multiply-adds, rounded
	}{
		{searchspace.EATNASOptions{CIFAR: true, Chain: true, StemChannels: 8, StemStride: 2}, 7},
		{searchspace.EATNASOptions{CIFAR: true, Chain: true, StemChannels: 16, StemStride: 2}, 19},
		{searchspace.EATNASOptions{Chain: true, InputSize: 32, Classes: 100, StemChannels: 8, StemStride: 1}, 9},
	} {
		s := eatnas(t, c.o)
		m, err := s.MedianMAdds(300, 1)
		if err != nil || math.Abs(m/1e6-c.median) > 1 {
			t.Errorf("%+v: median of %.3g million multiply-adds, %v, expected about %v", c.o, m/1e6, err, c.median)
		}
		back := must[*searchspace.Space](t)(searchspace.FromSpec(respec(t, s)))
		a := must[searchspace.Arch](t)(s.Sample(newRand(1)))
		if b, err := back.Parse(s.Format(a)); err != nil || a != b || !back.Spec().Equal(s.Spec()) {
			t.Errorf("%+v: from spec and text %v, %v", c.o, b, err)
		}
		g := must[*searchspace.Graph](t)(back.Lower(a))
		if stem := g.Nodes[1]; stem.Out.C != c.o.StemChannels || stem.Stride != c.o.StemStride {
			t.Errorf("%+v: stem %v with stride %d", c.o, stem.Out, stem.Stride)
		}
	}
	// Base widths scale with the stem, and so the total expansion stays.
	all, some := eatnas(t, searchspace.EATNASOptions{CIFAR: true}), eatnas(t, searchspace.EATNASOptions{CIFAR: true, StemChannels: 8})
	if all.Size().Cmp(some.Size()) != 0 {
		t.Errorf("%v networks with 8 stem channels, expected %v", some.Size(), all.Size())
	}
	for _, o := range []searchspace.EATNASOptions{{StemChannels: 12}, {StemChannels: -8}, {StemChannels: 512}, {StemStride: 3}, {StemStride: -1}} {
		if _, err := searchspace.EATNAS(o); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
}

// TestMutateChangesNetwork mutates where widths round to the same: a stem of 8 channels times 0.5
// is 8 again. Equal networks have equal pictures of their layers.
func TestMutateChangesNetwork(t *testing.T) {
	s := eatnas(t, searchspace.EATNASOptions{CIFAR: true, Chain: true, StemChannels: 8, Unlimited: true})
	text := func(a searchspace.Arch) string { return must[*searchspace.Graph](t)(s.Lower(a)).String() }
	r, same := newRand(4), 0
	for range 12 {
		a := must[searchspace.Arch](t)(s.Sample(r))
		before := text(a)
		for range 10 {
			if m := must[searchspace.Arch](t)(s.Mutate(a, r, searchspace.MutateOptions{})); text(m) == before {
				t.Fatalf("%s and %s are one network", s.Format(a), s.Format(m))
			}
		}
		for n := range s.Neighbours(a) {
			same += asInt(text(n) == before)
		}
	}
	if same == 0 {
		t.Error("no neighbour has the same network: nothing was tested")
	}
}
