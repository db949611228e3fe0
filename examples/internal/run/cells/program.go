package cells

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

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
	// Waiting were to run, but need the record of another cell.
	Waiting []string `json:"waiting"`
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
	if p.Flags != nil {
		p.Flags(fs)
	}
	o.Data = map[string]*string{}
	for _, name := range slices.Sorted(maps.Keys(p.Data)) {
		o.Data[name] = fs.String(name, "", "place of "+p.Data[name])
	}
}

func check(_ *flag.FlagSet, o *Options) (err error) {
	if o.match, err = regexp.Compile(o.Run); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if o.Limit < 0 {
		return fmt.Errorf("-limit %v: expected 0 or more", o.Limit)
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
			if args, err := c.settings(r); err != nil {
				state += fmt.Sprintf(", now %v", err)
			} else if !slices.Equal(done.Args, args) {
				state += ", with other settings"
			}
		} else if _, err := c.settings(r); err != nil {
			state += fmt.Sprintf(", %v", err)
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
		args, err := c.settings(r)
		if errors.Is(err, ErrWaits) {
			j.Out.Printf("%s %v", c.Name, err)
			s.Waiting = append(s.Waiting, c.Name)
			continue
		}
		var done *Record[R]
		if err == nil {
			j.Out.Printf("== %s", c.Name)
			done, err = p.runCell(ctx, j, o, &c, args)
		}
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
func (p *Page[R]) runCell(ctx context.Context, j *run.Job, o *Options, c *Cell[R],
	args []string) (*Record[R], error) {
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
	result, err := c.Run(ctx, job, args, place)
	stop()
	if err != nil {
		return nil, err
	}
	r := newRecord(c, args, result)
	for _, s := range job.Clock.All() {
		r.Seconds += s
	}
	return r, nil
}
