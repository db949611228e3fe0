package supernet

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestPublishedParams compares the size of the shared stores with the published figures.
func TestPublishedParams(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sharing Sharing
		want    int
	}{
		{SinglePath, 30_382_856},
		// The largest network, plus the rings by which its 20 kernels are as large already:
		// nothing.
		{Elastic, int(paramsOf(t, space, space.Largest()))},
	} {
		scheme, err := c.sharing.scheme()
		if err != nil {
			t.Fatal(err)
		}
		ss, err := specsOfSpace(space, scheme)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, s := range ss.list {
			size := 1
			for _, d := range s.dims() {
				size *= d
			}
			if !s.kind.statistic() {
				got += size
			}
		}
		if got != c.want {
			t.Errorf("%v: %d parameters, expected %d", c.sharing, got, c.want)
		}
	}
}

// TestSubnetEqualsCopy compares sub-networks run on views of shared weights with standalone
// networks that have copies.
func TestSubnetEqualsCopy(t *testing.T) {
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		t.Run(sharing.String(), func(t *testing.T) {
			n := tinyNet(t, sharing)
			jitter(t, n.network, 1)
			b := firstBatch(t, stripes(t, 6, 16, 1), 6)
			checkFew(t, func(rt *rapid.T) {
				a := sample(t, n.space, rapid.Uint64().Draw(rt, "arch"))
				m, err := n.Extract(context.Background(), a, nil)
				if err != nil {
					rt.Fatal(err)
				}
				p, err := n.program(a)
				if err != nil {
					rt.Fatal(err)
				}
				if got, want := outputs(t, m.network, m.prog, b), outputs(t, n.network, p, b); !close32(got, want, 1e-5) {
					rt.Errorf("%s: copy gives %v, shared weights %v", n.space.Format(a), got, want)
				}
				if int64(m.Params()) != paramsOf(t, n.space, a) {
					rt.Errorf("model has %d parameters, the graph %d", m.Params(), paramsOf(t, n.space, a))
				}
			})
		})
	}
}

// TestElasticSlices checks by hand which numbers of the shared tensors a small sub-network gets.
func TestElasticSlices(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 2)
	shared := n.values()
	m, err := n.Extract(context.Background(), n.space.Smallest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for i := range m.prog.graph.Nodes {
		node := &m.prog.graph.Nodes[i]
		if node.Op != searchspace.OpConv {
			continue
		}
		key := node.Site + ".weight"
		s := n.store.byKey[key]
		got := m.values()[node.Name+".weight"]
		in, out, k := node.In.C/node.Groups, node.Out.C, node.Kernel
		margin := (s.kernel - k) / 2
		for y := range k {
			for x := range k {
				for c := range in {
					for o := range out {
						want := shared[key][(((y+margin)*s.kernel+x+margin)*s.in+c)*s.out+o]
						if v := got[((y*k+x)*in+c)*out+o]; v != want {
							t.Fatalf("%s[%d,%d,%d,%d] is %v, expected %v", node.Name, y, x, c, o, v, want)
						}
					}
				}
			}
		}
		checked++
	}
	if checked < 20 {
		t.Errorf("checked %d convolutions only", checked)
	}
}

// TestSinglePathIndependence trains one sub-network and looks which tensors moved: its own
// candidates and what all share.
func TestSinglePathIndependence(t *testing.T) {
	n := tinyNet(t, SinglePath)
	before := n.values()
	small := n.space.Smallest()
	o := short(1)
	o.Subnets.Sampler = Cycle(small)
	if _, err := n.Train(context.Background(), stripes(t, 32, 16, 1), o); err != nil {
		t.Fatal(err)
	}
	p, err := n.program(small)
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	for i := range p.graph.Nodes {
		for _, k := range kindsOf(&p.graph.Nodes[i]) {
			used[n.store.place(&p.graph.Nodes[i], k).key] = true
		}
	}
	after := n.values()
	candidates := 0
	for key, v := range after {
		moved := !slices.Equal(v, before[key])
		if moved != used[key] {
			t.Errorf("%s: moved %v, used %v", key, moved, used[key])
		}
		if strings.Contains(key, "@") {
			candidates++
		}
	}
	if candidates == 0 {
		t.Error("no tensor belongs to a candidate")
	}
}

// TestInitialByName checks that a tensor's first values depend on seed and name only.
func TestInitialByName(t *testing.T) {
	big := &spec{key: "a.weight", extent: extent{3, 4, 8}, groups: 1}
	one, two, three := make([]float32, 288), make([]float32, 288), make([]float32, 288)
	initial(big, 5, one)
	initial(big, 5, two)
	initial(big, 6, three)
	if !slices.Equal(one, two) || slices.Equal(one, three) {
		t.Error("equal seeds must give equal values, others different ones")
	}
	sum := 0.0
	for _, v := range one {
		sum += float64(v) * float64(v)
	}
	if std2, want := sum/288, 2.0/(9*8); std2 < 0.7*want || std2 > 1.3*want {
		t.Errorf("variance %v, expected about %v", std2, want)
	}
}

// TestGrowClasses grows the classifier of a supernet and of a model and looks that the old logits
// stay.
func TestGrowClasses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n := tinyNet(t, sharing)
		jitter(t, n.network, 3)
		a := sample(t, n.space, r.Uint64())
		m, err := n.Extract(context.Background(), a, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := firstBatch(t, stripes(t, 5, 16, 2), 5)
		want := outputs(t, m.network, m.prog, b)
		version := n.WeightVersion()
		if err := n.GrowClasses(t.Context(), Unnamed(7)...); err != nil {
			t.Fatal(err)
		}
		if err := m.GrowClasses(t.Context(), Unnamed(7)...); err != nil {
			t.Fatal(err)
		}
		if n.Classes() != 7 || m.Classes() != 7 || n.WeightVersion() == version {
			t.Errorf("classes %d and %d, version %d after %d", n.Classes(), m.Classes(), n.WeightVersion(), version)
		}
		p, err := n.program(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range [][]float32{outputs(t, n.network, p, b), outputs(t, m.network, m.prog, b)} {
			for i := range b.N {
				if !close32(got[i*7:i*7+4], want[i*4:i*4+4], 1e-5) {
					t.Errorf("%v: old logits %v became %v", sharing, want[i*4:i*4+4], got[i*7:i*7+7])
				}
			}
		}
		if err := n.GrowClasses(t.Context(), Unnamed(6)...); err == nil {
			t.Error("fewer classes were accepted")
		}
	}
}

// TestGrownLikeMade checks that new classes start as they would in a network made with them.
func TestGrownLikeMade(t *testing.T) {
	n := tinyNet(t, Elastic)
	if err := n.GrowClasses(t.Context(), Unnamed(9)...); err != nil {
		t.Fatal(err)
	}
	wide, err := tinySpace(t).WithClasses(9)
	if err != nil {
		t.Fatal(err)
	}
	made, err := New(wide, &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, n.values(), made.values())
}
