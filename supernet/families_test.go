package supernet

import (
	"context"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestFamilies trains networks of every family for a step: all operations of their graphs compile,
// concats and shuffles included.
func TestFamilies(t *testing.T) {
	const size = 32
	families := map[string]func() (*searchspace.Space, error){
		"proxylessnas": func() (*searchspace.Space, error) {
			return searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: 0.25, InputSize: size, Classes: 4, Dropout: -1})
		},
		"efficientnetlite": func() (*searchspace.Space, error) {
			return searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: 0.25, InputSize: size, Classes: 4, Dropout: -1})
		},
		"resnet50": func() (*searchspace.Space, error) {
			s, err := searchspace.ResNet50(searchspace.ResNet50Options{InputSize: size, Classes: 4})
			if err != nil {
				return nil, err
			}
			return s.Restrict(searchspace.Restriction{Decisions: []string{"stage[34].*"}, Keep: []int{0}})
		},
		"eatnas": func() (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, StemChannels: 8, InputSize: size, Classes: 4})
		},
		"danas": func() (*searchspace.Space, error) {
			return searchspace.DANAS(searchspace.DANASOptions{Variant: searchspace.DANASShuffleMobile, Width: 0.5, InputSize: size, Classes: 4})
		},
		"danas small": func() (*searchspace.Space, error) {
			return searchspace.DANAS(searchspace.DANASOptions{Width: 0.25, Layers: 2, StemStride: 1, InputSize: size, Classes: 4})
		},
		"vgg":       func() (*searchspace.Space, error) { return searchspace.VGG(searchspace.NetOptions{Classes: 4}) },
		"resnet":    func() (*searchspace.Space, error) { return searchspace.ResNet(searchspace.NetOptions{Classes: 4}) },
		"mobilenet": func() (*searchspace.Space, error) { return searchspace.MobileNet(searchspace.NetOptions{Classes: 4}) },
		"shufflenet": func() (*searchspace.Space, error) {
			return searchspace.ShuffleNet(searchspace.NetOptions{Classes: 4})
		},
		"regnet": func() (*searchspace.Space, error) {
			return searchspace.RegNet(searchspace.RegNetOptions{Classes: 4, SE: true})
		},
		"etnas": func() (*searchspace.Space, error) {
			return searchspace.ETNAS(searchspace.ETNASOptions{InputSize: size, Classes: 4, Channels: []int{16}, Blocks: 2})
		},
	}
	for name, family := range families {
		t.Run(name, func(t *testing.T) {
			space, err := family()
			if err != nil {
				t.Fatal(err)
			}
			checkFamily(t, space)
		})
	}
}

func checkFamily(t *testing.T, space *searchspace.Space) {
	train := stripes(t, 4, space.InputSize(), 1)
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		a := sample(t, space, seed)
		m, err := NewModel(space, a, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.Params(), paramsOf(t, space, a); got != want {
			t.Errorf("%s: %d parameters, the graph says %d", space.Format(a), got, want)
		}
		if got, want := len(links(m.prog.graph, m.store, m.prog.graph, m.store)), len(m.store.list); got != want {
			t.Errorf("%s: %d of %d tensors pair by site", space.Format(a), got, want)
		}
		if n := m.prog.graph.Nodes[m.prog.logits]; n.Op != searchspace.OpLinear || n.ID != m.prog.logits || n.Out.C != 4 {
			t.Errorf("%s: classes are told apart by node %+v, expected a linear one", space.Format(a), n)
		}
		res, err := m.Train(context.Background(), train, &TrainOptions{Epochs: 1, BatchSize: 4, LR: 1e-3})
		if err != nil {
			t.Fatalf("%s: %v", space.Format(a), err)
		}
		if math.Abs(res.Losses[0]-math.Log(4)) > 1.5 {
			t.Errorf("%s: loss %v of an untrained network of 4 classes", space.Format(a), res.Losses[0])
		}
		if _, err := m.Evaluate(context.Background(), train, nil); err != nil {
			t.Errorf("%s: %v", space.Format(a), err)
		}
	}
}

// TestSharedFamily compares sub-networks of other families on shared weights with their copies.
func TestSharedFamily(t *testing.T) {
	proxyless, err := searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: 0.25, InputSize: 32, Classes: 4, Dropout: -1})
	if err != nil {
		t.Fatal(err)
	}
	lite, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: 0.25, InputSize: 32, Classes: 4, Dropout: -1})
	if err != nil {
		t.Fatal(err)
	}
	spaces := []*searchspace.Space{proxyless, lite}
	for _, open := range []func(searchspace.NetOptions) (*searchspace.Space, error){searchspace.VGG, searchspace.ResNet,
		searchspace.MobileNet, searchspace.ShuffleNet} {
		space, err := open(searchspace.NetOptions{Classes: 4})
		if err != nil {
			t.Fatal(err)
		}
		spaces = append(spaces, space)
	}
	regnet, err := searchspace.RegNet(searchspace.RegNetOptions{Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, space := range append(spaces, regnet) {
		t.Run(space.Name(), func(t *testing.T) { checkShared(t, space) })
	}
}

func checkShared(t *testing.T, space *searchspace.Space) {
	b := firstBatch(t, stripes(t, 4, 32, 1), 4)
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n, err := New(space, &Options{Sharing: sharing})
		if err != nil {
			t.Fatal(err)
		}
		jitter(t, n.network, 1)
		for seed := range uint64(3) {
			a := sample(t, space, seed)
			m, err := n.Extract(context.Background(), a, nil)
			if err != nil {
				t.Fatal(err)
			}
			p, err := n.program(a)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := outputs(t, m.network, m.prog, b), outputs(t, n.network, p, b); !close32(got, want, 1e-4) {
				t.Errorf("%v %s: copy gives %v, shared weights %v", sharing, space.Format(a), got, want)
			}
		}
	}
}
