package searchspace_test

import (
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tendril-nas/tendril/searchspace"
	"pgregory.net/rapid"
)

// TestMain makes the property tests shorter with -short.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		if err := flag.Set("rapid.checks", "20"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func mobile(t testing.TB, o searchspace.MobileNetV3Options) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.MobileNetV3(o))
}

// plain is the user-defined family of the example.
func plain(t testing.TB) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet}))
}

// spaces are the spaces that every service must hold for.
func spaces(t testing.TB) map[string]*searchspace.Space {
	t.Helper()
	out := map[string]*searchspace.Space{
		"mobilenetv3":       mobile(t, searchspace.MobileNetV3Options{}),
		"mobilenetv3 small": mobile(t, searchspace.MobileNetV3Options{InputSize: 32, StemStride: 1, Classes: 10, Width: 0.5}),
		"mobilenetv3 odd":   mobile(t, searchspace.MobileNetV3Options{InputSize: 33, Depths: []int{1, 3}, Kernels: []int{3, 7}, Expands: []int{1, 2, 6}, Classes: 7}),
		"plain":             plain(t),
		"proxylessnas":      must[*searchspace.Space](t)(searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: 1.3})),
		"efficientnetlite":  lite(t, searchspace.EfficientNetLiteOptions{InputSize: 64, Width: 1.1}),
		"efficientnetlite per stage": lite(t, searchspace.EfficientNetLiteOptions{InputSize: 33, PerStage: true, Depth: 0.5,
			DepthRange: 2, Expands: []int{1, 2}}),
		"etnas":          must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 64, Classes: 10, Blocks: 6})),
		"eatnas":         must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{InputSize: 64})),
		"eatnas cifar":   must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true})),
		"eatnas chain":   must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, Chain: true})),
		"danas mobile":   must[*searchspace.Space](t)(searchspace.DANAS(searchspace.DANASOptions{InputSize: 64})),
		"danas mobile+":  must[*searchspace.Space](t)(searchspace.DANAS(searchspace.DANASOptions{InputSize: 64, Variant: searchspace.DANASMobilePlus})),
		"danas shuffle":  must[*searchspace.Space](t)(searchspace.DANAS(searchspace.DANASOptions{InputSize: 64, Variant: searchspace.DANASShuffle})),
		"danas shuffle+": must[*searchspace.Space](t)(searchspace.DANAS(searchspace.DANASOptions{InputSize: 64, Variant: searchspace.DANASShufflePlus, SE: true})),
		"danas both":     must[*searchspace.Space](t)(searchspace.DANAS(searchspace.DANASOptions{InputSize: 64, Variant: searchspace.DANASShuffleMobile})),
		"vgg":            must[*searchspace.Space](t)(searchspace.VGG(searchspace.NetOptions{DepthRange: 2, Layers: []int{1, 2, 3, 4, 1}})),
		"resnet":         must[*searchspace.Space](t)(searchspace.ResNet(searchspace.NetOptions{Width: 1, Layers: []int{3, 3, 3}, DepthRange: 2})),
		"mobilenet":      must[*searchspace.Space](t)(searchspace.MobileNet(searchspace.NetOptions{Width: 1, InputSize: 33, DepthRange: 3})),
		"shufflenet":     must[*searchspace.Space](t)(searchspace.ShuffleNet(searchspace.NetOptions{Width: 0.3, DepthRange: 7, Dropout: 0.1})),
		"regnet":         must[*searchspace.Space](t)(searchspace.RegNet(searchspace.RegNetOptions{SE: true, DepthRange: 3})),
		"resnet50":       must[*searchspace.Space](t)(searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 64, Classes: 10})),
	}
	out["restricted"] = must[*searchspace.Space](t)(out["mobilenetv3"].Restrict(
		searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{5, 7}},
		searchspace.Restriction{Decisions: []string{"stage1.depth", "stage2.depth"}, Combinations: [][]int{{0, 2}, {1, 1}, {2, 0}}},
	))
	return out
}

func stream(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "stream")))
}

// TestServices checks, for random architectures of every space, that all services agree on what an
// architecture is.
func TestServices(t *testing.T) {
	for name, s := range spaces(t) {
		t.Run(name, func(t *testing.T) {
			model, err := costModel(s)
			if err != nil && !errors.Is(err, searchspace.ErrNoChoiceGraph) && !errors.Is(err, searchspace.ErrTooLarge) {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				r := stream(t)
				a, err := s.Sample(r)
				if err != nil {
					t.Fatal(err)
				}
				checkArch(t, s, a, r)
				cost, err := s.Cost(a)
				if err != nil {
					t.Fatal(err)
				}
				if model != nil {
					if got, err := model.At(a); err != nil || int64(got) != cost.MAdds {
						t.Fatalf("cost model says %v, %v; the graph %d", got, err, cost.MAdds)
					}
				}
				m, err := s.Mutate(a, r, searchspace.MutateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if m == a || s.Valid(m) != nil {
					t.Fatalf("mutant %s of %s: %v", s.Format(m), s.Format(a), s.Valid(m))
				}
				m, err = s.Mutate(a, r, searchspace.MutateOptions{Rate: 0.5})
				if err != nil || m == a || s.Valid(m) != nil {
					t.Fatalf("mutant %s of %s: %v, %v", s.Format(m), s.Format(a), err, s.Valid(m))
				}
			})
		})
	}
}

func costModel(s *searchspace.Space) (*searchspace.CostModel, error) {
	g, err := s.LowerChoices()
	if err != nil {
		return nil, err
	}
	return g.Model(func(n *searchspace.Node) float64 { return float64(n.MAdds()) })
}

// checkArch checks canonical form, text form, binary form and encoding of a.
func checkArch(t *rapid.T, s *searchspace.Space, a searchspace.Arch, r *rand.Rand) {
	if err := s.Valid(a); err != nil {
		t.Fatal(err)
	}
	text := s.Format(a)
	if b, err := s.Parse(text); err != nil || b != a {
		t.Fatalf("%q parses to %v, %v; expected %v", text, b, err, a)
	}
	var c searchspace.Arch
	bin, err := a.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.UnmarshalText(bin); err != nil || c != a {
		t.Fatalf("%s unmarshals to %v, %v", bin, c, err)
	}
	// Whatever inactive decisions hold, it is the same architecture.
	active, choices := s.Active(a), a.Choices()
	ones, activeChoices := 0, 0
	for i, d := range s.Decisions() {
		if !active[i] {
			choices[i] = r.IntN(d.Len())
		} else {
			activeChoices++
		}
	}
	w := s.Walk()
	for i := range active {
		if !active[i] {
			continue
		}
		if !w.Next() || w.Decision() != i {
			t.Fatalf("the walk comes to decision %d, expected %d of %s", w.Decision(), i, text)
		}
		if err := w.Choose(a.At(i)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if w.Next() {
		t.Fatalf("the walk goes on after %s", text)
	}
	if b, err := w.Arch(); err != nil || b != a {
		t.Fatalf("the walk ends at %v, %v, expected %s", b, err, text)
	}
	if b, err := s.New(choices); err != nil || b != a {
		t.Fatalf("New(%v) = %v, %v; expected %v", choices, b, err, a)
	}
	code := s.Encode(a)
	if len(code) != s.EncodingLen() {
		t.Fatalf("encoding of length %d, expected %d", len(code), s.EncodingLen())
	}
	for _, v := range code {
		if v == 1 {
			ones++
		} else if v != 0 {
			t.Fatalf("encoding holds %v", v)
		}
	}
	if ones > activeChoices {
		t.Fatalf("%d ones for %d active decisions", ones, activeChoices)
	}
}

// TestGraphs checks that the graphs of random architectures are sound.
func TestGraphs(t *testing.T) {
	for name, s := range spaces(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a, err := s.Sample(stream(t))
				if err != nil {
					t.Fatal(err)
				}
				g, err := s.Lower(a)
				if err != nil {
					t.Fatal(err)
				}
				checkGraph(t, s, g)
			})
		})
	}
}

func checkGraph(t *rapid.T, s *searchspace.Space, g *searchspace.Graph) {
	names, sites := map[string]bool{}, map[string]bool{}
	used := make([]bool, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.ID != i || (n.Op == searchspace.OpInput) != (i == 0) {
			t.Fatalf("node %d has ID %d and operation %v", i, n.ID, n.Op)
		}
		for k, in := range n.Inputs {
			if in < 0 || in >= i {
				t.Fatalf("%s reads node %d", n.Name, in)
			}
			used[in] = true
			if k == 0 && g.Nodes[in].Out != n.In {
				t.Fatalf("%s expects %v of %s, which makes %v", n.Name, n.In, g.Nodes[in].Name, g.Nodes[in].Out)
			}
		}
		if names[n.Name] || sites[n.Site] || n.Name == "" {
			t.Fatalf("name %q or site %q twice", n.Name, n.Site)
		}
		names[n.Name], sites[n.Site] = true, true
		if n.Op == searchspace.OpAdd && g.Nodes[n.Inputs[1]].Out != n.In {
			t.Fatalf("%s adds %v and %v", n.Name, n.In, g.Nodes[n.Inputs[1]].Out)
		}
		if n.Stage < 0 || n.Stage > g.Stages+1 {
			t.Fatalf("%s is in stage %d of %d", n.Name, n.Stage, g.Stages)
		}
	}
	for i := range g.Output() {
		if !used[i] {
			t.Fatalf("nothing reads %s", g.Nodes[i].Name)
		}
	}
	if out := g.Nodes[g.Output()].Out; out != (searchspace.Shape{C: s.Classes(), H: 1, W: 1}) {
		t.Fatalf("output of shape %v", out)
	}
	if f := g.Nodes[g.Feature()].Out; f.H != 1 || f.W != 1 || f.C != g.Nodes[g.Output()].In.C {
		t.Fatalf("feature of shape %v", f)
	}
}

func TestNeighbours(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	a := s.Smallest()
	seen := map[searchspace.Arch]bool{}
	for n := range s.Neighbours(a) {
		if n == a || seen[n] || s.Valid(n) != nil {
			t.Fatalf("neighbour %s of %s: again %v, valid %v", s.Format(n), s.Format(a), seen[n], s.Valid(n))
		}
		seen[n] = true
	}
	if want := 5*2 + 10*2 + 10*2; len(seen) != want {
		t.Errorf("%d neighbours of the smallest network, expected %d", len(seen), want)
	}
	for n := range s.Neighbours(a) {
		if !seen[n] {
			t.Error("neighbours differ from one walk to the next")
		}
		break // leaving early must be possible
	}
}

func TestSpecRebuilds(t *testing.T) {
	for name, s := range spaces(t) {
		if name == "plain" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := must[*searchspace.Space](t)(s.WithClasses(12))
			text, err := json.Marshal(s.Spec())
			if err != nil {
				t.Fatal(err)
			}
			var spec searchspace.Spec
			if err := json.Unmarshal(text, &spec); err != nil {
				t.Fatal(err)
			}
			back := must[*searchspace.Space](t)(searchspace.FromSpec(spec))
			if d := cmp.Diff(s.Decisions(), back.Decisions()); d != "" {
				t.Error(d)
			}
			if back.Size().Cmp(s.Size()) != 0 || back.Classes() != 12 || back.InputSize() != s.InputSize() {
				t.Errorf("rebuilt with %v networks, %d classes, %d pixels", back.Size(), back.Classes(), back.InputSize())
			}
			a := s.Largest()
			was, is := must[searchspace.Cost](t)(s.Cost(a)), must[searchspace.Cost](t)(back.Cost(a))
			if was != is {
				t.Errorf("rebuilt space counts %+v, expected %+v", is, was)
			}
		})
	}
	_, err := searchspace.FromSpec(searchspace.Spec{Family: "nowhere"})
	if err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("unknown family gives %v", err)
	}
	if s, err := searchspace.FromSpec(searchspace.Spec{Family: "etnas"}); err != nil || s.InputSize() != 224 || s.Classes() != 1000 {
		t.Errorf("a spec with nothing but a family gives %v, %v", s, err)
	}
	if _, err := searchspace.FromSpec(searchspace.Spec{Family: "etnas", Options: []byte("[")}); err == nil {
		t.Error("broken options accepted")
	}
	own := searchspace.Maker{Family: "plain", Make: func(json.RawMessage) (*searchspace.Space, error) { return plain(t), nil }}
	if s, err := searchspace.FromSpec(plain(t).Spec(), own); err != nil || s.Name() != "plain" {
		t.Errorf("own family gives %v, %v", s, err)
	}
}

func TestWithClassesAndInput(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	a := s.Smallest()
	for _, c := range []struct {
		classes, size int
		want          searchspace.Cost
	}{
		{10, 32, searchspace.Cost{MAdds: 3935184, ConvMAdds: 3922384, Params: 2142602}},
		{1000, 224, searchspace.Cost{MAdds: 121278672, ConvMAdds: 119998672, Params: 3410792}},
	} {
		b := must[*searchspace.Space](t)(must[*searchspace.Space](t)(s.WithClasses(c.classes)).WithInput(c.size))
		got := must[searchspace.Cost](t)(b.Cost(a))
		if got.MAdds != c.want.MAdds || got.ConvMAdds != c.want.ConvMAdds || got.Params != c.want.Params {
			t.Errorf("%d classes at %d pixels: %+v, expected %+v", c.classes, c.size, got, c.want)
		}
	}
	for _, n := range []int{0, -1, 1 << 30} {
		if _, err := s.WithClasses(n); err == nil {
			t.Errorf("%d classes accepted", n)
		}
		if _, err := s.WithInput(n); err == nil {
			t.Errorf("input size %d accepted", n)
		}
	}
}

func TestInvalid(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	other := plain(t)
	var zero searchspace.Arch
	if !zero.IsZero() || zero.Len() != 0 || s.Largest().IsZero() {
		t.Error("IsZero is wrong")
	}
	long := searchspace.Arch{}
	if err := long.UnmarshalText([]byte(strings.Repeat("ff", len(s.Decisions())))); err != nil {
		t.Fatal(err)
	}
	uncanonical := searchspace.Arch{} // stage 1 of depth 2 with a choice in its last slot
	text := []byte(strings.Repeat("00", len(s.Decisions())))
	text[2*s.DecisionIndex("stage1.layer3.kernel")+1] = '1'
	if err := uncanonical.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	for _, a := range []searchspace.Arch{zero, other.Largest(), long, uncanonical} {
		if err := s.Valid(a); !errors.Is(err, searchspace.ErrInvalid) {
			t.Errorf("Valid(%v) = %v", a, err)
		}
		if _, err := s.Cost(a); !errors.Is(err, searchspace.ErrInvalid) {
			t.Errorf("Cost(%v) = %v", a, err)
		}
	}
	for _, a := range []searchspace.Arch{zero, other.Largest(), long} {
		if s.Format(a) != "" || s.Encode(a) != nil || s.Active(a) != nil {
			t.Errorf("%v has a text, an encoding or activity", a)
		}
		if _, err := s.Mutate(a, rand.New(rand.NewPCG(1, 1)), searchspace.MutateOptions{}); !errors.Is(err, searchspace.ErrInvalid) {
			t.Errorf("Mutate(%v) = %v", a, err)
		}
		if _, err := s.Diff(a, s.Largest()); !errors.Is(err, searchspace.ErrInvalid) {
			t.Errorf("Diff(%v) = %v", a, err)
		}
		for range s.Neighbours(a) {
			t.Errorf("%v has neighbours", a)
		}
	}
	for _, choices := range [][]int{nil, {1}, make([]int, 44), append([]int{-1}, make([]int, 44)...), append([]int{3}, make([]int, 44)...)} {
		if _, err := s.New(choices); !errors.Is(err, searchspace.ErrInvalid) {
			t.Errorf("New(%v) = %v", choices, err)
		}
	}
}
