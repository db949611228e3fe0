package main

import "github.com/tendril-nas/tendril/searchspace"

// knownSpace is a family that -space can name.
type knownSpace struct {
	name  string
	make  func(c *config) (*searchspace.Space, error)
	flags string // flags that the family has: "width", "stem-stride", "se"
}

func knownSpaces() []knownSpace {
	return []knownSpace{
		{"mobilenetv3", func(c *config) (*searchspace.Space, error) {
			return searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: c.width, StemStride: c.stem})
		}, "width stem-stride"},
		{"proxylessnas", func(c *config) (*searchspace.Space, error) {
			return searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: c.width, StemStride: c.stem})
		}, "width stem-stride"},
		{"resnet50", func(*config) (*searchspace.Space, error) {
			return searchspace.ResNet50(searchspace.ResNet50Options{})
		}, ""},
		{"etnas", func(*config) (*searchspace.Space, error) {
			return searchspace.ETNAS(searchspace.ETNASOptions{})
		}, ""},
		{"eatnas", func(*config) (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{})
		}, ""},
		{"eatnas-cifar", func(*config) (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true})
		}, ""},
		danas(searchspace.DANASMobile),
		danas(searchspace.DANASMobilePlus),
		danas(searchspace.DANASShuffle),
		danas(searchspace.DANASShufflePlus),
		danas(searchspace.DANASShuffleMobile),
	}
}

func danas(v searchspace.DANASVariant) knownSpace {
	return knownSpace{"danas-" + string(v), func(c *config) (*searchspace.Space, error) {
		return searchspace.DANAS(searchspace.DANASOptions{Variant: v, SE: c.se})
	}, "se"}
}

func spaceNames() []string {
	var out []string
	for _, s := range knownSpaces() {
		out = append(out, s.name)
	}
	return out
}

func findSpace(name string) (knownSpace, bool) {
	for _, s := range knownSpaces() {
		if s.name == name {
			return s, true
		}
	}
	return knownSpace{}, false
}

// open makes the space of the command line.
func (c *config) open() (*searchspace.Space, error) {
	k, _ := findSpace(c.space)
	space, err := k.make(c)
	if err != nil {
		return nil, err
	}
	return c.resize(space)
}

// resize applies -size and -classes.
func (c *config) resize(space *searchspace.Space) (*searchspace.Space, error) {
	var err error
	if c.given["size"] {
		if space, err = space.WithInput(c.size); err != nil {
			return nil, err
		}
	}
	if c.given["classes"] {
		return space.WithClasses(c.class)
	}
	return space, nil
}
