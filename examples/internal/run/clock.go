package run

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tendril-nas/tendril/internal/machine"
)

const (
	secondsFile = "seconds.json"
	cpuFile     = "cpu-seconds.json"
	// damagedSuffix ends the name of one that could not be read and was set aside.
	damagedSuffix = ".damaged"
)

// mostSeconds bounds the times that a file may hold: a hundred years.
const mostSeconds = 100 * 366 * 24 * 3600

// Clock adds up wall time by phase, over all starts of a run. A phase that is timed inside another
// one does not count for the outer one as well; where phases overlap, time counts for the one that
// began last. The time of processors is divided in the same way, but not added up over starts, see
// CPU. Times are told, never used: a file that cannot be read or written costs them and nothing
// else.
type Clock struct {
	mu      sync.Mutex
	store   *Store
	log     *slog.Logger
	now     func() time.Time
	cpuNow  func() float64
	seconds map[string]float64
	cpu     map[string]float64
	open    []*timed  // phases under way, the innermost last
	since   time.Time // when the innermost one began or went on
	cpuThen float64   // the time of processors then
}

// timed is a phase under way.
type timed struct {
	name string
	cpu  float64 // time of processors so far
}

func newClock(s *Store, log *slog.Logger) *Clock {
	c := &Clock{store: s, log: log, now: time.Now, cpuNow: machine.CPUSeconds}
	c.seconds, c.cpu = c.read(secondsFile), c.read(cpuFile)
	return c
}

// read is the times of earlier starts in a file. One that cannot be read is set aside.
func (c *Clock) read(file string) map[string]float64 {
	times := map[string]float64{}
	_, err := c.store.Read(file, &times)
	if err == nil && times == nil {
		err = errors.New("no times")
	}
	for phase, s := range times {
		if !(s >= 0 && s <= mostSeconds) {
			err = fmt.Errorf("%s took %g s", phase, s)
		}
	}
	if err != nil {
		aside := c.store.Path(file + damagedSuffix)
		c.log.Warn("times of earlier starts are lost", "error", err,
			"aside", aside, "moved", os.Rename(c.store.Path(file), aside) == nil)
		return map[string]float64{}
	}
	return times
}

// Start begins a phase; the function that it returns ends it.
func (c *Clock) Start(phase string) (stop func()) {
	end := c.start(phase)
	return func() { end(false) }
}

// start begins a phase. Whole says at its end that all of it was done since then.
func (c *Clock) start(phase string) (stop func(whole bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book()
	this := &timed{name: phase}
	c.open = append(c.open, this)
	return func(whole bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.book()
		c.open = slices.DeleteFunc(c.open, func(p *timed) bool { return p == this })
		if delete(c.cpu, phase); whole {
			c.cpu[phase] = this.cpu
		}
		c.write(secondsFile, c.seconds)
		c.write(cpuFile, c.cpu)
	}
}

func (c *Clock) write(file string, times map[string]float64) {
	if c.store.dir == "" {
		return
	}
	if err := c.store.Write(file, times); err != nil {
		c.log.Warn("times could not be saved", "error", err)
	}
}

// book gives the time since the last change to the innermost phase.
func (c *Clock) book() {
	now, cpu := c.now(), c.cpuNow()
	if n := len(c.open); n > 0 {
		c.seconds[c.open[n-1].name] += now.Sub(c.since).Seconds()
		c.open[n-1].cpu += cpu - c.cpuThen
	}
	c.since, c.cpuThen = now, cpu
}

// CPU is the time of processors, seconds, that a phase of Once or Saved took in the start that did
// it; 0 where an earlier start had done a part of it, or the system does not tell.
func (c *Clock) CPU(phase string) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cpu[phase]
}

// Seconds is the time that a phase took; 0 for one that never was.
func (c *Clock) Seconds(phase string) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seconds[phase]
}

// All are the times of all phases.
func (c *Clock) All() map[string]float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.seconds)
}

// CPUSeconds is the time of processors that do takes, seconds. It is 0 where the folder or file at
// place is there before: an earlier start did a part.
func CPUSeconds(place string, do func() error) (float64, error) {
	_, goesOn := os.Stat(place)
	before := machine.CPUSeconds()
	if err := do(); err != nil || goesOn == nil {
		return 0, err
	}
	return machine.CPUSeconds() - before, nil
}
