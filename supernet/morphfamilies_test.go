package supernet

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

// enliven gives a model weights of a network that has learnt something: activations are open for
// some images and shut for others, so that whatever changes shows.
func enliven(t testing.TB, n *network, seed uint64) {
	t.Helper()
	values := n.values()
	for _, s := range n.store.list {
		r := rand.New(rand.NewPCG(seed, uint64(len(s.key))))
		for i, v := range values[s.key] {
			u := float32(r.Float64())
			switch s.kind {
			case kindGamma, kindVar:
				values[s.key][i] = 0.5 + u
			case kindBeta, kindBias:
				values[s.key][i] = 0.1 + 0.5*u
			case kindMean:
				values[s.key][i] = 0.2 * (u - 0.5)
			default:
				values[s.key][i] = v + 0.05*(u-0.5)
			}
		}
	}
	if err := n.setValues(values); err != nil {
		t.Fatal(err)
	}
	n.version.Add(1)
}

// lightSpaces is small spaces of the families whose networks are made in milliseconds.
func lightSpaces(t testing.TB) map[string]*searchspace.Space {
	t.Helper()
	space := func(s *searchspace.Space, err error) *searchspace.Space {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	eat := func(chain bool) *searchspace.Space {
		s := space(searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, InputSize: 16, Classes: 4, Chain: chain,
			Unlimited: true, StemChannels: 8}))
		return space(s.Restrict(
			searchspace.Restriction{Decisions: []string{"stage[567].width"}, Keep: []int{0}},
			searchspace.Restriction{Decisions: []string{"stage[1234].width"}, Keep: []int{0, 1}},
			searchspace.Restriction{Decisions: []string{"*.depth"}, Keep: []int{0, 1}}))
	}
	return map[string]*searchspace.Space{
		"mobilenetv3": tinySpace(t),
		"mobilenetv3 expand 1": space(searchspace.MobileNetV3(searchspace.MobileNetV3Options{
			Width: 0.25, InputSize: 32, Classes: 4, Depths: []int{1, 3}, Expands: []int{1, 4}})),
		"proxylessnas": space(searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{
			Width: 0.25, InputSize: 16, StemStride: 1, Classes: 4, Dropout: -1, Depths: []int{1, 2, 3}})),
		"proxylessnas expand 1": space(searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{
			Width: 0.25, InputSize: 16, StemStride: 1, Classes: 4, Dropout: -1, Depths: []int{1, 2},
			Expands: []int{1, 3}})),
		"efficientnetlite": space(searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{
			Width: 0.1, InputSize: 18, StemStride: 1, Classes: 4, Dropout: -1})),
		"efficientnetlite per stage": space(searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{
			Width: 0.1, InputSize: 32, Classes: 4, Dropout: -1, PerStage: true, DepthRange: 2})),
		"vgg":          space(searchspace.VGG(searchspace.NetOptions{DepthRange: -1, Width: 0.125, InputSize: 16, Classes: 4})),
		"resnet":       space(searchspace.ResNet(searchspace.NetOptions{InputSize: 16, Classes: 4})),
		"mobilenet":    space(searchspace.MobileNet(searchspace.NetOptions{Width: 0.35, InputSize: 16, Classes: 4})),
		"eatnas":       eat(false),
		"eatnas chain": eat(true),
	}
}

// grown draws an architecture that has all that another has, and perhaps more: no decision that
// both make is smaller. In EAT-NAS operations (expansion aside) and skip connections stay, and
// blocks without skip connections get no layers.
func grown(s *searchspace.Space, a searchspace.Arch, r *rand.Rand) searchspace.Arch {
	for range 100 {
		choices, active := a.Choices(), s.Active(a)
		for i, d := range s.Decisions() {
			low := 0
			if active[i] {
				low = choices[i]
			}
			if s.Name() == "eatnas" {
				stage, _, _ := strings.Cut(d.Name, ".")
				separable := a.At(s.DecisionIndex(stage+".op")) == 0
				plain := separable || a.At(s.DecisionIndex(stage+".skip")) == 0
				if d.Kind == searchspace.KindSkip || d.Kind == searchspace.KindOp && separable ||
					d.Kind == searchspace.KindDepth && plain {
					continue
				}
			}
			for {
				if c := d.Allowed[r.IntN(len(d.Allowed))]; c >= low {
					choices[i] = c
					break
				}
			}
		}
		if b, err := s.New(choices); err == nil && s.Valid(b) == nil {
			return b
		}
	}
	return a
}

// shortcuts is the layers of an architecture whose shortcut is a convolution.
func shortcuts(t testing.TB, s *searchspace.Space, a searchspace.Arch) map[string]bool {
	t.Helper()
	g, err := s.Lower(a)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]bool)
	for _, n := range g.Nodes {
		if n.Op == searchspace.OpConv && n.Block != "" {
			out[n.Block] = out[n.Block] || strings.Contains(n.Site, "shortcut")
		}
	}
	return out
}

// sameShortcuts reports whether all layers of an architecture keep the form of their shortcut.
func sameShortcuts(t testing.TB, s *searchspace.Space, from, to searchspace.Arch) bool {
	after := shortcuts(t, s, to)
	for block, conv := range shortcuts(t, s, from) {
		if after[block] != conv {
			return false
		}
	}
	return true
}

// sameExpanding reports whether no layer goes from expand ratio 1, which has no expand convolution,
// to another.
func sameExpanding(s *searchspace.Space, from, to searchspace.Arch) bool {
	active := s.Active(from)
	for i, d := range s.Decisions() {
		if d.Kind == searchspace.KindExpand && active[i] && s.Name() != "eatnas" &&
			d.Values[from.At(i)] == 1 && d.Values[to.At(i)] != 1 {
			return false
		}
	}
	return true
}

// morphing morphs a network with lively weights and says what is wrong: a report that differs from
// the plan or is wrong about the logits, a growth that shrinks back to another function.
func morphing(t testing.TB, s *searchspace.Space, from, to searchspace.Arch, seed uint64) (*MorphReport, error) {
	t.Helper()
	m, err := NewModel(s, from, &Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, seed)
	plan, err := m.PlanMorph(to, nil)
	if err != nil {
		return nil, err
	}
	out, report, err := m.Morph(t.Context(), to, nil)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(plan, report) {
		return nil, fmt.Errorf("plan\n%v\nmorph\n%v", plan, report)
	}
	b := firstBatch(t, stripes(t, 8, s.InputSize(), seed), 8)
	running, ofBatch := distance(t, m, out, b, false), distance(t, m, out, b, true)
	if preserved := running <= 1e-4; preserved != report.Preserved {
		return nil, fmt.Errorf("logits moved by %v\n%v", running, report)
	}
	if report.Preserved && !(ofBatch <= 1e-4) {
		return nil, fmt.Errorf("with statistics of the batch logits moved by %v\n%v", ofBatch, report)
	}
	if report.Preserved && report.Count(MorphShrunk)+report.Count(MorphReshaped)+report.Count(MorphDropped) == 0 {
		back, _, err := out.Morph(t.Context(), from, nil) // drops what has no effect yet
		if err != nil {
			return nil, err
		}
		if d := distance(t, m, back, b, false); !(d <= 1e-4) {
			return nil, fmt.Errorf("the way back moves logits by %v\n%v", d, report)
		}
	}
	return report, nil
}

// TestMorphPreserves: whatever grows keeps the function, and whatever the report says of other
// pairs holds, near misses among them.
func TestMorphPreserves(t *testing.T) {
	spaces := lightSpaces(t)
	names := slices.Sorted(maps.Keys(spaces))
	checkFew(t, func(rt *rapid.T) {
		name, seed := rapid.SampledFrom(names).Draw(rt, "space"), rapid.Uint64Max(1e6).Draw(rt, "seed")
		s, r := spaces[name], rand.New(rand.NewPCG(seed, 1))
		from := sample(t, s, seed)
		to, grows := grown(s, from, r), true
		switch rapid.IntRange(0, 5).Draw(rt, "change") {
		case 0:
			to, grows = sample(t, s, seed+1), false
		case 1, 2:
			var err error
			if to, err = s.Mutate(to, r, searchspace.MutateOptions{}); err != nil {
				rt.Fatal(err)
			}
			grows = false
		}
		report, err := morphing(t, s, from, to, seed)
		if err != nil {
			rt.Fatal(err)
		}
		if grows && report.Preserved != (sameShortcuts(t, s, from, to) && sameExpanding(s, from, to)) {
			rt.Errorf("growth\n%v", report)
		}
	})
}

// TestMorphHeavyFamilies is TestMorphPreserves for a few pairs of families with larger networks. In
// ResNet50 ReLU follows the branch of the stem's new layer; operations of ET-NAS and DA-NAS have
// sites of their own.
func TestMorphHeavyFamilies(t *testing.T) {
	resnet, err := searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 64, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	narrow := strings.TrimSuffix(strings.Repeat("0.2,", 18), ",")
	for _, c := range []struct {
		from, to  string
		preserved bool
	}{
		{"0,0,0,0,0:" + narrow + ":0,0,0,0,0,0", "2,1,0,0,0:0.35" + narrow[3:] + ":1,1,1,0,1,0", true},
		{"2,1,0,0,0:" + narrow + ":1,1,1,0,0,0", "2,0,0,0,0:" + narrow + ":1,0,0,0,0,0", false},
	} {
		from, errFrom := resnet.Parse(c.from)
		to, errTo := resnet.Parse(c.to)
		if errFrom != nil || errTo != nil {
			t.Fatal(errFrom, errTo)
		}
		report, err := morphing(t, resnet, from, to, 1)
		if err != nil || report.Preserved != c.preserved {
			t.Errorf("%s → %s: %v\n%v", c.from, c.to, err, report)
		}
	}
	// A space without the stem's new layer calls the one after it otherwise: a supernet of more
	// networks fits all the same.
	keep := func(patterns ...string) searchspace.Restriction {
		return searchspace.Restriction{Decisions: patterns, Keep: []int{0}}
	}
	wide, err := resnet.Restrict(keep("*.width"), keep("stage*.depth"), keep("*.expand"))
	if err != nil {
		t.Fatal(err)
	}
	tight, err := wide.Restrict(keep("stem.depth"))
	if err != nil {
		t.Fatal(err)
	}
	net, err := New(wide, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(tight, tight.Smallest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	filled, _ := morphOf(t, m, tight.Smallest(), &MorphOptions{Supernet: net})
	sameValues(t, filled.values(), m.values())

	etnas, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32, Classes: 4, Channels: []int{16}, Blocks: 2})
	if err != nil {
		t.Fatal(err)
	}
	danas, err := searchspace.DANAS(searchspace.DANASOptions{Variant: searchspace.DANASShuffleMobile, SE: true, InputSize: 32, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(4) {
		s := etnas
		if seed >= 3 {
			s = danas
		}
		from := sample(t, s, seed)
		to, err := s.Mutate(from, rand.New(rand.NewPCG(seed, 1)), searchspace.MutateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := morphing(t, s, from, to, seed); err != nil {
			t.Errorf("%s → %s: %v", s.Format(from), s.Format(to), err)
		}
	}
}
