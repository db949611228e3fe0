package searchspace_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func build(f func(b *searchspace.Builder)) (*searchspace.Space, error) {
	return searchspace.NewSpace(searchspace.Family{Name: "test", InputSize: 8, Classes: 5, Build: f})
}

// TestActivationMemory counts a small network by hand.
func TestActivationMemory(t *testing.T) {
	s := must[*searchspace.Space](t)(build(func(b *searchspace.Builder) {
		x := b.ConvBN("stem", b.Input(), searchspace.Conv{Out: searchspace.Const(4), Kernel: searchspace.Const(3), Stride: 2}, searchspace.ActReLU) // 4×4×4
		y := b.Conv("wide", x, searchspace.Conv{Out: searchspace.Const(8)})                                                                         // 8×4×4
		z := b.Conv("narrow", y, searchspace.Conv{Out: searchspace.Const(4)})                                                                       // 4×4×4
		b.Classifier("head", b.GlobalAvgPool("pool", b.Add("add", z, x)), 0)
	}))
	c := must[searchspace.Cost](t)(s.Cost(s.Largest()))
	// Outputs: input 192, stem conv, bn, act 64 each, wide 128, narrow 64, add 64, pool 4, head 5.
	if want := int64(4 * (192 + 3*64 + 128 + 64 + 64 + 4 + 5)); c.ActivationTrain != want {
		t.Errorf("training keeps %d bytes, expected %d", c.ActivationTrain, want)
	}
	// Most is live while "narrow" runs: x 64, y 128, z 64; and while the stem runs: input 192 and
	// its output 64.
	if want := int64(4 * 256); c.ActivationInfer != want {
		t.Errorf("inference peaks at %d bytes, expected %d", c.ActivationInfer, want)
	}
}

// TestMemoryBounds: the peak is at most the sum, and at least the largest layer.
func TestMemoryBounds(t *testing.T) {
	for name, s := range spaces(t) {
		r := newRand(5)
		for range 20 {
			g := must[*searchspace.Graph](t)(s.Lower(must[searchspace.Arch](t)(s.Sample(r))))
			c := g.Cost()
			var largest int64
			for i := range g.Nodes {
				if n := &g.Nodes[i]; n.Op == searchspace.OpConv {
					largest = max(largest, 4*(n.In.Size()+n.Out.Size()))
				}
			}
			if c.ActivationInfer > c.ActivationTrain || c.ActivationInfer < largest {
				t.Errorf("%s: inference %d, training %d, largest layer %d bytes", name, c.ActivationInfer, c.ActivationTrain, largest)
			}
		}
	}
}

func TestDiff(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	k := func(first string) string { return first + strings.Repeat(",3", 19) }
	a := must[searchspace.Arch](t)(s.Parse("2,4,2,2,2:" + k("3") + ":" + k("3")))
	b := must[searchspace.Arch](t)(s.Parse("4,3,2,2,2:" + k("7") + ":" + k("6")))
	d := must[searchspace.Difference](t)(s.Diff(a, b))
	if got, want := d.String(), "+stage1.layer2 +stage1.layer3 -stage2.layer3 stage1.layer0 expand 3→6 kernel 3→7"; got != want {
		t.Errorf("difference is %q, expected %q", got, want)
	}
	if len(d.Added) != 2 || len(d.Removed) != 1 || len(d.Changed) != 2 || d.IsZero() {
		t.Errorf("difference is %+v", d)
	}
	d = must[searchspace.Difference](t)(s.Diff(a, a))
	if !d.IsZero() || d.String() != "no change" {
		t.Errorf("difference with itself is %+v", d)
	}
	p := plain(t)
	d = must[searchspace.Difference](t)(p.Diff(p.Smallest(), p.Largest()))
	if want := "stage1.width 8→16"; !strings.Contains(d.String(), want) || !strings.Contains(d.String(), "+stage2.layer1") {
		t.Errorf("difference is %q, expected %q in it", d.String(), want)
	}
}

func TestWriteSVG(t *testing.T) {
	for name, s := range spaces(t) {
		r := newRand(2)
		a, b := must[searchspace.Arch](t)(s.Sample(r)), s.Largest()
		var one, two, again bytes.Buffer
		for _, c := range []struct {
			to    io.Writer
			archs []searchspace.Arch
		}{{&one, []searchspace.Arch{a}}, {&two, []searchspace.Arch{a, b}}, {&again, []searchspace.Arch{a, b}}} {
			if err := searchspace.WriteSVG(c.to, s, c.archs...); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if !bytes.Equal(two.Bytes(), again.Bytes()) {
			t.Errorf("%s: two drawings differ", name)
		}
		d := xml.NewDecoder(&one)
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: not well-formed: %v", name, err)
			}
		}
	}
	s := mobile(t, searchspace.MobileNetV3Options{})
	var small, both bytes.Buffer
	if err := searchspace.WriteSVG(&small, s, s.Smallest()); err != nil {
		t.Fatal(err)
	}
	if err := searchspace.WriteSVG(&both, s, s.Smallest(), s.Largest()); err != nil {
		t.Fatal(err)
	}
	// 1 + 5·2 blocks; with the largest beside it 5·2 missing ones, and 1 + 5·4 more.
	if got := strings.Count(small.String(), "expansion "); got != 11 {
		t.Errorf("%d blocks drawn, expected 11", got)
	}
	if got := strings.Count(both.String(), `stroke-dasharray="2 2"`); got != 10 {
		t.Errorf("%d missing blocks drawn, expected 10", got)
	}
	if got := strings.Count(both.String(), `stroke-width="2.2"`); got != 20 {
		t.Errorf("%d changed blocks drawn, expected 20", got)
	}
	if got := strings.Count(small.String(), "→"); got != 4 {
		t.Errorf("%d resolution drops drawn, expected 4", got)
	}
	if err := searchspace.WriteSVG(&small, s); err == nil {
		t.Error("drew no architecture")
	}
	if err := searchspace.WriteSVG(&small, s, plain(t).Smallest()); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("drew another space's architecture: %v", err)
	}
	if err := searchspace.WriteSVG(failing{}, s, s.Smallest()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("writing failed with %v", err)
	}
}

// TestSVGDifference: whatever decision changes, the picture of both networks shows a difference;
// and none when nothing changes.
func TestSVGDifference(t *testing.T) {
	shows := func(s *searchspace.Space, archs ...searchspace.Arch) bool {
		var out bytes.Buffer
		if err := searchspace.WriteSVG(&out, s, archs...); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		return strings.Contains(text, `stroke-width="2.2"`) || strings.Contains(text, `stroke-dasharray="2 2"`) || strings.Contains(text, "differ from above")
	}
	for name, s := range spaces(t) {
		a := must[searchspace.Arch](t)(s.Sample(newRand(5)))
		if shows(s, a, a) {
			t.Errorf("%s: the same network twice shows a difference", name)
		}
		before, left := must[searchspace.Cost](t)(s.Cost(a)), 30
		for b := range s.Neighbours(a) {
			if left--; left < 0 {
				break
			}
			if after := must[searchspace.Cost](t)(s.Cost(b)); after != before && !shows(s, a, b) {
				t.Errorf("%s: %s and %s look the same", name, s.Format(a), s.Format(b))
			}
		}
	}
	// Expansion is the width of the layers with the largest kernel, whatever a block ends with.
	s := must[*searchspace.Space](t)(searchspace.ResNet50(searchspace.ResNet50Options{}))
	var out bytes.Buffer
	if err := searchspace.WriteSVG(&out, s, s.Smallest()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "expansion 0.2") || strings.Contains(out.String(), "expansion 1,") {
		t.Errorf("bottlenecks of 0.2 are drawn as %s", out.String())
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestFamilyMistakes: a wrong family is an error, not a panic or a wrong count.
func TestFamilyMistakes(t *testing.T) {
	first := func(values []int) float64 { return float64(values[0]) }
	conv := func(out int) searchspace.Conv { return searchspace.Conv{Out: searchspace.Const(out)} }
	end := func(b *searchspace.Builder, x searchspace.Ref) { b.Classifier("head", b.GlobalAvgPool("pool", x), 0) }
	for name, f := range map[string]func(b *searchspace.Builder){
		"does not end in a classifier": func(b *searchspace.Builder) { b.Conv("c", b.Input(), conv(4)) },
		"joins 3 and 4 channels":       func(b *searchspace.Builder) { end(b, b.Add("a", b.Input(), b.Conv("c", b.Input(), conv(4)))) },
		"adds 8×8 and 4×4": func(b *searchspace.Builder) {
			end(b, b.Add("a", b.Input(), b.Conv("c", b.Input(), searchspace.Conv{Out: searchspace.Const(3), Stride: 2})))
		},
		"concatenates 8×8 and 1×1": func(b *searchspace.Builder) { end(b, b.Concat("a", b.Input(), b.GlobalAvgPool("p", b.Input()))) },
		"in 2 groups": func(b *searchspace.Builder) {
			end(b, b.Conv("c", b.Input(), searchspace.Conv{Out: searchspace.Const(4), Groups: searchspace.Const(2)}))
		},
		"kernel 4": func(b *searchspace.Builder) {
			end(b, b.Conv("c", b.Input(), searchspace.Conv{Out: searchspace.Const(4), Kernel: searchspace.Const(4)}))
		},
		"0 channels":                 func(b *searchspace.Builder) { end(b, b.Conv("c", b.Input(), conv(0))) },
		"takes channels 2 to 4 of 3": func(b *searchspace.Builder) { end(b, b.Slice("s", b.Input(), 2, 2)) },
		"linear on a 8×8 tensor":     func(b *searchspace.Builder) { b.Classifier("head", b.Input(), 0) },
		"expected 1 to 256":          func(b *searchspace.Builder) { b.OneOf("none", searchspace.KindOther); end(b, b.Input()) },
		"equal choices":              func(b *searchspace.Builder) { b.OneOf("same", searchspace.KindOther, 1, 1); end(b, b.Input()) },
		"1 labels for 2 values": func(b *searchspace.Builder) {
			b.Labelled("l", searchspace.KindOther, []string{"a"}, []int{1, 2})
			end(b, b.Input())
		},
		"named twice": func(b *searchspace.Builder) {
			b.OneOf("x", searchspace.KindOther, 1)
			b.OneOf("x", searchspace.KindOther, 2)
			end(b, b.Input())
		},
		"uses site c twice": func(b *searchspace.Builder) { b.Conv("c", b.Input(), conv(4)); end(b, b.Conv("c", b.Input(), conv(4))) },
		"branches of a choice end at 8×8 and 4×4": func(b *searchspace.Builder) {
			end(b, b.Switch(b.OneOf("stride", searchspace.KindOther, 1, 2), func(v int) searchspace.Ref {
				return b.Conv("c"+string(rune('0'+v)), b.Input(), searchspace.Conv{Out: searchspace.Const(4), Stride: v})
			}))
		},
	} {
		if _, err := build(f); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, expected %q in it", err, name)
		}
	}
	for _, f := range []searchspace.Family{
		{}, {Name: "x", InputSize: 8, Classes: 5},
		{Name: "x", InputSize: 8, Classes: 5, Build: plainNet, Encoding: []string{"nothing"}},
		{Name: "x", InputSize: 8, Classes: 5, Build: plainNet, Text: []searchspace.TextList{{Name: "l", Decisions: []string{"nothing"}}}},
		{Name: "x", InputSize: 8, Classes: 5, Build: plainNet, Limits: []searchspace.Limit{{Decisions: []string{"nothing"}}}},
		{Name: "x", InputSize: 8, Classes: 5, Build: plainNet, Limits: []searchspace.Limit{{Max: 9, Measure: first}}},
		{Name: "x", InputSize: 8, Classes: 5, Build: plainNet,
			Limits: []searchspace.Limit{{Decisions: []string{"stage1.width"}, Min: 17, Max: 9, Measure: first}}},
	} {
		if _, err := searchspace.NewSpace(f); err == nil {
			t.Errorf("family %+v accepted", f.Name)
		}
	}
}

// Layers of one name would share weights in a model of their own. Those that only meet under some
// choices are found when an architecture with both is lowered.
func TestEqualNames(t *testing.T) {
	space, err := build(func(b *searchspace.Builder) {
		x := b.Input()
		for range 2 {
			b.Stage("", func() { // adds nothing to names, unlike Block
				depth := b.OneOf("depth", searchspace.KindDepth, 0, 1)
				x = b.Repeat(depth, x, func(_ int, x searchspace.Ref) (y searchspace.Ref) {
					b.Scope("layer", func() { y = b.ConvBN("c", x, searchspace.Conv{Out: searchspace.Const(3)}, searchspace.ActReLU) })
					return y
				})
			})
		}
		b.Classifier("head", b.GlobalAvgPool("pool", x), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := space.Lower(space.Smallest()); err != nil {
		t.Error(err)
	}
	if _, err := space.Lower(space.Largest()); err == nil || !strings.Contains(err.Error(), "layer.c.conv") {
		t.Errorf("error %v, expected one that names the layer", err)
	}
}
