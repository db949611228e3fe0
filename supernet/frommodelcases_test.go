package supernet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestInheritHeavyFamilies is TestInherit for a few pairs of families with larger networks.
func TestInheritHeavyFamilies(t *testing.T) {
	space := func(s *searchspace.Space, err error) *searchspace.Space {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	keep := func(choices []int, patterns ...string) searchspace.Restriction {
		return searchspace.Restriction{Decisions: patterns, Keep: choices}
	}
	resnet := space(searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 32, Classes: 4}))
	resnet = space(resnet.Restrict(keep([]int{0}, "stage[234].width", "stage*.depth", "*.expand"), keep([]int{0, 1}, "*.width")))
	danas := space(searchspace.DANAS(searchspace.DANASOptions{Variant: searchspace.DANASShuffleMobile, SE: true,
		InputSize: 32, Classes: 4}))
	danas = space(danas.Restrict(keep([]int{1, 2}, "*")))
	for i, s := range []*searchspace.Space{resnet, danas} {
		sharing := []Sharing{Elastic, SinglePath}[i]
		before, n := livelyNet(t, s, sharing, 9), livelyNet(t, s, sharing, 9)
		to := []searchspace.Arch{sample(t, s, 3)}
		if err := inheriting(t, n, before, livelyModel(t, s, sample(t, s, 1), 1), to, false, false); err != nil {
			t.Errorf("%s: %v", s.Name(), err)
		}
	}
	// Without a choice graph what there is inherits, and the model's architecture comes into being.
	etnas := space(searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32, Classes: 4, Channels: []int{16}, Blocks: 2}))
	for seed := range uint64(4) {
		n, err := New(etnas, &Options{Sharing: SinglePath})
		if err != nil {
			t.Fatal(err)
		}
		from, other := sample(t, etnas, seed), sample(t, etnas, seed+1)
		if seed%2 == 1 {
			if _, err := n.program(other); err != nil {
				t.Fatal(err)
			}
		}
		if err := inheriting(t, n, n, livelyModel(t, etnas, from, seed), nil, false, false); err != nil {
			t.Errorf("%s: %v", etnas.Format(from), err)
		}
	}
}

// TestCover: the networks that stand for a space have every number of its tensors.
func TestCover(t *testing.T) {
	spaces := lightSpaces(t)
	danas, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: 32, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	spaces["danas"] = danas
	for name, s := range spaces {
		for _, scheme := range schemes {
			ss, err := specsOfSpace(s, scheme)
			if err != nil {
				t.Fatal(err)
			}
			nets, u, err := cover(s, ss, s.Smallest().Choices())
			if err != nil {
				t.Fatal(err)
			}
			largest := make(map[string]extent)
			for _, g := range nets {
				for i := range g.Nodes {
					n := &g.Nodes[i]
					for _, k := range kindsOf(n) {
						at := ss.place(n, k)
						if e := largest[at.key]; e.within(extent{at.kernel, at.in.to, at.out.to}) {
							largest[at.key] = extent{at.kernel, at.in.to, at.out.to}
						}
						if n.Out.C < u.least[n.Site] {
							t.Errorf("%s: %s has %d channels, the least is said to be %d", name, n.Site, n.Out.C, u.least[n.Site])
						}
					}
				}
			}
			for _, sp := range ss.list {
				if largest[sp.key] != sp.extent {
					t.Errorf("%s %s: of %s with %+v the networks have %+v", name, scheme.name(), sp.key, sp.extent, largest[sp.key])
				}
			}
			if len(nets) > 30 {
				t.Errorf("%s %s: %d networks", name, scheme.name(), len(nets))
			}
		}
	}
}

// otherLists is a model and a supernet of spaces with other lists of choices; the supernet has what
// the model's architecture needs, but for kernels of 7 if there are any.
func otherLists(t *testing.T, kernels []int, sharing Sharing, classes []string) (*Model, *Net) {
	t.Helper()
	o := tinyOptions
	s, err := searchspace.MobileNetV3(o)
	if err != nil {
		t.Fatal(err)
	}
	choices := s.Smallest().Choices()
	for i, d := range s.Decisions() {
		switch d.Kind {
		case searchspace.KindKernel:
			choices[i] = slices.Index(d.Values, kernels[i%len(kernels)])
		case searchspace.KindExpand:
			choices[i] = slices.Index(d.Values, 6)
		case searchspace.KindDepth:
			choices[i] = slices.Index(d.Values, 2)
		}
	}
	a, err := s.New(choices)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(s, a, &Options{Seed: 3, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 3)
	o.Kernels, o.Expands, o.Depths, o.Classes = []int{3, 5}, []int{2, 6, 8}, []int{1, 2, 3}, len(classes)
	wide, err := searchspace.MobileNetV3(o)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(wide, &Options{Seed: 4, Sharing: sharing, Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	return m, n
}

// TestInheritOtherSpaces inherits from a space with other lists and classes: the architecture is
// found by what its choices mean, classes by name.
func TestInheritOtherSpaces(t *testing.T) {
	b := firstBatch(t, stripes(t, 6, 16, 1), 6)
	for _, sharing := range sharings() {
		for _, classes := range [][]string{animals, {"yak", animals[3], animals[0], "gnu", animals[1], animals[2]},
			{animals[2], animals[1]}, {"yak"}} {
			m, n := otherLists(t, []int{3, 5}, sharing, classes)
			before := n.values()
			r := inheritOf(t, n, m, nil)
			if !r.Exact || !r.Preserved || r.Arch == m.arch || r.Count(MorphDropped) > 0 || r.Largest.Classes != len(classes) {
				t.Errorf("%v %v:\n%v", sharing, classes, r)
			}
			matched := make([]int, len(classes))
			for i, name := range classes {
				matched[i] = slices.Index(animals, name)
			}
			for _, a := range []searchspace.Arch{r.Arch, n.space.Largest()} {
				for _, ofBatch := range []bool{false, true} {
					d := apart(answers(t, m, b, ofBatch), netAnswers(t, n, a, b, ofBatch), 4, matched)
					if !(d <= 1e-4) && classes[0] != "yak" {
						t.Errorf("%v %v: logits of %s moved by %v", sharing, classes, n.space.Format(a), d)
					}
				}
			}
			const key = "classifier.linear.weight"
			after := n.values()
			for i := range after[key] {
				if kept := after[key][i] == before[key][i]; kept != (matched[i%len(classes)] < 0) {
					t.Fatalf("%v: weight %d of class %s kept: %v", classes, i, classes[i%len(classes)], kept)
				}
			}
		}
		m, n := otherLists(t, []int{3, 7}, sharing, animals)
		if r := inheritOf(t, n, m, nil); r.Exact || r.Preserved || r.Arch != (searchspace.Arch{}) || r.Count(MorphReshaped) == 0 {
			t.Errorf("%v: kernels of 7 into 5\n%v", sharing, r)
		}
	}
	// A restriction of the model's space, and images of another size.
	s := tinySpace(t)
	narrow, err := s.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Keep: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	larger, err := s.WithInput(32)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []*searchspace.Space{s, narrow, larger} {
		m, n := livelyModel(t, narrow, narrow.Largest(), 3), livelyNet(t, to, Elastic, 4)
		r := inheritOf(t, n, m, nil)
		if !r.Exact || !r.Preserved || r.Arch != m.arch {
			t.Errorf("%d decisions at %d pixels\n%v", len(to.Decisions()), to.InputSize(), r)
		}
		b := firstBatch(t, stripes(t, 6, to.InputSize(), 1), 6)
		same, err := NewModel(to, m.arch, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := same.setValues(m.values()); err != nil {
			t.Fatal(err)
		}
		if d := away(t, same, n, r.Arch, b); !(d <= 1e-4) {
			t.Errorf("at %d pixels logits moved by %v", to.InputSize(), d)
		}
	}
}

// TestInheritOrder compares the order of inner channels with its definition, and the channels of
// the network, which all sub-networks have, with the model's.
func TestInheritOrder(t *testing.T) {
	s := tinySpace(t)
	m := livelyModel(t, s, s.Largest(), 7)
	old := m.values()
	var name string
	for _, n := range m.prog.graph.Nodes {
		if n.Site == "stage2.layer1.depth_conv.conv" {
			name = strings.TrimSuffix(n.Name, "depth_conv.conv")
		}
	}
	scale, reads := old[name+"depth_conv.bn.weight"], old[name+"point_linear.conv.weight"]
	width := len(reads) / len(scale)
	counts := func(c int) (sum float64) {
		for _, v := range reads[c*width:][:width] {
			sum += math.Abs(float64(v)) * math.Abs(float64(scale[c]))
		}
		return sum
	}
	order := prefix(len(scale), len(scale))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(counts(b), counts(a)) })
	for _, keep := range []bool{false, true} {
		n := livelyNet(t, s, Elastic, 9)
		inheritOf(t, n, m, &InheritOptions{KeepOrder: keep})
		copied, err := n.Extract(t.Context(), s.Largest(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := copied.values()
		if keep {
			sameValues(t, got, old)
			continue
		}
		for to, from := range order {
			if got[name+"depth_conv.bn.weight"][to] != scale[from] ||
				!slices.Equal(got[name+"point_linear.conv.weight"][to*width:][:width], reads[from*width:][:width]) {
				t.Errorf("channel %d is not channel %d of the model", to, from)
			}
		}
		for key, v := range got {
			if strings.HasSuffix(key, "point_linear.bn.bias") && !slices.Equal(v, old[key]) {
				t.Errorf("%s has another order", key)
			}
		}
	}
}

// TestInheritAgain: inheriting twice is inheriting once, the number of processors changes no bit,
// the model stays, and measurements know that the weights changed.
func TestInheritAgain(t *testing.T) {
	s := tinySpace(t)
	m := livelyModel(t, s, sample(t, s, 5), 7)
	before, version := m.values(), m.WeightVersion()
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for _, sharing := range sharings() {
		var want map[string][]float32
		for _, procs := range []int{1, 4} {
			runtime.GOMAXPROCS(procs)
			n := livelyNet(t, s, sharing, 9)
			for range 2 {
				was := n.WeightVersion()
				inheritOf(t, n, m, nil)
				if n.WeightVersion() == was {
					t.Error("the weight version stayed")
				}
				if want == nil {
					want = n.values()
				}
				sameValues(t, n.values(), want)
			}
		}
	}
	sameValues(t, m.values(), before)
	if m.WeightVersion() != version {
		t.Error("the model's weight version moved")
	}
}

// TestInheritNames: a supernet that knows no names takes those of as many classes.
func TestInheritNames(t *testing.T) {
	m, n := named(t), tinyNet(t, Elastic)
	inheritOf(t, n, m, nil)
	if !slices.Equal(n.ClassNames(), animals) {
		t.Errorf("classes %q", n.ClassNames())
	}
	unnamed := tinyNet(t, Elastic)
	inheritOf(t, unnamed, tinyModel(t), nil)
	if unnamed.ClassNames() != nil {
		t.Errorf("classes %q", unnamed.ClassNames())
	}
}

// TestInheritRefuses checks what is refused, by what the message says; nothing changes then.
func TestInheritRefuses(t *testing.T) {
	s, m := tinySpace(t), named(t)
	proxyless := lightSpaces(t)["proxylessnas"]
	five, err := s.WithClasses(5)
	if err != nil {
		t.Fatal(err)
	}
	net := func(s *searchspace.Space, o *Options) *Net {
		t.Helper()
		n, err := New(s, o)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		net   *Net
		model *Model
		want  string
	}{
		{net(s, nil), nil, "no model"},
		{net(proxyless, nil), m, "expected proxylessnas"},
		{net(s, &Options{Normalization: dataset.Normalization{Std: [3]float32{1, 1, 1}}}), m, "normalises"},
		{net(five, nil), m, "expected names"},
		{net(s, &Options{Classes: animals}), tinyModel(t), "SetClassNames"},
	} {
		before, version := c.net.values(), c.net.WeightVersion()
		r, err := c.net.Inherit(t.Context(), c.model, nil)
		if err == nil || r != nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "supernet: inherit: ") {
			t.Errorf("%v, expected %q", err, c.want)
		}
		sameValues(t, c.net.values(), before)
		if c.net.WeightVersion() != version {
			t.Errorf("%q: the weight version moved", c.want)
		}
	}
	n := net(s, nil)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Inherit(over, m, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected that the context ended", err)
	}
	o := short(1)
	o.Before = func(ctx context.Context, _ int) error {
		_, err := n.Inherit(ctx, m, nil)
		return err
	}
	if _, err := n.Train(t.Context(), stripes(t, 32, 16, 1), o); !errors.Is(err, ErrTraining) {
		t.Errorf("in a training: %v, expected ErrTraining", err)
	}
}

// TestInheritReport reads a report that JSON carried, and compares what it says with the sites of
// the space.
func TestInheritReport(t *testing.T) {
	s := tinySpace(t)
	sites, err := s.Sites()
	if err != nil {
		t.Fatal(err)
	}
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n := tinyNet(t, sharing)
		r := inheritOf(t, n, livelyModel(t, s, s.Smallest(), 1), nil)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again InheritReport
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(&again, r) {
			t.Errorf("error %v, read\n%v", err, &again)
		}
		want := make(map[string]MorphSize)
		for _, site := range sites {
			for _, v := range site.Variants {
				key, size := site.Name, MorphSize{site.Kernel, site.In, site.Out}
				if sharing == SinglePath {
					key, size = fmt.Sprint(site.Name, v.Key), MorphSize{v.Kernel, v.In, v.Out}
				}
				want[key] = size
			}
		}
		for _, site := range r.Sites {
			key := site.Site + site.Candidate
			if want[key] != site.To {
				t.Errorf("%v: %s with %+v, expected %+v", sharing, key, site.To, want[key])
			}
			delete(want, key)
			if begins := strings.Contains(site.Site, "layer1"); (site.Change == MorphStarted) != begins {
				t.Errorf("%v: %+v", sharing, site)
			}
		}
		if len(want) > 0 {
			t.Errorf("%v: no word of %v", sharing, want)
		}
		if text := r.String(); !strings.Contains(text, "have its function") || strings.Count(text, "\n") != 2 {
			t.Error(text)
		}
	}
}

// TestInheritTeaches: a supernet that inherits and learns with the model as teacher begins far
// nearer to it than one with initial weights.
func TestInheritTeaches(t *testing.T) {
	s, train := tinySpace(t), stripes(t, 128, 16, 1)
	choices := s.Smallest().Choices()
	for i, d := range s.Decisions() {
		if d.Kind != searchspace.KindDepth {
			choices[i] = 1 // some networks have smaller kernels and fewer channels, others more
		}
	}
	a, err := s.New(choices)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(s, a, &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Train(t.Context(), train, short(10)); err != nil {
		t.Fatal(err)
	}
	for _, sharing := range sharings() {
		var losses []float64
		for _, inherits := range []bool{true, false} {
			n := tinyNet(t, sharing)
			if inherits {
				inheritOf(t, n, m, nil)
			}
			o := short(1)
			o.LR = 0.01
			o.Subnets = SubnetOptions{StepsPerDraw: 1}
			o.Teacher = &Teacher{Model: m, Temperature: 2}
			res, err := n.Train(t.Context(), train, o)
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, res.Losses...)
		}
		if !(losses[0] < losses[1]/2) {
			t.Errorf("%v: loss %v, from initial weights %v", sharing, losses[0], losses[1])
		}
	}
}
