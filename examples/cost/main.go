// Command cost counts what architectures of a search space need: multiply-adds,
// those of convolutions alone, and parameters.
//
//	go run ./examples/cost -space mobilenetv3 -arch '4,3,3,3,3:3,5,…:6,6,…' -size 224 -classes 1000
//
// prints one line "madds=… conv_madds=… params=…". Without -arch it reads
// architectures from standard input, one per line, and prints one line each.
// -layers adds a table of the layers, -svg FILE draws the architectures.
//
//	go run ./examples/cost -list
//	go run ./examples/cost -model ET-NAS-A
//
// print the published networks with their reported figures beside our counts,
// and the costs of one of them.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/examples/internal/spaces"
	"github.com/tendril-nas/tendril/searchspace"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

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

// run is main with everything it touches as arguments; it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c config
	fs := flag.NewFlagSet("cost", flag.ContinueOnError)
	fs.SetOutput(stderr)
	c.space.Register(fs)
	fs.StringVar(&c.arch, "arch", "", "architecture `text`; without it architectures are read from standard input")
	fs.StringVar(&c.model, "model", "", "published `network` instead of an architecture text, see -list")
	fs.BoolVar(&c.list, "list", false, "list the published networks")
	fs.BoolVar(&c.layers, "layers", false, "print a table of the layers as well")
	fs.BoolVar(&c.memory, "memory", false, "print the activation memory as well (bytes per image, training and inference)")
	fs.StringVar(&c.svg, "svg", "", "draw the architectures into this `file`")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if err := c.check(fs); err != nil {
		fmt.Fprintln(stderr, "cost:", err)
		return 2
	}
	out := bufio.NewWriter(stdout)
	var err error
	switch {
	case c.list:
		err = list(out)
	case c.model != "":
		err = c.countModel(out)
	default:
		err = c.count(stdin, out)
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		fmt.Fprintln(stderr, "cost:", err)
		return 1
	}
	return 0
}

// check finds mistakes in the command line.
func (c *config) check(fs *flag.FlagSet) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("argument %q, expected only flags", fs.Arg(0))
	}
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
func (c *config) count(stdin io.Reader, out io.Writer) error {
	space, err := c.space.Open()
	if err != nil {
		return err
	}
	var drawn []searchspace.Arch
	if c.space.Given["arch"] {
		a, err := c.one(space, c.arch, out)
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
			a, err := c.one(space, text, out)
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			drawn = append(drawn, a)
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("line %d of standard input: %w", n+1, err)
		}
	}
	if c.svg == "" || len(drawn) == 0 {
		return nil
	}
	return draw(c.svg, space, drawn)
}

// one prints the costs of one architecture.
func (c *config) one(space *searchspace.Space, text string, out io.Writer) (searchspace.Arch, error) {
	a, err := space.Parse(text)
	if err != nil {
		return a, err
	}
	g, err := space.Lower(a)
	if err != nil {
		return a, err
	}
	return a, c.print(g, out)
}

// print writes the line, and the table if it is wanted.
func (c *config) print(g *searchspace.Graph, out io.Writer) error {
	k := g.Cost()
	fmt.Fprintf(out, "madds=%d conv_madds=%d params=%d", k.MAdds, k.ConvMAdds, k.Params)
	if c.memory {
		fmt.Fprintf(out, " activation_train=%d activation_infer=%d", k.ActivationTrain, k.ActivationInfer)
	}
	fmt.Fprintln(out)
	if !c.layers {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "layer\tkind\tin\tout\tmadds\tparams")
	for _, l := range g.Layers() {
		fmt.Fprintf(table, "%s\t%s\t%v\t%v\t%d\t%d\n", l.Name, l.Kind, l.In, l.Out, l.MAdds, l.Params)
	}
	return table.Flush()
}

// draw writes the picture of the architectures.
func draw(name string, space *searchspace.Space, archs []searchspace.Arch) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := searchspace.WriteSVG(f, space, archs...); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
