package searchspace_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"pgregory.net/rapid"
)

// padded is a space of one convolution with a choice of kernels.
func padded(t testing.TB, size, stride int, same bool, kernels ...int) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.NewSpace(searchspace.Family{Name: "padded", InputSize: size, Classes: 2,
		Build: func(b *searchspace.Builder) {
			kernel := b.OneOf("kernel", searchspace.KindKernel, kernels...)
			x := b.ConvBN("a", b.Input(), searchspace.Conv{Kernel: kernel, Stride: stride, Depthwise: true, Same: same}, searchspace.ActReLU)
			b.Classifier("fc", b.GlobalAvgPool("pool", x), 0)
		}}))
}

// TestSame holds padding "same" to what defines it: the fewest zeros that let ⌈n/s⌉ windows fit,
// the smaller half before, for architectures and choice nodes alike.
func TestSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n, s := rapid.IntRange(1, 40).Draw(rt, "size"), rapid.IntRange(1, 4).Draw(rt, "stride")
		space := padded(t, n, s, true, 1, 3, 5, 7)
		choice := must[*searchspace.ChoiceGraph](t)(space.LowerChoices())
		for k := 1; k <= 7; k += 2 {
			node := lowerText(t, space, fmt.Sprint(k)).Nodes[1]
			out := node.Out.H
			if (out-1)*s >= n || out*s < n {
				rt.Fatalf("%d pixels with stride %d make %d", n, s, out)
			}
			zeros, reach := 2*node.Pad+node.PadExtra, (out-1)*s+k
			if n+zeros < reach || zeros > 0 && n+zeros != reach || node.PadExtra < 0 || node.PadExtra > 1 {
				rt.Fatalf("kernel %d, stride %d on %d: %d zeros before, %d more after, for windows up to %d", k, s, n, node.Pad, node.PadExtra, reach)
			}
			if pad, extra := choice.Nodes[1].Padding(k); pad != node.Pad || extra != node.PadExtra {
				rt.Fatalf("a choice node pads %d and %d, the node %d and %d", pad, extra, node.Pad, node.PadExtra)
			}
		}
	})
	even := lowerText(t, padded(t, 8, 2, true, 3, 5), "5")
	if n := even.Nodes[1]; n.Pad != 1 || n.PadExtra != 1 || !strings.Contains(even.String(), "Conv2d k5 s2 p1+1 g3") {
		t.Errorf("padding %d and %d more, printed as\n%v", n.Pad, n.PadExtra, even)
	}
	if n := lowerText(t, padded(t, 8, 2, false, 3, 5), "5").Nodes[1]; n.Pad != 2 || n.PadExtra != 0 {
		t.Errorf("half a kernel is %d zeros and %d more", n.Pad, n.PadExtra)
	}
}

// TestSameLatency: a layer that pads unevenly is another than one that does not, and only such
// layers are new to tables that were written before there were any.
func TestSameLatency(t *testing.T) {
	first := func(size int, same bool) searchspace.LatencyLayer {
		return lowerText(t, padded(t, size, 2, same, 3), "3").Latencies()[0]
	}
	if first(7, true) != first(7, false) || first(8, true) == first(8, false) {
		t.Error("layers differ where padding does not, or do not where it does")
	}
	const old = `{"CPU":"x","Kernels":"y","Workers":1,"Batch":1,"Fixed":0,"Entries":[{"Layer":{"Op":"Conv2d","Norm":true,"Act":"relu",
		"Kernel":3,"Stride":2,"Groups":3,"In":{"C":3,"H":8,"W":8},"Out":{"C":3,"H":4,"W":4}},"Seconds":2,"Spread":0},
		{"Layer":{"Op":"GlobalAvgPool","Norm":false,"Act":"none","Kernel":0,"Stride":0,"Groups":0,"In":{"C":3,"H":4,"W":4},"Out":{"C":3,"H":1,"W":1}},"Seconds":1,"Spread":0},
		{"Layer":{"Op":"Linear","Norm":false,"Act":"none","Kernel":0,"Stride":0,"Groups":0,"In":{"C":3,"H":1,"W":1},"Out":{"C":2,"H":1,"W":1}},"Seconds":4,"Spread":0}]}`
	table, err := searchspace.ReadLatencyTable(strings.NewReader(old))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := table.Seconds(lowerText(t, padded(t, 8, 2, false, 3), "3")); err != nil || s != 7 {
		t.Errorf("%v seconds, error %v, expected 7", s, err)
	}
	g := lowerText(t, padded(t, 8, 2, true, 3), "3")
	if _, err := table.Seconds(g); !errors.Is(err, searchspace.ErrNoLatency) || !strings.Contains(err.Error(), "k3 s2 pad+1 g3") {
		t.Errorf("error %v, expected one about uneven padding", err)
	}
	var plain, uneven bytes.Buffer
	if err := table.Write(&plain); err != nil || strings.Contains(plain.String(), "Pad") {
		t.Errorf("padding of symmetric layers is written, or error %v", err)
	}
	table.Entries = append(table.Entries, searchspace.Latency{Layer: g.Latencies()[0], Seconds: 3})
	if err := table.Write(&uneven); err != nil {
		t.Fatal(err)
	}
	if table, err = searchspace.ReadLatencyTable(&uneven); err != nil {
		t.Fatal(err)
	}
	if s, err := table.Seconds(g); err != nil || s != 8 {
		t.Errorf("%v seconds, error %v, expected 8", s, err)
	}
}
