package searchspace_test

import (
	"errors"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"pgregory.net/rapid"
)

// timed is a table with an arbitrary time for each layer.
func timed(layers []searchspace.LatencyLayer) *searchspace.LatencyTable {
	t := &searchspace.LatencyTable{CPU: "none", Workers: 1, Batch: 1, Fixed: 0.25}
	for _, l := range layers {
		h := fnv.New32a()
		h.Write([]byte(l.String()))
		s := 0.5 + float64(h.Sum32())/math.MaxUint32
		t.Entries = append(t.Entries, searchspace.Latency{Layer: l, Seconds: s, Spread: s / 16})
	}
	return t
}

// choiceGraph is nil for a space that has none.
func choiceGraph(t testing.TB, s *searchspace.Space) *searchspace.ChoiceGraph {
	t.Helper()
	g, err := s.LowerChoices()
	if errors.Is(err, searchspace.ErrNoChoiceGraph) {
		return nil
	}
	return must[*searchspace.ChoiceGraph](t)(g, err)
}

// fusing is a family whose layers are read, and so fused, in as many ways as choices allow.
func fusing(b *searchspace.Builder) {
	conv := func(name string, x searchspace.Ref, out searchspace.Int) searchspace.Ref {
		return b.Conv(name, x, searchspace.Conv{Out: out, Kernel: searchspace.Const(3)})
	}
	maybe := func(name string, x searchspace.Ref, f func(x searchspace.Ref) searchspace.Ref) searchspace.Ref {
		return b.If(b.OneOf(name, searchspace.KindOp, 0, 1), x, f)
	}
	// A batch norm or none, behind it layers or none, whose widths matter only where they exist.
	x := conv("stem", b.Input(), b.OneOf("width", searchspace.KindWidth, 4, 8))
	x = maybe("norm", x, func(x searchspace.Ref) searchspace.Ref { return b.BatchNorm("bn", x) })
	x = b.Repeat(b.OneOf("depth", searchspace.KindDepth, 0, 1, 2), x, func(i int, x searchspace.Ref) searchspace.Ref {
		b.Block("layers", i, func() {
			x = conv("conv", x, b.OneOf("out", searchspace.KindWidth, 4, 8, 16))
			x = maybe("norm", x, func(x searchspace.Ref) searchspace.Ref { return b.BatchNorm("bn", x) })
		})
		return x
	})
	// An activation or none, and a second reader or none of what it reads.
	before := x
	x = maybe("act", x, func(x searchspace.Ref) searchspace.Ref { return b.Act("relu", x, searchspace.ActReLU) })
	x = maybe("join", x, func(x searchspace.Ref) searchspace.Ref { return b.Add("sum", x, before) })
	acts := []searchspace.Act{searchspace.ActReLU, searchspace.ActHSwish, searchspace.ActNone}
	x = b.Switch(b.Symbol("last", searchspace.KindOp, "relu", "hswish", "none"), func(v int) searchspace.Ref {
		return b.Act("last"+strconv.Itoa(v), x, acts[v])
	})
	b.Classifier("head", b.GlobalAvgPool("pool", x), 0.5)
}

// reading is another such family, of layers that are always there and read in different ways.
func reading(b *searchspace.Builder) {
	layer := func(name string) searchspace.Ref {
		return b.Conv(name, b.Input(), searchspace.Conv{Out: searchspace.Const(4)})
	}
	choose := func(name string, f func(v int) searchspace.Ref) searchspace.Ref {
		return b.Switch(b.OneOf(name, searchspace.KindOp, 0, 1), f)
	}
	relu := func(name string, x searchspace.Ref) searchspace.Ref { return b.Act(name, x, searchspace.ActReLU) }
	// Two activations of one tensor, in one of two networks.
	twice := layer("twice")
	x := relu("first", twice)
	x = choose("second", func(v int) searchspace.Ref {
		if v == 0 {
			return x
		}
		return b.Add("both", x, b.Act("other", twice, searchspace.ActHSwish))
	})
	// A second reader that is not an activation, behind no choice node.
	also := layer("also")
	y := relu("also.act", also)
	y = choose("more", func(v int) searchspace.Ref {
		if v == 0 {
			return y
		}
		return b.Add("more.add", y, b.Conv("more.conv", also, searchspace.Conv{Out: searchspace.Const(4)}))
	})
	// One of two tensors goes on to an activation, the other is read elsewhere anyhow.
	left, right := layer("left"), layer("right")
	z := relu("side", choose("side", func(v int) searchspace.Ref { return []searchspace.Ref{left, right}[v] }))
	rest := relu("rest", choose("rest", func(v int) searchspace.Ref { return []searchspace.Ref{right, left}[v] }))
	// A batch norm or none with no activation behind.
	plain := layer("plain")
	plain = choose("norm", func(v int) searchspace.Ref {
		if v == 0 {
			return plain
		}
		return b.BatchNorm("bn", plain)
	})
	out := b.Add("1", b.Add("2", x, y), b.Add("3", b.Add("4", z, rest), plain))
	b.Classifier("head", b.GlobalAvgPool("pool", out), 0)
}

func fusingSpace(t testing.TB) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(build(fusing))
}

// latencySpaces adds to all spaces those in which fusing depends on choices.
func latencySpaces(t testing.TB) map[string]*searchspace.Space {
	out := spaces(t)
	out["limited"] = limited(t)
	out["fusing"] = fusingSpace(t)
	out["reading"] = must[*searchspace.Space](t)(build(reading))
	out["fusing removed"] = must[*searchspace.Space](t)(out["fusing"].Restrict(
		searchspace.Restriction{Decisions: []string{"layer*.out", "layer*.norm"}, Keep: []int{1}},
		searchspace.Restriction{Decisions: []string{"act", "last"}, Combinations: [][]int{{0, 1}, {1, 2}}}))
	out["eatnas removed"] = must[*searchspace.Space](t)(out["eatnas"].Restrict(
		searchspace.Restriction{Decisions: []string{"*.skip", "*.kernel"}, Keep: []int{1}}))
	out["resnet50 removed"] = must[*searchspace.Space](t)(out["resnet50"].Restrict(
		searchspace.Restriction{Decisions: []string{"stage*.layer*.expand"}, Keep: []int{2}}))
	return out
}

// TestLatencyModel: over a table of exactly the layers that the space lists, the model is Seconds.
func TestLatencyModel(t *testing.T) {
	for name, s := range latencySpaces(t) {
		g := choiceGraph(t, s)
		if g == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			layers, err := g.Latencies()
			if errors.Is(err, searchspace.ErrTooLarge) {
				if _, err := timed(nil).Model(g); !errors.Is(err, searchspace.ErrTooLarge) {
					t.Errorf("Model of a space that is too large to list: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			table := timed(layers)
			model, err := table.Model(g)
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				a, err := s.Sample(stream(t))
				if err != nil {
					t.Fatal(err)
				}
				want, err := table.Cost(s, a)
				if err != nil {
					t.Fatalf("%s: %v", s.Format(a), err)
				}
				if got, err := model.At(a); err != nil || math.Abs(got-want) > 1e-12*want {
					t.Fatalf("%s: the model says %v, %v; the network takes %v", s.Format(a), got, err, want)
				}
				r, err := s.Relax(a)
				if err != nil {
					t.Fatal(err)
				}
				if got, _, err := model.Expected(r); err != nil || math.Abs(got-want) > 1e-12*want {
					t.Fatalf("%s: expected %v, %v at 0 and 1; the network takes %v", s.Format(a), got, err, want)
				}
			})
		})
	}
}

// TestLatenciesBruteForce: the layers of a space are those of its networks, and the model and its
// refusal agree with all of them.
func TestLatenciesBruteForce(t *testing.T) {
	all := latencySpaces(t)
	for _, name := range []string{"plain", "limited", "fusing", "fusing removed", "reading"} {
		s := all[name]
		g := choiceGraph(t, s)
		layers := must[[]searchspace.LatencyLayer](t)(g.Latencies())
		table := timed(layers)
		model := must[*searchspace.CostModel](t)(table.Model(g))
		found := map[searchspace.LatencyLayer]bool{}
		for a := range enumerate(s) {
			net := must[*searchspace.Graph](t)(s.Lower(a))
			for _, l := range net.Latencies() {
				found[l] = true
			}
			want := must[float64](t)(table.Seconds(net))
			if got, err := model.At(a); err != nil || math.Abs(got-want) > 1e-12*want {
				t.Fatalf("%s: %s: the model says %v, %v; the network takes %v", name, s.Format(a), got, err, want)
			}
		}
		listed := map[searchspace.LatencyLayer]bool{}
		for _, l := range layers {
			if listed[l] || !found[l] {
				t.Errorf("%s: %v is listed twice, or no network has it", name, l)
			}
			listed[l] = true
		}
		if len(layers) != len(found) {
			t.Errorf("%s: %d layers are listed, the networks have %d", name, len(layers), len(found))
		}
		lost := []searchspace.LatencyLayer{layers[0], layers[len(layers)/2], layers[len(layers)-1]}
		table.Entries = slices.DeleteFunc(table.Entries, func(e searchspace.Latency) bool {
			return slices.Contains(lost, e.Layer)
		})
		_, err := table.Model(g)
		if !errors.Is(err, searchspace.ErrNoLatency) || strings.Count(err.Error(), ";") != len(lost)-1 {
			t.Errorf("%s: error %v, expected one about %d layers", name, err, len(lost))
		}
		for _, l := range lost {
			if strings.Count(err.Error(), l.String()) != 1 {
				t.Errorf("%s: error %v, expected %v in it once", name, err, l)
			}
		}
	}
}

// TestLatencyModelGradient compares the gradient with differences, at rows that do not sum to 1.
func TestLatencyModelGradient(t *testing.T) {
	all := latencySpaces(t)
	for _, name := range []string{"fusing", "fusing removed", "reading", "mobilenetv3 small", "restricted"} {
		s := all[name]
		g := choiceGraph(t, s)
		model := must[*searchspace.CostModel](t)(timed(must[[]searchspace.LatencyLayer](t)(g.Latencies())).Model(g))
		r, p := newRand(11), s.Zeros()
		for i := range p {
			for k := range p[i] {
				p[i][k] = 0.2 + 0.5*r.Float64()
			}
		}
		_, grad, err := model.Expected(p)
		if err != nil {
			t.Fatal(err)
		}
		at := func(i, k int, v float64) float64 {
			old := p[i][k]
			p[i][k] = v
			defer func() { p[i][k] = old }()
			y, _, err := model.Expected(p)
			if err != nil {
				t.Fatal(err)
			}
			return y
		}
		for i := range p {
			for k, v := range p[i] {
				want := at(i, k, v+0.5) - at(i, k, v-0.5)
				if math.Abs(grad[i][k]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("%s: gradient %v of choice %d of decision %d, the difference is %v", name, grad[i][k], k, i, want)
				}
				if !slices.Contains(g.Decisions[i].Allowed, k) && grad[i][k] != 0 {
					t.Errorf("%s: gradient %v of choice %d of decision %d, which is removed", name, grad[i][k], k, i)
				}
			}
		}
	}
}

// TestModelInactive: a restriction that removes choice 0 of a decision that may be inactive does
// not lose the cost of layers that depend on it in name only.
func TestModelInactive(t *testing.T) {
	s := latencySpaces(t)["fusing removed"]
	m := must[*searchspace.CostModel](t)(costModel(s))
	for a := range enumerate(s) {
		want := must[searchspace.Cost](t)(s.Cost(a)).MAdds
		if got, err := m.At(a); err != nil || int64(got) != want {
			t.Fatalf("%s: the model says %v, %v; the graph %d", s.Format(a), got, err, want)
		}
	}
}
