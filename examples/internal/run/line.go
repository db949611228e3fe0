package run

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// line is a parsed command line.
type line[C any] struct {
	settings           C
	quick              bool
	out, json          string
	resume, plain, log bool
}

// parse reads a command line. The table behind the flags is that of the saved run when one is
// resumed, so that no setting needs to be given again; settings given all the same must agree with
// it.
func (p *Program[C, R]) parse(args []string, help io.Writer) (*line[C], error) {
	l, _, err := p.pass(args, p.defaults(), true, help)
	if err != nil {
		return nil, err
	}
	if l.resume && l.out == "" {
		return nil, errors.New("-resume needs -out, the folder of the run")
	}
	if err := checkFolder(l.out); err != nil {
		return nil, &folderError{fmt.Errorf("-out: %w", err)}
	}
	var saved *saved
	if l.resume {
		if saved, err = readSaved(l.out); err != nil {
			return nil, &folderError{err}
		}
	}
	base := p.table(l)
	if saved != nil {
		if err := saved.of(p.name()); err != nil {
			return nil, &folderError{fmt.Errorf("%s %w", l.out, err)}
		}
		if err := json.Unmarshal(saved.Settings, &base); err != nil {
			return nil, &folderError{fmt.Errorf("%s is damaged: %w", filepath.Join(l.out, settingsFile), err)}
		}
	}
	l, fs, err := p.pass(args, base, true, io.Discard)
	if err != nil {
		return nil, err
	}
	l.quick = l.quick || saved != nil && saved.Quick
	if l.json != "" && l.json != "-" {
		if info, err := os.Stat(filepath.Dir(l.json)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("-json %s: no such directory", l.json)
		}
	}
	return l, p.check(fs, l)
}

// settle reads a command line of the program's own flags.
func (p *Program[C, R]) settle(args []string) (*line[C], error) {
	l, fs, err := p.pass(args, p.defaults(), false, io.Discard)
	if err == nil {
		l, fs, err = p.pass(args, p.table(l), false, io.Discard)
	}
	if err != nil {
		return &line[C]{}, err
	}
	return l, p.check(fs, l)
}

func (p *Program[C, R]) defaults() (c C) {
	if p.Defaults != nil {
		c = p.Defaults()
	}
	return c
}

// table is the one behind a command line, which has been parsed over the defaults.
func (p *Program[C, R]) table(l *line[C]) C {
	c := p.defaults()
	if l.quick {
		p.Quick(&c)
	}
	if p.Suit != nil {
		p.Suit(&c, l.settings, l.quick)
	}
	return c
}

func (p *Program[C, R]) check(fs *flag.FlagSet, l *line[C]) error {
	if p.Check == nil {
		return nil
	}
	return p.Check(fs, &l.settings)
}

// pass parses the flags over a table of settings; common adds those that all programs have. The
// list of flags goes to help.
func (p *Program[C, R]) pass(args []string, base C, common bool,
	help io.Writer) (*line[C], *flag.FlagSet, error) {
	l := &line[C]{settings: base}
	fs := flag.NewFlagSet(p.name(), flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, and the list of flags is too long to go with each
	fs.Usage = func() {}
	if p.Quick != nil {
		fs.BoolVar(&l.quick, "quick", false,
			"everything once, in under a minute, with a table of small settings")
	}
	if p.Flags != nil {
		p.Flags(fs, &l.settings)
	}
	if common {
		l.bind(fs, p.Keeps, p.Out)
	}
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(help)
		fmt.Fprintf(help, "Flags of %s:\n", p.name())
		fs.PrintDefaults()
		return nil, nil, err
	} else if err != nil {
		return nil, nil, err
	}
	if fs.NArg() > 0 {
		return nil, nil, fmt.Errorf("unexpected argument %q: every setting is a flag", fs.Arg(0))
	}
	return l, fs, checkFinite(fs)
}

// checkFinite reports a flag whose number is none: package flag reads "NaN" and "Inf" as well.
func checkFinite(fs *flag.FlagSet) (err error) {
	fs.Visit(func(f *flag.Flag) {
		if g, ok := f.Value.(flag.Getter); ok && err == nil {
			if v, ok := g.Get().(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
				err = fmt.Errorf("-%s %v: expected a finite number", f.Name, v)
			}
		}
	})
	return err
}

// checkFolder reports a path that is, or leads through, something other than a folder.
func checkFolder(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is a file, expected a folder", path)
	}
	return nil
}

// bind adds the flags that all programs have.
func (l *line[C]) bind(fs *flag.FlagSet, keeps Keeping, out string) {
	switch keeps {
	case Files:
		fs.StringVar(&l.out, "out", out, "`folder` to write to")
	case State:
		fs.StringVar(&l.out, "out", out,
			"`folder` for the state of the run, what it made and pictures (empty: none)")
		fs.BoolVar(&l.resume, "resume", false, "go on with the run in -out, if there is one")
	}
	fs.StringVar(&l.json, "json", "",
		"`file` for the results as JSON (-: standard output, everything else goes to standard error)")
	fs.BoolVar(&l.plain, "plain", false, "plain lines instead of a progress bar, on a terminal too")
	fs.BoolVar(&l.log, "v", false, "log what the packages do")
}
