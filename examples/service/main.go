// Command service shows how a program embeds the adjuster: it classifies images in several
// goroutines, without a pause, while labelled batches arrive, are measured, and now and then lead
// to another architecture that is trained beside the one in service and swapped in.
//
//	go run ./examples/service                 one run on the embedded images, about a minute
//	go run ./examples/service -listen :8080   the same, and POST an image to http://localhost:8080/
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func main() { program().Main() }

// settings of the command line.
type settings struct {
	Listen string `json:"listen"`
	Images int    `json:"images"`
}

// served is what a run found, as -json writes it.
type served struct {
	Adjusted     int     `json:"adjusted"` // batches that changed the architecture
	Answered     int64   `json:"answered"` // requests
	Model        string  `json:"model"`
	TestAccuracy float64 `json:"test_accuracy"`
}

func program() *run.Program[settings, *served] {
	return &run.Program[settings, *served]{
		Path:     "examples/service",
		Defaults: func() settings { return settings{Images: 200} },
		Flags: func(fs *flag.FlagSet, c *settings) {
			fs.StringVar(&c.Listen, "listen", "",
				"`address` to answer HTTP requests on, for example :8080; "+
					"then it goes on serving after the last batch")
			fs.IntVar(&c.Images, "images", c.Images, "`images` of a class in a batch")
		},
		Check: func(_ *flag.FlagSet, c *settings) error {
			if c.Images < 10 {
				return fmt.Errorf("-images %d: expected at least 10", c.Images)
			}
			return nil
		},
		Work: work,
	}
}

func work(ctx context.Context, j *run.Job, c *settings) (*served, error) {
	train, test, err := fashion.Load(28)
	if err != nil {
		return nil, err
	}
	stream, err := batches(train, c.Images)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	say := func(format string, args ...any) {
		j.Out.Printf("%5.1fs  "+format, append([]any{time.Since(start).Seconds()}, args...)...)
	}
	s, err := Start(ctx, stream[0], Config{
		Space:      searchspace.MobileNetV3Options{Width: 0.5, InputSize: 28, Depths: []int{2, 3}},
		Supernet:   supernet.TrainOptions{Epochs: 4, BatchSize: 64, LR: 0.05},
		Retrain:    supernet.TrainOptions{Epochs: 4, BatchSize: 64, LR: 0.02},
		Adjuster:   adjuster.Options{Iterations: 30, Baseline: 0.95},
		Condition:  adjuster.Condition{Epsilon: 4},
		Validation: 0.1,
		Seed:       1,
	})
	if err != nil {
		return nil, err
	}
	say("serving %s", describe(s.Model()))
	if c.Listen != "" {
		server := &http.Server{Addr: c.Listen, Handler: s, ReadHeaderTimeout: 5 * time.Second}
		failed := make(chan error, 1)
		go func() { failed <- server.ListenAndServe() }()
		defer func() {
			select {
			case err := <-failed:
				j.Out.Printf("http: %v", err)
			default:
				server.Close()
			}
		}()
	}
	found := &served{}
	clients := startClients(s, test)
	defer clients.stop()
	for k, batch := range stream[1:] {
		before := clients.answered.Load()
		decision, outcome, err := s.Receive(ctx, batch)
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("batch %d: %d images, H %.2f", k+2, batch.Len(), decision.H)
		if outcome == nil {
			say("%s; architecture kept", what)
			continue
		}
		found.Adjusted++
		say("%s; adjusted, d %.2f: now %s; %d requests answered meanwhile", what, outcome.Reading.Distance,
			describe(s.Model()), clients.answered.Load()-before)
	}
	if err := clients.stop(); err != nil {
		return nil, err
	}
	m, err := s.Model().Evaluate(ctx, test, nil)
	if err != nil {
		return nil, err
	}
	found.Answered, found.Model, found.TestAccuracy = clients.answered.Load(),
		s.Model().Space().Format(s.Model().Arch()), m.Accuracy
	say("%.1f %% of the test images right; %d requests answered, none failed", 100*m.Accuracy, found.Answered)
	if c.Listen != "" {
		j.Out.Printf("still serving; interrupt to end")
		<-ctx.Done()
	}
	return found, nil
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
				img, err := data.Picture(test, i%test.Len())
				if err == nil {
					_, _, err = s.Classify(img)
				}
				if err != nil {
					errs[k] = fmt.Errorf("request: %w", err)
					return
				}
				c.answered.Add(1)
				time.Sleep(2 * time.Millisecond) // leave the processors to training
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
