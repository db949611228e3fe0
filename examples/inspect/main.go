// Command inspect says what package dataset would read of a path: the form, the part, classes with
// their numbers of images, the size, and what would be passed over and why.
//
//	go run ./examples/inspect -data photos
//	go run ./examples/inspect -part test -skip -data photos.zip
//
// -skip decodes all images, and lists those that are damaged. -json FILE writes the same as JSON.
// The exit code is 1 where the data cannot be opened; the message says why.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func main() { program().Main() }

// config is the command line.
type config struct {
	path string
	part string
	size int
	skip bool
}

func program() *run.Program[config, *dataset.Report] {
	return &run.Program[config, *dataset.Report]{Path: "examples/inspect", Flags: flags, Check: check,
		Work: work}
}

func flags(fs *flag.FlagSet, c *config) {
	fs.StringVar(&c.path, "data", "", "`path` to inspect")
	fs.StringVar(&c.part, "part", "", "train, val or test (empty: train where there are parts)")
	fs.IntVar(&c.size, "size", 0, "side that images would be scaled to, `pixels` (0: their own)")
	fs.BoolVar(&c.skip, "skip", false, "decode all images, and list those that cannot be read")
}

// check finds mistakes in the command line.
func check(_ *flag.FlagSet, c *config) error {
	if c.path == "" {
		return fmt.Errorf("-data is missing, expected a folder or a file")
	}
	switch dataset.Part(c.part) {
	case "", dataset.Train, dataset.Val, dataset.Test:
	default:
		return fmt.Errorf("-part %q, expected train, val or test", c.part)
	}
	if c.size < 0 {
		return fmt.Errorf("-size %d, expected 0 or more", c.size)
	}
	return nil
}

// work inspects and prints.
func work(ctx context.Context, j *run.Job, c *config) (*dataset.Report, error) {
	o := &dataset.Options{Part: dataset.Part(c.part), Size: c.size, Skip: c.skip}
	r, err := dataset.Inspect(ctx, c.path, o)
	if err != nil {
		return nil, err
	}
	return r, write(j.Out, r)
}

// write prints a report for people.
func write(w io.Writer, r *dataset.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "form\t%s\n", r.Form)
	if r.Part != "" {
		fmt.Fprintf(t, "part\t%s of %q\n", r.Part, r.Parts)
	}
	fmt.Fprintf(t, "size\t%d×%d\n", r.Size, r.Size)
	fmt.Fprintf(t, "images\t%d of %d classes\n", r.Images(), len(r.Classes))
	for i, name := range r.Classes {
		fmt.Fprintf(t, "  %s\t%d\n", name, r.Counts[i])
	}
	for _, p := range r.Passed {
		fmt.Fprintf(t, "passed over: %d %s\n", p.Count, p.Why)
		for i, name := range p.First {
			if len(p.Said) > 0 {
				name += ": " + p.Said[i]
			}
			fmt.Fprintf(t, "  %s\n", name)
		}
		if more := p.Count - len(p.First); more > 0 {
			fmt.Fprintf(t, "  and %d more\n", more)
		}
	}
	return t.Flush()
}
