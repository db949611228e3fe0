package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// timeouts bound how long a client can hold a connection, and how long the end of the program waits
// for requests in flight.
type timeouts struct {
	Header time.Duration // to send the header of a request
	Read   time.Duration // to send all of a request
	Write  time.Duration // from the end of the header until the answer is taken
	Idle   time.Duration // between two requests
	Drain  time.Duration // for requests in flight at the end
}

// Of the two sides. A batch may be a large upload over a slow line.
var (
	clientTimeouts = timeouts{Header: 5 * time.Second, Read: 20 * time.Second, Write: 30 * time.Second,
		Idle: time.Minute, Drain: 10 * time.Second}
	adminTimeouts = timeouts{Header: 5 * time.Second, Read: 10 * time.Minute, Write: 15 * time.Minute,
		Idle: time.Minute, Drain: 10 * time.Second}
)

// endpoint is an address that is taken and a server that answers there.
type endpoint struct {
	listener net.Listener // nil: nobody is answered
	server   *http.Server // its Handler is set before serve
	drain    time.Duration
}

// bind takes an address, "" for none. Requests wait until serve is called.
func bind(address string, t timeouts, log *slog.Logger) (*endpoint, error) {
	if address == "" {
		return &endpoint{}, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return newEndpoint(l, t, log), nil
}

func newEndpoint(l net.Listener, t timeouts, log *slog.Logger) *endpoint {
	return &endpoint{l, &http.Server{
		ReadHeaderTimeout: t.Header, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle,
		MaxHeaderBytes: 1 << 16, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelInfo),
	}, t.Drain}
}

// handle says who answers, and at which address, "" for none.
func (e *endpoint) handle(h http.Handler) (address string) {
	if e.listener == nil {
		return ""
	}
	e.server.Handler = h
	return e.listener.Addr().String()
}

// close gives the address back, where serve was never called.
func (e *endpoint) close() {
	if e.listener != nil {
		e.listener.Close() // it may be closed
	}
}

// serve answers requests until ctx ends, and then those in flight. A listener that fails is an
// error.
func (e *endpoint) serve(ctx context.Context) error {
	if e.listener == nil {
		return nil
	}
	failed := make(chan error, 1)
	go func() { failed <- e.server.Serve(e.listener) }()
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serve %s: %w", e.listener.Addr(), err), e.server.Close())
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.drain)
	defer cancel()
	if err := e.server.Shutdown(wait); err != nil {
		err = fmt.Errorf("serve %s: requests in flight after %v: %w", e.listener.Addr(), e.drain, err)
		return errors.Join(err, e.server.Close())
	}
	return nil
}

// beside does work while endpoints answer requests. When one of them fails, the work's context ends
// and its error is that of beside. When the work ends, requests in flight are answered first.
func beside(ctx context.Context, endpoints []*endpoint, work func(ctx context.Context) error) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	failed := make([]error, len(endpoints))
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() {
			if failed[i] = e.serve(ctx); failed[i] != nil {
				end()
			}
		})
	}
	err := work(ctx)
	end()
	wg.Wait()
	if failure := errors.Join(failed...); failure != nil {
		return failure
	}
	return err
}
