package progress

import (
	"fmt"
	"time"
)

// Phase is one stretch of work with a known number of steps.
type Phase struct {
	p     *Printer
	name  string
	total int
	done  int
	last  time.Time // of the last line or picture
	over  bool

	from  int       // steps behind at the first Set, of an earlier start for example
	began time.Time // of the first Set; zero before it
}

// Phase starts a phase of total steps and ends the one before it, if it is still open.
func (p *Printer) Phase(name string, total int) *Phase {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != nil {
		p.phase.finish()
	}
	ph := &Phase{p: p, name: name, total: max(total, 1), last: p.now()}
	p.plan.reach(name)
	p.phase = ph
	if p.bar {
		ph.show("")
	}
	return ph
}

// Set reports that done of the total steps are behind; note says more about the present state and
// may be empty. Steps never run backwards: a smaller number than before is ignored.
func (ph *Phase) Set(done int, note string) {
	ph.p.mu.Lock()
	defer ph.p.mu.Unlock()
	if ph.over || done < ph.done {
		return
	}
	ph.done = min(done, ph.total)
	now := ph.p.now()
	if ph.began.IsZero() {
		ph.from, ph.began = ph.done, now
	}
	ph.p.plan.note(ph, now)
	if now.Sub(ph.last) >= ph.p.interval {
		ph.last = now
		ph.show(note)
	}
}

// show draws the bar or writes a plain line.
func (ph *Phase) show(note string) {
	left, all := ph.left()
	if ph.p.bar {
		ph.p.draw(fit(ph.p.width(), ph.name, float64(ph.done)/float64(ph.total), note, left, all))
		return
	}
	line := fmt.Sprintf("  %s %d/%d", ph.name, ph.done, ph.total)
	for _, more := range []string{note, left, all} {
		if more != "" {
			line += "  " + more
		}
	}
	fmt.Fprintln(ph.p.w, line)
}

// left says how long the phase and the run will take, as far as that can be known.
func (ph *Phase) left() (phase, run string) {
	if d, ok := ph.ahead(); ok {
		phase = brief(d) + " left"
	}
	if d, ok := ph.p.plan.left(ph); ok {
		run = "all " + brief(d)
	}
	return phase, run
}

// ahead estimates the time that the phase takes from now on; false before its second step.
func (ph *Phase) ahead() (time.Duration, bool) {
	steps := ph.done - ph.from
	if steps <= 0 {
		return 0, false
	}
	spent := ph.p.now().Sub(ph.began)
	return time.Duration(float64(spent) / float64(steps) * float64(ph.total-ph.done)), true
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
	ph.p.wipe()
	if ph.p.phase == ph {
		ph.p.phase = nil
	}
}
