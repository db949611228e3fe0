package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
)

// Program is one program. C is its settings: a struct whose JSON is compared when a run goes on, so
// that everything that decides a result has a name there, and whatever does not is tagged "-". R is
// what it found, as -json writes it.
type Program[C, R any] struct {
	// Path is where the package lies, "examples/adaxpert"; its last element names the program in
	// messages.
	Path string
	// Defaults returns the table of settings behind a command line. Nil means the zero value.
	Defaults func() C
	// Quick changes the table to the one behind -quick. Nil means that there is none, and no such
	// flag.
	Quick func(c *C)
	// Suit changes the table to one that suits what the flags, parsed over it, have given; what
	// they give stands in any case. Nil means that tables do not depend on flags.
	Suit func(c *C, given C, quick bool)
	// Flags adds the flags that set fields of c; their present values are the defaults.
	Flags func(fs *flag.FlagSet, c *C)
	// Check reports the first setting that makes no sense and may complete others (paths made
	// absolute). fs has been parsed.
	Check func(fs *flag.FlagSet, c *C) error
	// Keeps says what -out is for.
	Keeps Keeping
	// Out is the default of -out.
	Out string
	// GoOn says how a stopped run goes on, for programs that keep their state otherwise than in
	// -out.
	GoOn func(c *C) string
	// Work does everything. It ends with an error that wraps the context's when that ends.
	Work func(ctx context.Context, j *Job, c *C) (R, error)
}

// Keeping is what a program does with -out.
type Keeping int

const (
	Nothing Keeping = iota // there is no -out
	Files                  // results are written into the folder
	State                  // the folder holds the state of the run too, and -resume goes on with it
)

// Exit codes. A program that a signal stopped ends with 128 and the signal's number, as shells have
// it.
const (
	ExitOK          = 0
	ExitError       = 1
	ExitUsage       = 2
	ExitInterrupted = 130 // Ctrl-C
	ExitTerminated  = 143 // SIGTERM
)

// Streams are what a program reads and writes beside files.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main is the body of func main: it runs the program with the command line of the process and
// exits.
func (p *Program[C, R]) Main() {
	ctx, stop := Signals(context.Background())
	code := p.Start(ctx, os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// Start runs the program and returns its exit code.
func (p *Program[C, R]) Start(ctx context.Context, args []string, s Streams) int {
	fail := func(code int, err error) int {
		fmt.Fprintf(s.Err, "%s: %v\n", p.name(), err)
		return code
	}
	l, err := p.parse(args, s.Out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return ExitOK
	case errors.As(err, new(*folderError)):
		return fail(ExitError, err)
	case err != nil:
		return fail(ExitUsage, err)
	}
	j, err := p.job(l, s)
	if err != nil {
		return fail(ExitError, err)
	}
	found, err := p.Work(ctx, j, &l.settings)
	j.Out.Close()
	err = errors.Join(err, j.close(err == nil))
	if code, stopped := stoppedBy(ctx, err); stopped {
		fmt.Fprintf(s.Err, "%s: stopped%s\n", p.name(), p.hint(l))
		return code
	}
	if err == nil {
		err = writeJSON(l.json, found, s.Out)
	}
	if err != nil {
		return fail(ExitError, err)
	}
	return ExitOK
}

// Call runs the program inside another one: settings as on a command line, what is kept in the
// folder of j, going on with what is there. A folder of other settings is refused.
func (p *Program[C, R]) Call(ctx context.Context, j *Job, args []string) (R, error) {
	var none R
	if err := j.lock(); err != nil {
		return none, err
	}
	c, err := p.Prepare(j, args)
	if err != nil {
		return none, errors.Join(err, j.release())
	}
	found, err := p.Work(ctx, j, &c)
	return found, errors.Join(err, j.close(err == nil))
}

// Prepare is Call without the work: it makes j the job of a run of these settings, for other work
// than the program's on them.
func (p *Program[C, R]) Prepare(j *Job, args []string) (C, error) {
	l, err := p.settle(args)
	if err != nil {
		return l.settings, err
	}
	return l.settings, j.adopt(p.saved(l))
}

// Settings are what a command line of the program's own flags says, checked.
func (p *Program[C, R]) Settings(args []string) (C, error) {
	l, err := p.settle(args)
	return l.settings, err
}

func (p *Program[C, R]) name() string { return path.Base(p.Path) }

// hint says how a stopped run goes on.
func (p *Program[C, R]) hint(l *line[C]) string {
	if p.GoOn != nil {
		return "; " + p.GoOn(&l.settings)
	}
	if p.Keeps != State || l.out == "" {
		return ""
	}
	if !isRun(l.out) {
		return " before anything was kept; start it again"
	}
	return fmt.Sprintf("; go on with: go run ./%s -resume -out %s", p.Path, quoted(l.out))
}
