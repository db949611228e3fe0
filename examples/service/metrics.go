package main

import (
	"expvar"
	"net/http"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
)

// metrics are the numbers that an operator watches. They count from the start of the program, are
// shown as one JSON object and belong to one service: nothing is published for the process.
type metrics struct {
	all *expvar.Map

	requests, errors expvar.Int // classifications asked for, and those that ended in an error
	batches, images  expvar.Int // taken in
	adjustments      expvar.Int // searches for another architecture
	swaps, refusals  expvar.Int // those that changed it, and those that lost the contest
	failures         expvar.Int // batches whose answer ended in an error
	rollbacks        expvar.Int
	h, d             expvar.Float // of the last reading
	madds            expvar.Int   // of the serving model
	reference        expvar.Float // its accuracy on the data that it was trained on
	seconds          expvar.Map   // by phase
	phase            string       // under way
	since            time.Time    // when it began or went on
}

func newMetrics() *metrics {
	m := &metrics{all: new(expvar.Map)}
	for name, v := range map[string]expvar.Var{
		"requests": &m.requests, "errors": &m.errors, "batches": &m.batches, "images": &m.images,
		"adjustments": &m.adjustments, "swaps": &m.swaps, "refusals": &m.refusals,
		"rollbacks": &m.rollbacks, "failures": &m.failures, "h": &m.h, "d": &m.d,
		"madds": &m.madds, "reference_accuracy": &m.reference, "seconds": &m.seconds,
	} {
		m.all.Set(name, v)
	}
	return m
}

// ServeHTTP shows the numbers.
func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(m.all.String())) // the client may have gone
}

// show notes which model serves and what is known of the data under it.
func (m *metrics) show(w *watched) {
	m.h.Set(w.reading.H())
	m.d.Set(w.reading.Distance)
	m.reference.Set(w.reading.Reference.Accuracy())
	if c, err := w.model.Space().Cost(w.model.Arch()); err == nil {
		m.madds.Set(c.MAdds)
	}
}

// count notes what was done about a batch.
func (m *metrics) count(o *adjuster.Outcome) {
	if o.Action == adjuster.Refused {
		m.refusals.Add(1)
	}
	if o.Search != nil {
		m.adjustments.Add(1)
	}
	if o.After != o.Before && o.Action != adjuster.First {
		m.swaps.Add(1)
	}
}

// time begins a phase; the function that it returns goes back to the one around it, whose time
// stands still meanwhile. It belongs to whoever has the service's turn.
func (m *metrics) time(phase string) (back func()) {
	outer := m.phase
	m.book()
	m.phase = phase
	return func() {
		m.book()
		m.phase = outer
	}
}

// book gives the time since the last change to the phase under way.
func (m *metrics) book() {
	now := time.Now()
	if m.phase != "" {
		m.seconds.AddFloat(m.phase, now.Sub(m.since).Seconds())
	}
	m.since = now
}
