package cells

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"text/template"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Cell is one experiment. R is what its record holds.
type Cell[R any] struct {
	Name string   // unique, the name of its file; "ours-3" is seed 3 of "ours"
	Data string   // the data set that it needs, by its name in Page.Data; "" = none
	Args []string // its settings, as flags
	// Command, with Args behind it, repeats the cell by hand: "go run ./examples/adaxpert"; "" =
	// the page's program.
	Command string
	// Run does it: what it has finished is kept in the job, where the next try finds it. place is
	// where the data set lies.
	Run func(ctx context.Context, j *run.Job, place string) (R, error)
}

// Page is a page of results.
type Page[R any] struct {
	Path  string    // of its program, "examples/adaxpert/results"
	Name  string    // of the page: docs/results/NAME.md, and docs/results/NAME for the records
	Cells []Cell[R] // in the order of the page
	// Data are the data sets that are not embedded: the name of the flag that says where one lies,
	// and what it is.
	Data     map[string]string
	Template string // text/template of the page
	// Functions are called by the template, beside done, machines and commands.
	Functions func(r *Results[R]) template.FuncMap
}

// Options are the command line of a page.
type Options struct {
	Dir   string             `json:"dir"`
	Page  string             `json:"page"`
	Work  string             `json:"work"`
	Run   string             `json:"run"`
	Again bool               `json:"again"`
	List  bool               `json:"list"`
	Limit time.Duration      `json:"limit"`
	Data  map[string]*string `json:"data"`
	match *regexp.Regexp
}

// Summary is what the program of a page did.
type Summary struct {
	Cells int      `json:"cells"`
	Done  []string `json:"done"`
	Run   []string `json:"run"` // of them, by this start
}

// Program is the program that runs the cells and writes the page.
func (p *Page[R]) Program() *run.Program[Options, *Summary] {
	return &run.Program[Options, *Summary]{Path: p.Path, Flags: p.flags, Check: check, Work: p.work,
		GoOn: func(*Options) string { return "the same command goes on" }}
}

func (p *Page[R]) flags(fs *flag.FlagSet, o *Options) {
	fs.StringVar(&o.Dir, "dir", filepath.Join("docs", "results", p.Name), "`folder` of the cells' results")
	fs.StringVar(&o.Page, "page", filepath.Join("docs", "results", p.Name+".md"), "page to write")
	fs.StringVar(&o.Work, "work", filepath.Join(os.TempDir(), "tendril-results", p.Name),
		"`folder` for the state of unfinished cells")
	fs.StringVar(&o.Run, "run", "", "run the missing cells whose name matches this regular `expression`")
	fs.BoolVar(&o.Again, "again", false, "run cells that are done as well")
	fs.BoolVar(&o.List, "list", false, "list the cells and stop")
	fs.DurationVar(&o.Limit, "limit", 0,
		"stop a cell after this long; it goes on the next time (0: no limit)")
	o.Data = map[string]*string{}
	for _, name := range slices.Sorted(maps.Keys(p.Data)) {
		o.Data[name] = fs.String(name, "", "place of "+p.Data[name])
	}
}

func check(_ *flag.FlagSet, o *Options) (err error) {
	if o.match, err = regexp.Compile(o.Run); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	return nil
}

func (p *Page[R]) work(ctx context.Context, j *run.Job, o *Options) (*Summary, error) {
	s := &Summary{Cells: len(p.Cells)}
	r, err := p.Read(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.List {
		p.list(j, r)
	} else if err = p.runMatching(ctx, j, o, r, s); ctx.Err() == nil {
		err = errors.Join(err, p.write(o.Page, r))
	}
	for _, c := range p.Cells {
		if r.Get(c.Name) != nil {
			s.Done = append(s.Done, c.Name)
		}
	}
	return s, err
}

func (p *Page[R]) list(j *run.Job, r *Results[R]) {
	for _, c := range p.Cells {
		state := NotRun
		if done := r.Get(c.Name); done != nil {
			state = fmt.Sprintf("done in %.0f s", done.Seconds)
			if !slices.Equal(done.Args, c.Args) {
				state += ", with other settings"
			}
		}
		j.Out.Printf("%-28s %s", c.Name, state)
	}
}

// runMatching runs the cells that the command line asks for. One that fails does not stop the
// others.
func (p *Page[R]) runMatching(ctx context.Context, j *run.Job, o *Options, r *Results[R],
	s *Summary) (failed error) {
	for _, c := range p.Cells {
		if o.Run == "" || !o.match.MatchString(c.Name) || r.Get(c.Name) != nil && !o.Again {
			continue
		}
		j.Out.Printf("== %s", c.Name)
		done, err := p.runCell(ctx, j, o, &c)
		if err == nil {
			if err = writeRecord(o.Dir, done); err == nil {
				err = os.RemoveAll(stateDir(o, &c))
			}
		}
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if err != nil {
			j.Out.Printf("%s: %v", c.Name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", c.Name, err))
			continue
		}
		r.records[c.Name] = done
		s.Run = append(s.Run, c.Name)
	}
	return failed
}

func stateDir[R any](o *Options, c *Cell[R]) string { return filepath.Join(o.Work, c.Name) }

// runCell runs one cell to its end, or as far as the time limit lets it.
func (p *Page[R]) runCell(ctx context.Context, j *run.Job, o *Options, c *Cell[R]) (*Record[R], error) {
	var place string
	if c.Data != "" {
		if place = *o.Data[c.Data]; place == "" {
			return nil, fmt.Errorf("needs -%s, the place of %s", c.Data, p.Data[c.Data])
		}
	}
	if o.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Limit)
		defer cancel()
	}
	job := run.NewJob(stateDir(o, c), j.Out, j.Log)
	stop := job.Clock.Start("beside phases")
	result, err := c.Run(ctx, job, place)
	stop()
	if err != nil {
		return nil, err
	}
	r := newRecord(c, result)
	for _, s := range job.Clock.All() {
		r.Seconds += s
	}
	return r, nil
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
