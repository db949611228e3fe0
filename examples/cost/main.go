// Command cost counts what architectures of a search space need: multiply-adds, those of
// convolutions alone, and parameters.
//
//	go run ./examples/cost -space mobilenetv3 -arch '4,3,3,3,3:3,5,…:6,6,…' -size 224 -classes 1000
//
// prints one line "madds=… conv_madds=… params=…". Without -arch it reads architectures from
// standard input, one per line, and prints one line each. -layers adds a table of the layers, -svg
// FILE draws the architectures.
//
//	go run ./examples/cost -list
//	go run ./examples/cost -model ET-NAS-A
//
// print the published networks with their reported figures beside our counts, and the costs of one
// of them.
package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/spaces"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

func main() { program().Main() }

// config is the command line.
type config struct {
	space  spaces.Flags
	arch   string
	model  string
	list   bool
	layers bool
	memory bool
	svg    string
}

func program() *run.Program[config, []counted] {
	return &run.Program[config, []counted]{Path: "examples/cost", Flags: flags, Check: check, Work: work}
}

func flags(fs *flag.FlagSet, c *config) {
	c.space.Register(fs)
	fs.StringVar(&c.arch, "arch", "",
		"architecture `text`; without it architectures are read from standard input")
	fs.StringVar(&c.model, "model", "", "published `network` instead of an architecture text, see -list")
	fs.BoolVar(&c.list, "list", false, "list the published networks")
	fs.BoolVar(&c.layers, "layers", false, "print a table of the layers as well")
	fs.BoolVar(&c.memory, "memory", false,
		"print the activation memory as well (bytes per image, training and inference)")
	fs.StringVar(&c.svg, "svg", "", "draw the architectures into this `file`")
}

// work prints what the command line asks for.
func work(_ context.Context, j *run.Job, c *config) ([]counted, error) {
	out := bufio.NewWriter(j.Out)
	p := &printer{config: c, out: out}
	var err error
	switch {
	case c.list:
		err = p.list()
	case c.model != "":
		err = p.countModel()
	default:
		err = p.count(j.In)
	}
	return p.found, cmp.Or(err, out.Flush())
}

// counted is a network and what it needs, as -json writes it.
type counted struct {
	Name            string `json:"name"` // architecture text or model
	MAdds           int64  `json:"madds"`
	ConvMAdds       int64  `json:"conv_madds"`
	Params          int64  `json:"params"`
	ActivationTrain int64  `json:"activation_train"` // bytes per image
	ActivationInfer int64  `json:"activation_infer"`
}

// printer prints the costs of networks and remembers them.
type printer struct {
	*config
	out   io.Writer
	found []counted
}

// check finds mistakes in the command line.
func check(fs *flag.FlagSet, c *config) error {
	if err := c.space.Check(fs); err != nil {
		return err
	}
	if c.model != "" {
		for _, name := range []string{"space", "arch", "width", "stem-stride", "se"} {
			if c.space.Given[name] {
				return fmt.Errorf("-%s does not go with -model", name)
			}
		}
	}
	return nil
}

// count prints the costs of the -arch architecture or of those on stdin.
func (p *printer) count(stdin io.Reader) error {
	space, err := p.space.Open()
	if err != nil {
		return err
	}
	var drawn []searchspace.Arch
	if p.space.Given["arch"] {
		a, err := p.one(space, p.arch)
		if err != nil {
			return err
		}
		drawn = append(drawn, a)
	} else {
		lines := bufio.NewScanner(stdin)
		lines.Buffer(nil, 1<<20)
		n := 0
		for lines.Scan() {
			n++
			text := strings.TrimSpace(lines.Text())
			if text == "" {
				continue
			}
			a, err := p.one(space, text)
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			drawn = append(drawn, a)
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("line %d of standard input: %w", n+1, err)
		}
	}
	if p.svg == "" || len(drawn) == 0 {
		return nil
	}
	return draw(p.svg, space, drawn)
}

// one prints the costs of one architecture.
func (p *printer) one(space *searchspace.Space, text string) (searchspace.Arch, error) {
	a, err := space.Parse(text)
	if err != nil {
		return a, err
	}
	g, err := space.Lower(a)
	if err != nil {
		return a, err
	}
	return a, p.print(text, g)
}

func (p *printer) note(name string, k searchspace.Cost) {
	p.found = append(p.found, counted{name, k.MAdds, k.ConvMAdds, k.Params, k.ActivationTrain,
		k.ActivationInfer})
}

// print writes the line, and the table if it is wanted.
func (p *printer) print(name string, g *searchspace.Graph) error {
	k := g.Cost()
	p.note(name, k)
	fmt.Fprintf(p.out, "madds=%d conv_madds=%d params=%d", k.MAdds, k.ConvMAdds, k.Params)
	if p.memory {
		fmt.Fprintf(p.out, " activation_train=%d activation_infer=%d", k.ActivationTrain, k.ActivationInfer)
	}
	fmt.Fprintln(p.out)
	if !p.layers {
		return nil
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "layer\tkind\tin\tout\tmadds\tparams")
	for _, l := range g.Layers() {
		fmt.Fprintf(table, "%s\t%s\t%v\t%v\t%d\t%d\n", l.Name, l.Kind, l.In, l.Out, l.MAdds, l.Params)
	}
	return table.Flush()
}

// draw writes the picture of the architectures.
func draw(name string, space *searchspace.Space, archs []searchspace.Arch) error {
	return checkpoint.WriteFileAtomic(name, func(w io.Writer) error {
		return searchspace.WriteSVG(w, space, archs...)
	})
}
