// Command results runs the experiments behind docs/results/adaxpert.md, one cell at a time, and writes that page.
//
//	go run ./examples/adaxpert/results -list                        # the cells, and which are done
//	go run ./examples/adaxpert/results -run 'fashion-.*'            # runs the missing ones that match, then writes the page
//	go run ./examples/adaxpert/results -run cifar -cifar DIR        # cells on other data need its place
//	go run ./examples/adaxpert/results                              # only writes the page
//
// Every finished cell is one JSON file in docs/results/adaxpert; a cell whose file is there is not run again. A cell that was stopped
// goes on from the state in the directory -work. Cells that were not run are marked so on the page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

// settings of the command line.
type settings struct {
	dir, page, work string
	pattern         string
	list, plain     bool
	limit           time.Duration
	data            map[string]*string // by name of the data set
	again           bool
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{data: map[string]*string{}}
	fs := flag.NewFlagSet("results", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&s.dir, "dir", filepath.Join("docs", "results", "adaxpert"), "directory of the cells' results")
	fs.StringVar(&s.page, "page", filepath.Join("docs", "results", "adaxpert.md"), "page to write")
	fs.StringVar(&s.work, "work", filepath.Join(os.TempDir(), "tendril-results"), "directory for the state of unfinished cells")
	fs.StringVar(&s.pattern, "run", "", "run the missing cells whose name matches this regular expression")
	fs.BoolVar(&s.again, "again", false, "run cells that are done as well")
	fs.BoolVar(&s.list, "list", false, "list the cells and stop")
	fs.BoolVar(&s.plain, "plain", false, "plain lines instead of a progress bar")
	fs.DurationVar(&s.limit, "limit", 0, "stop a cell after this long; it goes on the next time (0: no limit)")
	for name, d := range dataSets() {
		s.data[name] = fs.String(name, "", "place of "+d)
	}
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	match, err := regexp.Compile(s.pattern)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	records, err := readRecords(s.dir)
	if err != nil {
		return err
	}
	if s.list {
		for _, c := range cells() {
			state := "not run"
			if r, ok := records[c.name]; ok {
				state = fmt.Sprintf("done in %.0f s", r.Seconds)
			}
			fmt.Fprintf(stdout, "%-28s %s\n", c.name, state)
		}
		return nil
	}
	out := progress.New(stdout, &progress.Options{Plain: s.plain})
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var failed error
	for _, c := range cells() {
		if _, done := records[c.name]; s.pattern == "" || !match.MatchString(c.name) || done && !s.again {
			continue
		}
		out.Printf("== %s", c.name)
		r, err := s.runCell(ctx, c, out, log)
		if err != nil {
			out.Printf("%s: %v", c.name, err)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failed = errors.Join(failed, fmt.Errorf("%s: %w", c.name, err))
			continue
		}
		records[c.name] = r
		if err := writeRecord(s.dir, r); err != nil {
			return err
		}
		if err := os.RemoveAll(s.stateDir(c)); err != nil {
			return err
		}
	}
	page, err := render(records)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.page), 0o755); err != nil {
		return err
	}
	return errors.Join(failed, checkpoint.WriteBytesAtomic(s.page, page))
}
