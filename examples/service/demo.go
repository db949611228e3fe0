package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// served is what a demonstration found, as -json writes it.
type served struct {
	Searches     int64   `json:"searches"` // batches that led to one
	Swaps        int64   `json:"swaps"`    // those of them that changed the architecture
	Answered     int64   `json:"answered"` // requests
	Model        string  `json:"model"`
	TestAccuracy float64 `json:"test_accuracy"`
}

// demo gives a service the embedded images as a stream of batches, those that it has not had yet,
// while clients ask without a pause.
func demo(ctx context.Context, out *progress.Printer, s *Service, perClass int, found *served) error {
	train, test, err := fashion.Load(s.cfg.Space.InputSize)
	if err != nil {
		return err
	}
	stream, err := batches(train, perClass)
	if err != nil {
		return err
	}
	start := time.Now()
	say := func(format string, args ...any) {
		out.Printf("%5.1fs  "+format, append([]any{time.Since(start).Seconds()}, args...)...)
	}
	if _, err := s.Settle(ctx); err != nil {
		return err
	}
	clients := startClients(s, test)
	defer clients.stop()
	for k := s.Batches(); k < len(stream); k++ {
		before := clients.answered.Load()
		outcome, err := s.Receive(ctx, stream[k], "")
		if err != nil {
			return err
		}
		say("batch %d, %d images: %s; %d requests answered meanwhile", k+1, stream[k].Len(),
			tell(outcome, s.Model()), clients.answered.Load()-before)
	}
	if err := clients.stop(); err != nil {
		return err
	}
	m, err := s.Model().Evaluate(ctx, test, nil)
	if err != nil {
		return err
	}
	answered := clients.answered.Load()
	found.Answered += answered
	found.Searches, found.Swaps = s.metrics.adjustments.Value(), s.metrics.swaps.Value()
	found.Model, found.TestAccuracy = s.Model().Space().Format(s.Model().Arch()), m.Accuracy
	say("%.1f %% of the test images right; %d requests answered, none failed", 100*m.Accuracy, answered)
	return nil
}

// tell says in words what was done about a batch.
func tell(o *adjuster.Outcome, m *supernet.Model) string {
	switch o.Action {
	case adjuster.First:
		return "serving " + describe(m)
	case adjuster.Kept:
		return fmt.Sprintf("H %.2f, architecture kept", o.Decision.H)
	}
	text := fmt.Sprintf("H %.2f, d %.2f, ", o.Decision.H, o.Reading.Distance)
	if o.Action == adjuster.Refused {
		text += "another architecture was tried and did no better"
	} else {
		text += "adjusted"
	}
	if c := o.Comparison; c != nil {
		text += fmt.Sprintf(" (gain %.1f ± %.1f points)", 100*c.Gain, 100*c.StandardError)
	}
	return text + ", now " + describe(m)
}

func describe(m *supernet.Model) string {
	cost, err := m.Space().Cost(m.Arch())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d classes with %.2f million multiply-adds", m.Classes(), float64(cost.MAdds)/1e6)
}

// clients ask for classifications without a pause.
type clients struct {
	answered atomic.Int64
	quit     chan struct{}
	stop     func() error
}

func startClients(s *Service, test dataset.Dataset) *clients {
	const n = 2
	c := &clients{quit: make(chan struct{})}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for k := range n {
		wg.Go(func() {
			for i := k; ; i += n {
				select {
				case <-c.quit:
					return
				default:
				}
				if s.Model() == nil { // the first one is being trained
					time.Sleep(10 * time.Millisecond)
					continue
				}
				img, err := data.Picture(test, i%test.Len())
				if err == nil {
					_, err = s.Classify(img, 1)
				}
				if err != nil {
					errs[k] = fmt.Errorf("request: %w", err)
					return
				}
				c.answered.Add(1)
				time.Sleep(5 * time.Millisecond) // leave the processors to training
			}
		})
	}
	c.stop = sync.OnceValue(func() error {
		close(c.quit)
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return c
}
