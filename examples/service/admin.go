package main

import (
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// maxBatch bounds a batch as sent, in bytes.
const maxBatch = 1 << 30

// received is the answer to a batch.
type received struct {
	Images  int            `json:"images"`
	Classes map[string]int `json:"classes"` // images of each
	Waiting int            `json:"waiting"` // batches, this one included
}

// adminHandler is the side of the service that its operator sees. It has no locks: bind it where
// nobody else comes.
func adminHandler(s *Service, q *queue) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /batch", action(func(w http.ResponseWriter, r *http.Request) error {
		return acceptBatch(s, q, w, r)
	}))
	mux.Handle("POST /rollback", action(func(w http.ResponseWriter, r *http.Request) error {
		err := s.Rollback(r.Context())
		if errors.Is(err, ErrNoPrevious) {
			return &refusal{http.StatusConflict, err}
		}
		if err != nil {
			return err
		}
		return reportHealth(w, s)
	}))
	mux.Handle("GET /metrics", s.metrics)
	mux.Handle("GET /healthz", health(s))
	return mux
}

// acceptBatch keeps the tar of class folders in the body of a POST, plain or packed with gzip,
// until its turn comes.
func acceptBatch(s *Service, q *queue, w http.ResponseWriter, r *http.Request) error {
	var answer received
	err := q.put(http.MaxBytesReader(w, r.Body, maxBatch), func(name string) error {
		batch, err := q.open(r.Context(), name, s.cfg.tar())
		if err != nil {
			// Who sends a batch need not know where it is kept.
			text := strings.ReplaceAll(err.Error(), q.dir+string(filepath.Separator), "")
			return refuse(http.StatusUnprocessableEntity, "%s", text)
		}
		answer.Images, answer.Classes = batch.Len(), map[string]int{}
		for l, n := range dataset.Count(batch) {
			answer.Classes[batch.Classes()[l]] = n
		}
		return nil
	})
	switch {
	case errors.Is(err, errQueueFull):
		return &refusal{http.StatusServiceUnavailable, err}
	case errors.As(err, new(*refusal)):
		return err
	case errors.As(err, new(*fs.PathError)): // no fault of the client's
		return err
	case err != nil:
		return unreadable(err)
	}
	answer.Waiting = q.len()
	reply(w, http.StatusAccepted, answer)
	return nil
}
