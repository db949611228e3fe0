package main

import (
	"context"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// smallFamilies is one small space of every family, and how its networks share weights: elastic
// where choices are nested.
func smallFamilies() map[string]struct {
	open    func() (*searchspace.Space, error)
	sharing supernet.Sharing
	text    string // the network that is trained; "" is the smallest
	epochs  int
} {
	const size, classes = 20, 3
	type family = struct {
		open    func() (*searchspace.Space, error)
		sharing supernet.Sharing
		text    string
		epochs  int
	}
	// narrow keeps the first choice where networks are widest.
	narrow := func(s *searchspace.Space, err error, decisions ...string) (*searchspace.Space, error) {
		if err != nil {
			return nil, err
		}
		return s.Restrict(searchspace.Restriction{Decisions: decisions, Keep: []int{0}})
	}
	net := func(open func(searchspace.NetOptions) (*searchspace.Space, error)) func() (*searchspace.Space, error) {
		return func() (*searchspace.Space, error) {
			return open(searchspace.NetOptions{InputSize: size, Classes: classes})
		}
	}
	all := map[string]family{
		"vgg":        {net(searchspace.VGG), supernet.Elastic, "", 2},
		"resnet":     {net(searchspace.ResNet), supernet.Elastic, "", 2},
		"mobilenet":  {net(searchspace.MobileNet), supernet.Elastic, "", 2},
		"shufflenet": {net(searchspace.ShuffleNet), supernet.Elastic, "", 2},
		"regnet": {func() (*searchspace.Space, error) {
			return searchspace.RegNet(searchspace.RegNetOptions{InputSize: size, Classes: classes})
		}, supernet.Elastic, "", 2},
		"mobilenetv3": {func() (*searchspace.Space, error) {
			return searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: size,
				StemStride: 1, Classes: classes, Dropout: -1, Depths: []int{1, 2}})
		}, supernet.Elastic, "", 2},
		"proxylessnas": {func() (*searchspace.Space, error) {
			return searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: 0.25, InputSize: size,
				StemStride: 1, Classes: classes, Dropout: -1, Depths: []int{1, 2}})
		}, supernet.Elastic, "", 2},
		"efficientnetlite": {func() (*searchspace.Space, error) {
			return searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: 0.25, InputSize: size,
				StemStride: 1, Classes: classes, Dropout: -1})
		}, supernet.Elastic, "", 2},
		"resnet50": {func() (*searchspace.Space, error) {
			s, err := searchspace.ResNet50(searchspace.ResNet50Options{InputSize: size, Classes: classes})
			return narrow(s, err, "stage[34].*")
		}, supernet.Elastic, "", 2},
		"eatnas": {func() (*searchspace.Space, error) {
			s, err := searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, StemChannels: 16, InputSize: size,
				Classes: classes})
			return narrow(s, err, "stage[567].width", "stage[567].depth")
		}, supernet.SinglePath, "", 2},
		"danas": {func() (*searchspace.Space, error) {
			return searchspace.DANAS(searchspace.DANASOptions{InputSize: size, Classes: classes})
		}, supernet.SinglePath, "", 4},
		"etnas": {func() (*searchspace.Space, error) {
			return searchspace.ETNAS(searchspace.ETNASOptions{InputSize: size, Classes: classes,
				Channels: []int{16}, Blocks: 2})
		}, supernet.SinglePath, "031-_16_1-1-1-1", 4},
	}
	if testing.Short() { // the two whose smallest networks are large
		delete(all, "resnet50")
		delete(all, "eatnas")
	}
	return all
}

// clothes is real images of three classes that a few steps tell apart: trousers, sandals, bags.
func clothes(t *testing.T, train, test int) (a, b dataset.Dataset) {
	t.Helper()
	a, b, err := fashion.Load(20)
	if err != nil {
		t.Fatal(err)
	}
	for part, n := range map[*dataset.Dataset]int{&a: train, &b: test} {
		if *part, err = dataset.ByClass(*part, 1, 5, 8); err == nil {
			*part, err = first(*part, n, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

// TestFamiliesLearn trains the supernet of every family for a few steps, extracts a small network,
// trains that, and asks for far more than chance.
func TestFamiliesLearn(t *testing.T) {
	ctx := context.Background()
	train, test := clothes(t, 320, 90)
	for name, f := range smallFamilies() {
		t.Run(name, func(t *testing.T) {
			space, err := f.open()
			if err != nil {
				t.Fatal(err)
			}
			net, err := supernet.New(space, &supernet.Options{Sharing: f.sharing, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			few, err := first(train, 64, 2)
			if err != nil {
				t.Fatal(err)
			}
			res, err := net.Train(ctx, few, &supernet.TrainOptions{Epochs: 1, BatchSize: 16, LR: 0.01,
				Subnets: supernet.SubnetOptions{StepsPerDraw: 1}, ClipNorm: 5})
			if err != nil || math.IsNaN(res.Losses[0]) {
				t.Fatalf("supernet: %v", err)
			}
			arch := space.Smallest()
			if f.text != "" {
				if arch, err = space.Parse(f.text); err != nil {
					t.Fatal(err)
				}
			}
			m, err := net.Extract(ctx, arch, few)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Train(ctx, train, &supernet.TrainOptions{Epochs: f.epochs, BatchSize: 16, LR: 0.03,
				ClipNorm: 5, Seed: 1}); err != nil {
				t.Fatal(err)
			}
			if err := m.Recalibrate(ctx, train, &supernet.EvalOptions{CalibrationImages: 160}); err != nil {
				t.Fatal(err)
			}
			v, err := m.Evaluate(ctx, test, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: accuracy %.3f, loss %.3f", space.Format(m.Arch()), v.Accuracy, v.Loss)
			if v.Accuracy < 0.7 {
				t.Errorf("accuracy %.3f after %d steps, expected at least 0.7 where chance is 0.33",
					v.Accuracy, 20*f.epochs)
			}
		})
	}
}
