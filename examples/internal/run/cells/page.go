package cells

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"text/template"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Page is a page of results.
type Page[R any] struct {
	Path  string    // of its program, "examples/adaxpert/results"
	Name  string    // of the page: docs/results/NAME.md, and docs/results/NAME for the records
	Cells []Cell[R] // in the order of the page
	// Data are the data sets that are not embedded: the name of the flag that says where one lies,
	// and what it is.
	Data map[string]string
	// Flags adds flags of this page's program, which decide no result; nil = none.
	Flags    func(fs *flag.FlagSet)
	Template string // text/template of the page
	// Functions are called by the template, beside done, machines and commands.
	Functions func(r *Results[R]) template.FuncMap
}

// write writes the page from the finished cells.
func (p *Page[R]) write(path string, r *Results[R]) error {
	text, err := p.Render(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(path, text)
}

// Render is the text of the page.
func (p *Page[R]) Render(r *Results[R]) ([]byte, error) {
	t := template.New(p.Name).Funcs(template.FuncMap{"done": r.Done, "machines": r.Machines,
		"commands": r.Commands})
	if p.Functions != nil {
		t.Funcs(p.Functions(r))
	}
	if _, err := t.Parse(p.Template); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := t.Execute(&buf, nil); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
