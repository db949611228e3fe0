package progress

import (
	"maps"
	"strings"
	"time"
)

// Planned is a phase to come, with its work in any unit that grows in proportion to the time it
// takes.
type Planned struct {
	Name string
	Work float64
}

// Plan says which phases the run will have, in their order; with it the Printer estimates how long
// the whole run will take. Phases may be left out later: when one begins, those planned before it
// are taken as done or not needed. Phases whose names begin with the same word go equally fast, as
// far as that is known; others, as fast as all of the run so far.
func (p *Printer) Plan(phases ...Planned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan{phases: phases, speeds: map[string]pace{}}
}

// plan is the work of a run and how fast it went so far.
type plan struct {
	phases  []Planned
	next    int             // first phase that has not begun
	current Planned         // the phase under way; without work when it is not planned
	speeds  map[string]pace // of finished phases, by the first word of their names
	now     pace            // of the phase under way
}

// pace is work done by this start of the program, and the time it took.
type pace struct {
	work float64
	took time.Duration
}

func (p pace) add(q pace) pace { return pace{p.work + q.work, p.took + q.took} }

// kind is the first word of a name.
func kind(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return word
}

// reach takes the planned phase of a name as begun.
func (l *plan) reach(name string) {
	if l.now.work > 0 {
		k := kind(l.current.Name)
		l.speeds[k] = l.speeds[k].add(l.now)
	}
	l.now, l.current = pace{}, Planned{}
	for i := l.next; i < len(l.phases); i++ {
		if l.phases[i].Name == name {
			l.current, l.next = l.phases[i], i+1
			return
		}
	}
}

// note takes in how far the phase under way has come.
func (l *plan) note(ph *Phase, now time.Time) {
	if l.current.Work > 0 {
		l.now = pace{l.current.Work * float64(ph.done-ph.from) / float64(ph.total), now.Sub(ph.began)}
	}
}

// left estimates the time that the phase under way and the rest of the plan take, as the phase
// itself says and as planned ones went so far; false while nothing is known.
func (l *plan) left(ph *Phase) (time.Duration, bool) {
	speeds, all := maps.Clone(l.speeds), l.now
	for _, s := range l.speeds {
		all = all.add(s)
	}
	if len(l.phases) == 0 || all.work <= 0 || all.took <= 0 {
		return 0, false
	}
	speeds[kind(l.current.Name)] = speeds[kind(l.current.Name)].add(l.now)
	needs := func(name string, work float64) time.Duration {
		s, ok := speeds[kind(name)]
		if !ok || s.work <= 0 {
			s = all
		}
		return time.Duration(work / s.work * float64(s.took))
	}
	rest, known := ph.ahead()
	if !known {
		rest = needs(l.current.Name, l.current.Work*float64(ph.total-ph.done)/float64(ph.total))
	}
	for _, p := range l.phases[l.next:] {
		rest += needs(p.Name, p.Work)
	}
	return rest, true
}
