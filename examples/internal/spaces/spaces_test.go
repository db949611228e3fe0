package spaces

import (
	"flag"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func parse(t *testing.T, args ...string) (*Flags, error) {
	t.Helper()
	var f Flags
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	f.Register(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &f, f.Check(fs)
}

// TestEverySpace: every name opens a space of the wanted size and classes.
func TestEverySpace(t *testing.T) {
	for _, name := range Names() {
		f, err := parse(t, "-space", name, "-size", "64", "-classes", "7")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, err := f.Open()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.InputSize() != 64 || s.Classes() != 7 {
			t.Errorf("%s: %d pixels, %d classes, expected 64 and 7", name, s.InputSize(), s.Classes())
		}
		f, err = parse(t, "-space", name)
		if err != nil {
			t.Fatal(err)
		}
		if own, err := f.Open(); err != nil || own.Classes() == 7 || own.InputSize() == 64 {
			t.Errorf("%s: without flags %v, error %v", name, own, err)
		}
	}
}

// lowered is a network of the space that a command line names.
func lowered(t *testing.T, of func(*searchspace.Space) searchspace.Arch, args ...string) *searchspace.Graph {
	t.Helper()
	f, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.Lower(of(s))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWidthAndStem(t *testing.T) {
	g := lowered(t, (*searchspace.Space).Smallest, "-width", "0.5", "-stem-stride", "1")
	if stem := g.Nodes[1]; stem.Stride != 1 || stem.Out.C != 8 {
		t.Errorf("first convolution has stride %d and %d channels, expected 1 and 8", stem.Stride, stem.Out.C)
	}
}

// The stem of ET-NAS shrinks images to a quarter, unless the flag says otherwise.
func TestStemOfETNAS(t *testing.T) {
	for want, args := range map[int][]string{56: nil, 112: {"-stem-stride", "2"}, 224: {"-stem-stride", "1"}} {
		g := lowered(t, (*searchspace.Space).Smallest, append(args, "-space", "etnas")...)
		first := slices.IndexFunc(g.Nodes, func(n searchspace.Node) bool { return n.Block != "" })
		if got := g.Nodes[first].In.H; got != want {
			t.Errorf("%v: blocks begin with %d pixels, expected %d", args, got, want)
		}
	}
}

// Spaces for small images have a width and a stem of their own, unless flags say otherwise.
func TestOwnDefaults(t *testing.T) {
	for _, name := range []string{"vgg", "resnet", "mobilenet", "shufflenet", "regnet"} {
		var params [2]int64
		for i, args := range [][]string{nil, {"-width", "1", "-stem-stride", "2"}} {
			g := lowered(t, (*searchspace.Space).Largest, append(args, "-space", name)...)
			if stride := g.Nodes[1].Stride; stride != i+1 {
				t.Errorf("%s: stem stride %d, expected %d", name, stride, i+1)
			}
			params[i] = g.Cost().Params
		}
		if params[0] > 2e6 || params[1] <= params[0] {
			t.Errorf("%s: %d parameters by default and %d with width 1", name, params[0], params[1])
		}
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		`space "none", expected one of`:      {"-space", "none"},
		"space etnas has no -width":          {"-space", "etnas", "-width", "2"},
		"space resnet50 has no -stem-stride": {"-space", "resnet50", "-stem-stride", "1"},
		"space mobilenetv3 has no -se":       {"-se"},
		"-width -1: expected":                {"-width", "-1"},
		"-size -3: expected":                 {"-size", "-3"},
		"-classes -1: expected":              {"-classes", "-1"},
		"-stem-stride 3: expected":           {"-stem-stride", "3"},
	} {
		if _, err := parse(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, expected one with %q", args, err, want)
		}
	}
	if _, err := (&Flags{Name: "none"}).Open(); err == nil {
		t.Error("a space without a name opens")
	}
}
