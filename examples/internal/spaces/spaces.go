// Package spaces lets programs name a search space on the command line.
package spaces

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// Flags is a search space as the command line describes it. Register, parse, then Check; Open makes
// the space.
type Flags struct {
	Name    string
	Width   float64
	Size    int // pixels; used when Given has "size"
	Classes int // used when Given has "classes"
	Stem    int
	SE      bool
	Given   map[string]bool // flags on the command line, of all the program's
}

// Register adds the flags, with their defaults.
func (f *Flags) Register(fs *flag.FlagSet) {
	fs.StringVar(&f.Name, "space", "mobilenetv3", "search `space`: "+strings.Join(Names(), ", "))
	fs.IntVar(&f.Size, "size", 0, "image size in `pixels` (default the space's own, usually 224)")
	fs.IntVar(&f.Classes, "classes", 0, "`number` of classes (default the space's own, usually 1000)")
	fs.Float64Var(&f.Width, "width", 1, "width `multiplier`, for spaces that have one")
	fs.IntVar(&f.Stem, "stem-stride", 2,
		"`stride` of the first convolution, 1 or 2, for spaces that have one")
	fs.BoolVar(&f.SE, "se", false, "squeeze-and-excitation candidates as well, for the danas spaces")
}

// Check notes which flags a parsed command line has and finds mistakes among those of the space.
func (f *Flags) Check(fs *flag.FlagSet) error {
	f.Given = map[string]bool{}
	fs.Visit(func(g *flag.Flag) { f.Given[g.Name] = true })
	k, ok := find(f.Name)
	if !ok {
		return fmt.Errorf("space %q, expected one of %s", f.Name, strings.Join(Names(), ", "))
	}
	for _, name := range []string{"width", "stem-stride", "se"} {
		if f.changed(name) && !slices.Contains(k.flags, name) {
			return fmt.Errorf("space %s has no -%s", f.Name, name)
		}
	}
	switch {
	case f.Given["size"] && f.Size < 1:
		return fmt.Errorf("-size %d: expected at least 1", f.Size)
	case f.Given["classes"] && f.Classes < 1:
		return fmt.Errorf("-classes %d: expected at least 1", f.Classes)
	case !(f.Width > 0):
		return fmt.Errorf("-width %v: expected a number above 0", f.Width)
	case f.Stem < 1 || f.Stem > 2:
		return fmt.Errorf("-stem-stride %d: expected 1 or 2", f.Stem)
	}
	return nil
}

func (f *Flags) changed(name string) bool {
	switch name {
	case "width":
		return f.Width != 1
	case "stem-stride":
		return f.Stem != 2
	}
	return f.SE
}

// Open makes the space.
func (f *Flags) Open() (*searchspace.Space, error) {
	k, ok := find(f.Name)
	if !ok {
		return nil, fmt.Errorf("space %q, expected one of %s", f.Name, strings.Join(Names(), ", "))
	}
	space, err := k.make(f)
	if err != nil {
		return nil, err
	}
	return f.Resize(space)
}

// Resize applies -size and -classes to a space.
func (f *Flags) Resize(space *searchspace.Space) (*searchspace.Space, error) {
	var err error
	if f.Given["size"] {
		if space, err = space.WithInput(f.Size); err != nil {
			return nil, err
		}
	}
	if f.Given["classes"] {
		return space.WithClasses(f.Classes)
	}
	return space, nil
}

// Names lists what -space accepts.
func Names() []string {
	var out []string
	for _, s := range known() {
		out = append(out, s.name)
	}
	return out
}

// family is a space that -space can name.
type family struct {
	name  string
	make  func(f *Flags) (*searchspace.Space, error)
	flags []string // those that not all spaces have
}

func find(name string) (family, bool) {
	for _, s := range known() {
		if s.name == name {
			return s, true
		}
	}
	return family{}, false
}

func known() []family {
	scaled := []string{"width", "stem-stride"}
	return []family{
		{"mobilenetv3", func(f *Flags) (*searchspace.Space, error) {
			return searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: f.Width, StemStride: f.Stem})
		}, scaled},
		{"proxylessnas", func(f *Flags) (*searchspace.Space, error) {
			return searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{Width: f.Width,
				StemStride: f.Stem})
		}, scaled},
		{"efficientnetlite", func(f *Flags) (*searchspace.Space, error) {
			return searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: f.Width,
				StemStride: f.Stem})
		}, scaled},
		{"resnet50", func(*Flags) (*searchspace.Space, error) {
			return searchspace.ResNet50(searchspace.ResNet50Options{})
		}, nil},
		{"etnas", func(f *Flags) (*searchspace.Space, error) {
			_, stem := f.own()
			return searchspace.ETNAS(searchspace.ETNASOptions{StemStride: stem})
		}, scaled[1:]},
		{"eatnas", func(*Flags) (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{})
		}, nil},
		{"eatnas-cifar", func(*Flags) (*searchspace.Space, error) {
			return searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true})
		}, nil},
		net("vgg", searchspace.VGG),
		net("resnet", searchspace.ResNet),
		net("mobilenet", searchspace.MobileNet),
		net("shufflenet", searchspace.ShuffleNet),
		{"regnet", func(f *Flags) (*searchspace.Space, error) {
			width, stem := f.own()
			return searchspace.RegNet(searchspace.RegNetOptions{Width: width, StemStride: stem})
		}, scaled},
		danas(searchspace.DANASMobile),
		danas(searchspace.DANASMobilePlus),
		danas(searchspace.DANASShuffle),
		danas(searchspace.DANASShufflePlus),
		danas(searchspace.DANASShuffleMobile),
	}
}

func danas(v searchspace.DANASVariant) family {
	return family{"danas-" + string(v), func(f *Flags) (*searchspace.Space, error) {
		return searchspace.DANAS(searchspace.DANASOptions{Variant: v, SE: f.SE, Width: f.Width,
			StemStride: f.Stem})
	}, []string{"width", "stem-stride", "se"}}
}

// net is a family of small networks.
func net(name string, open func(searchspace.NetOptions) (*searchspace.Space, error)) family {
	return family{name, func(f *Flags) (*searchspace.Space, error) {
		width, stem := f.own()
		return open(searchspace.NetOptions{Width: width, StemStride: stem})
	}, []string{"width", "stem-stride"}}
}

// own is width and stem where they are on the command line, else 0, for spaces with defaults of
// their own.
func (f *Flags) own() (width float64, stem int) {
	if f.Given["width"] {
		width = f.Width
	}
	if f.Given["stem-stride"] {
		stem = f.Stem
	}
	return width, stem
}
