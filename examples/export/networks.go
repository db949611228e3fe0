package main

import (
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

const classes = 10

// network is one that can be exported.
type network struct {
	name string
	open func(size int, seed run.Seed) (*searchspace.Space, searchspace.Arch, error)
}

// drawn draws an architecture of a space.
func drawn(name string, space func(size int) (*searchspace.Space, error)) network {
	return network{name, func(size int, seed run.Seed) (*searchspace.Space, searchspace.Arch, error) {
		s, err := space(size)
		if err != nil {
			return nil, searchspace.Arch{}, err
		}
		a, err := s.Sample(seed.Stream("export.arch"))
		return s, a, err
	}}
}

// written takes an architecture by its text.
func written(name, text string, space func(size int) (*searchspace.Space, error)) network {
	return network{name, func(size int, _ run.Seed) (*searchspace.Space, searchspace.Arch, error) {
		s, err := space(size)
		if err != nil {
			return nil, searchspace.Arch{}, err
		}
		a, err := s.Parse(text)
		return s, a, err
	}}
}

// published is a published network with other images and classes.
func published(name string) network {
	return network{name, func(size int, _ run.Seed) (*searchspace.Space, searchspace.Arch, error) {
		m, _ := searchspace.FindModel(name)
		s, a, err := m.Open()
		if err == nil {
			s, err = s.WithInput(size)
		}
		if err == nil {
			s, err = s.WithClasses(classes)
		}
		return s, a, err
	}}
}

func danas(v searchspace.DANASVariant, se bool) func(size int) (*searchspace.Space, error) {
	return func(size int) (*searchspace.Space, error) {
		return searchspace.DANAS(searchspace.DANASOptions{Variant: v, SE: se, InputSize: size,
			Classes: classes})
	}
}

func net(open func(searchspace.NetOptions) (*searchspace.Space, error)) func(size int) (
	*searchspace.Space, error) {
	return func(size int) (*searchspace.Space, error) {
		return open(searchspace.NetOptions{InputSize: size, Classes: classes})
	}
}

func etnas(size int) (*searchspace.Space, error) {
	return searchspace.ETNAS(searchspace.ETNASOptions{InputSize: size, Classes: classes})
}

// networks is one network of every family and variant, and published ones for the operations that
// no family draws.
func networks() []network {
	return []network{
		drawn("mobilenetv3", func(size int) (*searchspace.Space, error) {
			return searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.5, InputSize: size,
				StemStride: 1, Classes: classes})
		}),
		drawn("proxylessnas", func(size int) (*searchspace.Space, error) {
			return searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: 0.5, InputSize: size,
				StemStride: 1, Classes: classes})
		}),
		drawn("efficientnetlite", func(size int) (*searchspace.Space, error) {
			return searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: 0.5, InputSize: size,
				StemStride: 1, Classes: classes})
		}),
		drawn("resnet50", func(size int) (*searchspace.Space, error) {
			return searchspace.ResNet50(searchspace.ResNet50Options{InputSize: size, Classes: classes})
		}),
		drawn("eatnas", func(size int) (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{InputSize: size, Classes: classes})
		}),
		drawn("eatnas-cifar", func(size int) (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, InputSize: size,
				Classes: classes})
		}),
		drawn("vgg", net(searchspace.VGG)),
		drawn("resnet", net(searchspace.ResNet)),
		drawn("mobilenet", net(searchspace.MobileNet)),
		drawn("shufflenet", net(searchspace.ShuffleNet)),
		drawn("regnet", func(size int) (*searchspace.Space, error) {
			return searchspace.RegNet(searchspace.RegNetOptions{SE: true, InputSize: size, Classes: classes})
		}),
		drawn("danas-mobile", danas(searchspace.DANASMobile, true)),
		drawn("danas-mobile+", danas(searchspace.DANASMobilePlus, false)),
		drawn("danas-shuffle", danas(searchspace.DANASShuffle, false)),
		drawn("danas-shuffle+", danas(searchspace.DANASShufflePlus, true)),
		drawn("danas-shuffle+mobile", danas(searchspace.DANASShuffleMobile, true)),
		written("etnas", "031-_16_1-1-21-12", etnas),
		written("etnas-skips", "23311-a02c12_16_1-2-11-2", etnas),
		published("mobilenet_v3_large"),
		published("resnet18"),
		published("shufflenet_v2_x2_0"),
		published("efficientnet_b0"),
	}
}

func names() []string {
	var out []string
	for _, n := range networks() {
		out = append(out, n.name)
	}
	return out
}
