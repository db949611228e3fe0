package supernet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// relaxSpaces is small spaces of the families, and restrictions of them.
func relaxSpaces(t testing.TB) map[string]*searchspace.Space {
	t.Helper()
	must := func(s *searchspace.Space, err error) *searchspace.Space {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	// DA-NAS spaces are wide: a few candidates are enough, and one in the widest stages.
	few := func(s *searchspace.Space, wide string, choices ...int) *searchspace.Space {
		return must(s.Restrict(searchspace.Restriction{Decisions: []string{"*.op"}, Keep: choices},
			searchspace.Restriction{Decisions: []string{wide}, Keep: choices[:1]}))
	}
	const wideMobile, wideShuffle = "stage[56].*.op", "stage4.*.op"
	restrict := func(s *searchspace.Space, rs ...searchspace.Restriction) *searchspace.Space {
		return must(s.Restrict(rs...))
	}
	mobile := func(o searchspace.MobileNetV3Options) *searchspace.Space {
		o.Width, o.InputSize, o.StemStride, o.Classes, o.Dropout = 0.25, 16, 1, 4, -1
		return must(searchspace.MobileNetV3(o))
	}
	lite := func(o searchspace.EfficientNetLiteOptions) *searchspace.Space {
		o.Width, o.InputSize, o.StemStride, o.Classes, o.Dropout = 0.25, 16, 1, 4, -1
		return must(searchspace.EfficientNetLite(o))
	}
	mbv3 := mobile(searchspace.MobileNetV3Options{})
	if testing.Short() {
		return map[string]*searchspace.Space{"mobilenetv3": mbv3, "crafted": smoothSpace(t)}
	}
	keep := func(pattern string, choices ...int) searchspace.Restriction {
		return searchspace.Restriction{Decisions: []string{pattern}, Keep: choices}
	}
	danas := func(v searchspace.DANASVariant, se bool) *searchspace.Space {
		return must(searchspace.DANAS(searchspace.DANASOptions{Variant: v, SE: se, Width: 0.5, Layers: 2, InputSize: 32,
			Classes: 4}))
	}
	return map[string]*searchspace.Space{
		"mobilenetv3":            mbv3,
		"mobilenetv3 restricted": restrict(mbv3, keep("*.depth", 0, 2), keep("*.kernel", 0, 1), keep("stage2.*.expand", 1)),
		"mobilenetv3 expand 1":   mobile(searchspace.MobileNetV3Options{Depths: []int{1, 3}, Expands: []int{1, 4}}),
		"proxylessnas": must(searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{
			Width: 0.25, InputSize: 16, StemStride: 1, Classes: 4, Dropout: -1, Depths: []int{1, 2, 3}})),
		"efficientnetlite":           lite(searchspace.EfficientNetLiteOptions{DepthRange: 1, Kernels: []int{3, 5}}),
		"efficientnetlite per stage": lite(searchspace.EfficientNetLiteOptions{PerStage: true, Depth: 0.5}),
		"uneven padding":             unevenSpace(t, 18),
		"danas mobile":               few(danas(searchspace.DANASMobile, false), wideMobile, 0, 1, 2, 3),
		"danas mobile+":              few(danas(searchspace.DANASMobilePlus, true), wideMobile, 0, 6, 14, 19),
		"danas shuffle":              few(danas(searchspace.DANASShuffle, true), wideShuffle, 1, 5, 6, 9),
		"danas shuffle+":             few(danas(searchspace.DANASShufflePlus, false), wideShuffle, 0, 3, 6),
		"danas both":                 few(danas(searchspace.DANASShuffleMobile, false), wideShuffle, 0, 3, 7),
		"vgg":                        must(searchspace.VGG(searchspace.NetOptions{InputSize: 48, Classes: 4})),
		"resnet":                     must(searchspace.ResNet(searchspace.NetOptions{InputSize: 16, Classes: 4})),
		"mobilenet":                  must(searchspace.MobileNet(searchspace.NetOptions{Width: 0.35, InputSize: 16, Classes: 4})),
		"shufflenet":                 must(searchspace.ShuffleNet(searchspace.NetOptions{Width: 0.25, InputSize: 16, Classes: 4})),
		"regnet": restrict(must(searchspace.RegNet(searchspace.RegNetOptions{Width: 0.35, InputSize: 16, Classes: 4, SE: true})),
			keep("*.width", 0)),
		"resnet50": restrict(must(searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 32, Classes: 4})),
			keep("stage*.depth", 0, 1), keep("stage*.width", 0, 1), keep("*.expand", 0, 1),
			keep("stage[234].*", 0)),
		"eatnas": restrict(must(searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, StemChannels: 8, InputSize: 16,
			Classes: 4})),
			keep("stage[123].kernel", 0, 2), keep("stage[4567].kernel", 0), keep("*.depth", 0, 1), keep("*.width", 0, 2),
			keep("stage[67].width", 0), keep("stage[3567].depth", 0), keep("stage[67].op", 0, 2)),
	}
}

// logitsOf is the logits of a program.
func logitsOf(t testing.TB, n *network, p *program, b *dataset.Batch, batch bool) []float32 {
	t.Helper()
	step, how := evaluating, pass{}
	if batch {
		step, how.stats = nn.Recalibrating(), n.ownStats(p)
	}
	if err := n.runner.forward(p, b, step, how); err != nil {
		t.Fatal(err)
	}
	rows, err := n.runner.logits(p, b.N, p.graph.Classes)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(rows)
}

// TestRelaxedExact compares the relaxed network at 0 and 1 with the sub-networks that are lowered
// there.
func TestRelaxedExact(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for name, space := range relaxSpaces(t) {
		for _, sharing := range sharingsOf(name) {
			t.Run(name+" "+sharing.String(), func(t *testing.T) {
				n, err := New(space, &Options{Sharing: sharing, Seed: 7})
				if err != nil {
					t.Fatal(err)
				}
				jitter(t, n.network, 1)
				relax, err := n.Relax(nil)
				if err != nil {
					t.Fatal(err)
				}
				rp := relax.prog
				b := firstBatch(t, stripes(t, 8, space.InputSize(), 1), 8)
				for range 2 {
					a, err := space.Sample(r)
					if err != nil {
						t.Fatal(err)
					}
					p, err := n.program(a)
					if err != nil {
						t.Fatal(err)
					}
					rows, err := space.Relax(a)
					if err != nil {
						t.Fatal(err)
					}
					rp.coef.write(n.runner.tape.Stream(), rows, false)
					for _, batch := range []bool{false, true} {
						want := logitsOf(t, n.network, p, b, batch)
						got := logitsOf(t, n.network, rp.program, b, batch)
						top := 0.0
						for _, v := range want {
							top = math.Max(top, math.Abs(float64(v)))
						}
						if !close32(got, want, 1e-4*top) {
							t.Fatalf("%s, batch statistics %v: relaxed\n%v, lowered\n%v", space.Format(a), batch, got, want)
						}
					}
				}
			})
		}
	}
}
