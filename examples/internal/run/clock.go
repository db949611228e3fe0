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
	damagedFile = secondsFile + ".damaged" // one that could not be read, set aside
)

// mostSeconds bounds the times that a file may hold: a hundred years.
const mostSeconds = 100 * 366 * 24 * 3600

// Clock adds up wall time by phase, over all starts of a run. A phase that is timed inside another
// one does not count for the outer one as well; where phases overlap, time counts for the one that
// began last. Wall times are told, never used: a file that cannot be read or written costs them and
// nothing else.
type Clock struct {
	mu      sync.Mutex
	store   *Store
	log     *slog.Logger
	now     func() time.Time
	seconds map[string]float64
	open    []*string // phases under way, the innermost last
	since   time.Time // when the innermost one began or went on
}

func newClock(s *Store, log *slog.Logger) *Clock {
	c := &Clock{store: s, log: log, now: time.Now, seconds: map[string]float64{}}
	if err := c.read(); err != nil {
		log.Warn("wall times of earlier starts are lost", "error", err,
			"aside", s.Path(damagedFile), "moved", os.Rename(s.Path(secondsFile), s.Path(damagedFile)) == nil)
		c.seconds = map[string]float64{}
	}
	return c
}

// read takes over the times of earlier starts.
func (c *Clock) read() error {
	if _, err := c.store.Read(secondsFile, &c.seconds); err != nil {
		return err
	}
	if c.seconds == nil {
		return errors.New("no times")
	}
	for phase, s := range c.seconds {
		if !(s >= 0 && s <= mostSeconds) {
			return fmt.Errorf("%s took %g s", phase, s)
		}
	}
	return nil
}

// Start begins a phase; the function that it returns ends it.
func (c *Clock) Start(phase string) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book()
	this := &phase
	c.open = append(c.open, this)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.book()
		c.open = slices.DeleteFunc(c.open, func(p *string) bool { return p == this })
		if c.store.dir == "" {
			return
		}
		if err := c.store.Write(secondsFile, c.seconds); err != nil {
			c.log.Warn("wall times could not be saved", "error", err)
		}
	}
}

// book gives the time since the last change to the innermost phase.
func (c *Clock) book() {
	now := c.now()
	if n := len(c.open); n > 0 {
		c.seconds[*c.open[n-1]] += now.Sub(c.since).Seconds()
	}
	c.since = now
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
