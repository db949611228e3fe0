// Command service shows how a program embeds the adjuster: it classifies
// images in several goroutines, without a pause, while labelled batches
// arrive, are measured, and now and then lead to another architecture that is
// trained beside the one in service and swapped in.
//
//	go run ./examples/service                 one run on the embedded images, about a minute
//	go run ./examples/service -listen :8080   the same, and POST an image to http://localhost:8080/
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func main() {
	listen := flag.String("listen", "", "address to answer HTTP requests on, for example :8080; then it goes on serving after the last batch")
	perClass := flag.Int("images", 200, "images of a class in a batch")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *listen, *perClass); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, listen string, perClass int) error {
	train, test, err := fashion.Load(28)
	if err != nil {
		return err
	}
	stream, err := batches(train, perClass)
	if err != nil {
		return err
	}
	start := time.Now()
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
		return err
	}
	fmt.Fprintf(out, "%5.1fs  serving %s\n", time.Since(start).Seconds(), describe(s.Model()))
	if listen != "" {
		server := &http.Server{Addr: listen, Handler: s, ReadHeaderTimeout: 5 * time.Second}
		failed := make(chan error, 1)
		go func() { failed <- server.ListenAndServe() }()
		defer func() {
			select {
			case err := <-failed:
				fmt.Fprintln(out, "http:", err)
			default:
				server.Close()
			}
		}()
	}
	clients := startClients(s, test)
	defer clients.stop()
	for k, batch := range stream[1:] {
		before := clients.answered.Load()
		decision, outcome, err := s.Receive(ctx, batch)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%5.1fs  batch %d: %d images, H %.2f; ", time.Since(start).Seconds(), k+2, batch.Len(), decision.H)
		if outcome == nil {
			fmt.Fprintln(out, "architecture kept")
			continue
		}
		fmt.Fprintf(out, "adjusted, d %.2f: now %s; %d requests answered meanwhile\n",
			outcome.Reading.Distance, describe(s.Model()), clients.answered.Load()-before)
	}
	if err := clients.stop(); err != nil {
		return err
	}
	m, err := s.Model().Evaluate(ctx, test, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%5.1fs  %.1f %% of the test images right; %d requests answered, none failed\n",
		time.Since(start).Seconds(), 100*m.Accuracy, clients.answered.Load())
	if listen != "" {
		fmt.Fprintln(out, "still serving; interrupt to end")
		<-ctx.Done()
	}
	return nil
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
				img, err := picture(test, i%test.Len())
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
