package progress

import "time"

// Planned is a phase to come, with its work in any unit that grows in proportion to the time it takes.
type Planned struct {
	Name string
	Work float64
}

// Plan says which phases the run will have, in their order; with it the Printer estimates how long the whole run will take. Phases may
// be left out later: when one begins, those planned before it are taken as done or not needed.
func (p *Printer) Plan(phases ...Planned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan{phases: phases, next: 0}
}

// plan is the work of a run and how fast it went so far.
type plan struct {
	phases  []Planned
	next    int           // first phase that has not begun
	current float64       // work of the phase under way; 0 = it is not planned
	work    float64       // done in finished phases
	spent   time.Duration // on that work
	now     float64       // done in the phase under way, by this start of the program
	taken   time.Duration // for that
}

// reach takes the planned phase of a name as begun.
func (l *plan) reach(name string) {
	l.work, l.spent = l.work+l.now, l.spent+l.taken
	l.now, l.taken, l.current = 0, 0, 0
	for i := l.next; i < len(l.phases); i++ {
		if l.phases[i].Name == name {
			l.current, l.next = l.phases[i].Work, i+1
			return
		}
	}
}

// note takes in how far the phase under way has come.
func (l *plan) note(ph *Phase, now time.Time) {
	if l.current > 0 {
		l.now = l.current * float64(ph.done-ph.from) / float64(ph.total)
		l.taken = now.Sub(ph.began)
	}
}

// left estimates the time that the rest of the plan takes; false while nothing is known.
func (l *plan) left(ph *Phase) (time.Duration, bool) {
	done, spent := l.work+l.now, l.spent+l.taken
	if done <= 0 || spent <= 0 || len(l.phases) == 0 {
		return 0, false
	}
	rest := l.current * float64(ph.total-ph.done) / float64(ph.total)
	for _, p := range l.phases[l.next:] {
		rest += p.Work
	}
	return time.Duration(rest / done * float64(spent)), true
}
