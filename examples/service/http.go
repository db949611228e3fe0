package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"

	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// What a client may send.
const (
	maxUpload = 8 << 20   // bytes of an image as sent
	maxPixels = 1 << 24   // of an image, looked at before it is decoded
	maxMemory = 512 << 20 // bytes of all images while they are decoded and looked at
)

// answer is what the service says about an image.
type answer struct {
	Classes []supernet.Ranked `json:"classes"` // the best ones, best first
}

// defaultBest is the number of classes in an answer when the request does not say how many.
const defaultBest = 3

// refusal is an error that the client is told with a status of its own.
type refusal struct {
	status int
	error
}

func (r *refusal) Unwrap() error { return r.error }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Errorf(format, args...)}
}

// action answers a request or says why not.
type action func(w http.ResponseWriter, r *http.Request) error

func (a action) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := a(w, r)
	if err == nil {
		return
	}
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[*refusal](err); ok {
		status = known.status
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	http.Error(w, err.Error(), status)
}

// handler is the side of the service that clients see.
func handler(s *Service) http.Handler {
	mux := http.NewServeMux()
	// Decoded images are large: so many at once and no more, and within one budget.
	slots := make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	limits := &dataset.DecodeOptions{MaxPixels: maxPixels, Budget: dataset.NewBudget(maxMemory)}
	mux.Handle("POST /{$}", action(func(w http.ResponseWriter, r *http.Request) error {
		s.metrics.requests.Add(1)
		err := classify(s, slots, limits, w, r)
		if err != nil {
			s.metrics.errors.Add(1)
		}
		return err
	}))
	mux.Handle("GET /healthz", health(s))
	return mux
}

// classify answers with the classes of the image in the body of a POST, of any kind that package
// dataset reads; ?k= says how many.
func classify(s *Service, slots chan struct{}, o *dataset.DecodeOptions, w http.ResponseWriter,
	r *http.Request) error {
	k := defaultBest
	if text := r.URL.Query().Get("k"); text != "" {
		var err error
		if k, err = strconv.Atoi(text); err != nil || k < 1 {
			return refuse(http.StatusBadRequest, "k=%s: expected a number of classes from 1", text)
		}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpload))
	if err != nil {
		return unreadable(err)
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	var best []supernet.Ranked
	var failed error
	err = dataset.WithImage(r.Context(), bytes.NewReader(data), o, func(img image.Image) error {
		best, failed = s.Classify(img, k)
		return nil
	})
	switch {
	case err != nil:
		return refusedImage(err)
	case errors.Is(failed, ErrNoModel):
		return &refusal{http.StatusServiceUnavailable, failed}
	case failed != nil:
		return &refusal{http.StatusUnprocessableEntity, failed}
	}
	reply(w, http.StatusOK, answer{best})
	return nil
}

// unreadable says with which status a body is refused that could not be read.
func unreadable(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "body above the %d bytes allowed", tooLarge.Limit)
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return refuse(http.StatusRequestTimeout, "body did not arrive in time")
	}
	return refuse(http.StatusBadRequest, "body: %w", err)
}

// refusedImage says with which status an image is refused that could not be decoded.
func refusedImage(err error) error {
	switch {
	case errors.Is(err, dataset.ErrUnknown):
		return &refusal{http.StatusUnsupportedMediaType, err}
	case errors.Is(err, dataset.ErrLimit):
		return &refusal{http.StatusRequestEntityTooLarge, err}
	case errors.Is(err, dataset.ErrFormat):
		return &refusal{http.StatusBadRequest, err}
	}
	return err
}

// reply sends v as JSON. A client that has gone is nobody's mistake.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// health says whether the service can answer, and with what.
func health(s *Service) http.Handler {
	return action(func(w http.ResponseWriter, _ *http.Request) error { return reportHealth(w, s) })
}

func reportHealth(w http.ResponseWriter, s *Service) error {
	m := s.Model()
	if m == nil {
		return &refusal{http.StatusServiceUnavailable, ErrNoModel}
	}
	reply(w, http.StatusOK, struct {
		Model   string `json:"model"`
		Classes int    `json:"classes"`
		Batches int    `json:"batches"`
	}{m.Space().Format(m.Arch()), m.Classes(), s.Batches()})
	return nil
}
