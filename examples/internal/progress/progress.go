// Package progress shows how far a long run has come: a bar on a terminal, plain lines anywhere
// else, with the time that is left of the phase under way and, where the run has a plan, of all of
// it.
//
// A Printer owns one output. Phases run one after another; ordinary lines may be printed at any
// time and never garble the bar, which is never wider than the terminal. All methods may be called
// from several goroutines. What is printed never influences what a run computes.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// Options of a Printer. The zero value draws a bar exactly when the output is a terminal.
type Options struct {
	// Plain forces plain lines even on a terminal.
	Plain bool
	// Bar forces a bar even where the output is no terminal. Plain wins over Bar.
	Bar bool
	// Columns is the width to keep within; 0 means that of the terminal, and 80 where there is
	// none.
	Columns int
	// Interval is the shortest time between two plain lines of one phase or two pictures of the
	// bar; 0 means ten seconds and a tenth of one.
	Interval time.Duration
	// Now replaces the clock; nil means time.Now.
	Now func() time.Time
}

// Printer writes progress and ordinary lines to one output.
type Printer struct {
	mu       sync.Mutex
	w        io.Writer
	bar      bool
	columns  int
	interval time.Duration
	now      func() time.Time
	phase    *Phase
	plan     plan
	shown    int // columns of the bar on display
}

// New returns a Printer on w.
func New(w io.Writer, o *Options) *Printer {
	if o == nil {
		o = &Options{}
	}
	p := &Printer{w: w, columns: o.Columns, interval: o.Interval, now: o.Now}
	if p.now == nil {
		p.now = time.Now
	}
	p.bar = !o.Plain && (o.Bar || IsTerminal(w))
	if p.interval == 0 {
		p.interval = 10 * time.Second
		if p.bar {
			p.interval = 100 * time.Millisecond
		}
	}
	return p
}

// Quiet returns a Printer that shows nothing.
func Quiet() *Printer { return New(io.Discard, &Options{Plain: true}) }

// IsTerminal reports whether w is a file connected to a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Printf writes an ordinary line; a bar on display is wiped first and comes back with the next
// step.
func (p *Printer) Printf(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// Write writes ordinary text, which should be whole lines.
func (p *Printer) Write(text []byte) (int, error) { return p.Beside(p.w).Write(text) }

// Beside returns a writer to another output that may share the terminal: the bar is wiped before
// anything is written.
func (p *Printer) Beside(w io.Writer) io.Writer { return &beside{p, w} }

type beside struct {
	p *Printer
	w io.Writer
}

func (b *beside) Write(text []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	b.p.wipe()
	return b.w.Write(text)
}

// Close ends the phase under way and wipes the bar.
func (p *Printer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != nil {
		p.phase.finish()
	}
}

// draw shows a line in the place of the one on display.
func (p *Printer) draw(line string) {
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.shown-n)))
	p.shown = n
}

// wipe removes the bar from the terminal.
func (p *Printer) wipe() {
	if p.shown > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// width is the number of columns to keep within: one less than there are, for terminals that go to
// the next line when the last column is filled.
func (p *Printer) width() int {
	n := p.columns
	if f, ok := p.w.(*os.File); ok && n == 0 {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			n = w
		}
	}
	if n == 0 {
		n = 80
	}
	return max(1, n-1)
}
