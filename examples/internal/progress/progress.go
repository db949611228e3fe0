// Package progress shows how far a long run has come: a bar on a terminal, plain lines anywhere else.
//
// A Printer owns one output. Phases run one after another; ordinary lines may be printed at any time and never garble the bar.
// All methods may be called from several goroutines. What is printed never influences what a run computes.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Options of a Printer. The zero value draws a bar exactly when the output is a terminal.
type Options struct {
	// Plain forces plain lines even on a terminal.
	Plain bool
	// Bar forces a bar even where the output is no terminal. Plain wins over Bar.
	Bar bool
	// Interval is the shortest time between two plain lines of one phase; 0 means ten seconds.
	Interval time.Duration
	// Now replaces the clock; nil means time.Now.
	Now func() time.Time
}

// Printer writes progress and ordinary lines to one output.
type Printer struct {
	mu       sync.Mutex
	w        io.Writer
	bar      bool
	interval time.Duration
	now      func() time.Time
	phase    *Phase
}

// New returns a Printer on w.
func New(w io.Writer, o *Options) *Printer {
	if o == nil {
		o = &Options{}
	}
	p := &Printer{w: w, interval: o.Interval, now: o.Now}
	if p.interval == 0 {
		p.interval = 10 * time.Second
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.bar = !o.Plain && (o.Bar || IsTerminal(w))
	return p
}

// IsTerminal reports whether w is a file connected to a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Printf writes an ordinary line; a bar on display is wiped first and comes back with the next step.
func (p *Printer) Printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != nil && p.phase.bar != nil {
		_ = p.phase.bar.Clear()
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// Phase starts a phase of total steps and ends the one before it, if it is still open.
func (p *Printer) Phase(name string, total int) *Phase {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != nil {
		p.phase.finish()
	}
	ph := &Phase{p: p, name: name, total: max(total, 1), last: p.now()}
	if p.bar {
		ph.bar = progressbar.NewOptions(ph.total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(fmt.Sprintf("%-18s", name)),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionShowCount())
	}
	p.phase = ph
	return ph
}

// Phase is one stretch of work with a known number of steps.
type Phase struct {
	p     *Printer
	name  string
	total int
	done  int
	bar   *progressbar.ProgressBar
	last  time.Time
	over  bool
}

// Set reports that done of the total steps are behind; note says more about the present state and may be empty.
// Steps never run backwards: a smaller number than before is ignored.
func (ph *Phase) Set(done int, note string) {
	ph.p.mu.Lock()
	defer ph.p.mu.Unlock()
	if ph.over || done < ph.done {
		return
	}
	ph.done = min(done, ph.total)
	if ph.bar != nil {
		if note != "" {
			ph.bar.Describe(fmt.Sprintf("%-18s %s", ph.name, note))
		}
		_ = ph.bar.Set(ph.done)
		return
	}
	if now := ph.p.now(); now.Sub(ph.last) >= ph.p.interval {
		ph.last = now
		fmt.Fprintf(ph.p.w, "  %s %d/%d", ph.name, ph.done, ph.total)
		if note != "" {
			fmt.Fprintf(ph.p.w, "  %s", note)
		}
		fmt.Fprintln(ph.p.w)
	}
}

// End closes the phase. It may be called more than once.
func (ph *Phase) End() {
	ph.p.mu.Lock()
	defer ph.p.mu.Unlock()
	ph.finish()
}

func (ph *Phase) finish() {
	if ph.over {
		return
	}
	ph.over = true
	if ph.bar != nil {
		_ = ph.bar.Clear()
	}
	if ph.p.phase == ph {
		ph.p.phase = nil
	}
}
