package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// packed is a batch as an operator sends it.
func packed(t testing.TB, ds dataset.Dataset) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range ds.Len() {
		img, err := data.Picture(ds, i)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s/%04d.png", ds.Classes()[ds.Label(i)], i)
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(file.Len())}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// operated is a service with its queue and both of its sides.
type operated struct {
	*Service
	queue         *queue
	public, admin http.Handler
}

func operate(t *testing.T, dir string, cfg Config, limit int) *operated {
	t.Helper()
	s := open(t, dir, cfg)
	q, err := openQueue(filepath.Join(dir, queueFolder), limit, s.store.Ticket)
	if err != nil {
		t.Fatal(err)
	}
	return &operated{s, q, handler(s), adminHandler(s, q)}
}

// feeding takes batches in until a condition holds.
func (o *operated) feeding(t *testing.T, until func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- feed(ctx, o.Service, o.queue, progress.Quiet()) }()
	for !until() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != context.Canceled {
		t.Fatalf("feed ended with %v", err)
	}
}

// counters are what the metrics page shows.
func (o *operated) counters(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	w := ask(o.admin, http.MethodGet, "/metrics", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return m
}

// Batches arrive over HTTP, wait, outlive the process that accepted them, and are taken in once.
func TestBatchesOverHTTP(t *testing.T) {
	dir := t.TempDir()
	o := operate(t, dir, tiny(), 2)
	w := ask(o.admin, http.MethodPost, "/batch", packed(t, colours(t, 16, 0, "red", "green")))
	var got received
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got.Images != 32 || got.Classes["red"] != 16 || got.Waiting != 1 {
		t.Errorf("%+v", got)
	}
	second := packed(t, colours(t, 8, 10, "blue"))
	if w := ask(o.admin, http.MethodPost, "/batch", second); w.Code != http.StatusAccepted {
		t.Fatalf("second batch: %d %s", w.Code, w.Body)
	}
	if w := ask(o.admin, http.MethodPost, "/batch", second); w.Code != http.StatusServiceUnavailable ||
		w.Header().Get("Retry-After") == "" {
		t.Errorf("a third one without room: %d %s", w.Code, w.Body)
	}

	o = operate(t, dir, tiny(), 2)
	if o.queue.len() != 2 {
		t.Fatalf("%d batches wait after a restart", o.queue.len())
	}
	o.feeding(t, func() bool { return o.queue.len() == 0 })
	if o.Batches() != 2 || len(o.Model().ClassNames()) != 3 {
		t.Errorf("%d batches, classes %q", o.Batches(), o.Model().ClassNames())
	}
	if w := ask(o.public, http.MethodGet, "/healthz", nil); w.Code != http.StatusOK {
		t.Errorf("health: %d %s", w.Code, w.Body)
	}
	m := o.counters(t)
	for name, want := range map[string]float64{
		"batches": 2, "images": 40, "adjustments": 1, "failures": 0, "errors": 0, "h": 0, "d": 0,
		"madds":              float64(cost(t, o.Model())),
		"reference_accuracy": o.serving.Load().reading.Reference.Accuracy(),
	} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
	for _, phase := range []string{"measure", "fine-tune", "adjust", "trial", "compare", "retrain"} {
		if s, ok := m["seconds"].(map[string]any)[phase].(float64); !ok || s <= 0 {
			t.Errorf("%v seconds of %s", s, phase)
		}
	}

	// Killed between taking a batch in and dropping it from the queue: it comes again and is known.
	name := o.store.Ticket
	if err := os.WriteFile(filepath.Join(dir, queueFolder, name), second, 0o644); err != nil {
		t.Fatal(err)
	}
	o = operate(t, dir, tiny(), 2)
	o.feeding(t, func() bool { return o.queue.len() == 0 })
	if o.Batches() != 2 {
		t.Errorf("taken in again: %d batches", o.Batches())
	}
	if w := ask(o.admin, http.MethodPost, "/batch", second); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if o.queue.waiting[0] == name {
		t.Errorf("%s is used again", name)
	}
}

// What is no batch is refused when it is sent, and what has become none is dropped.
func TestBadBatches(t *testing.T) {
	dir := t.TempDir()
	o := operate(t, dir, tiny(), 2)
	whole := packed(t, colours(t, 4, 0, "red"))
	for name, body := range map[string][]byte{"nothing": nil, "text": []byte("no archive"),
		"half": whole[:len(whole)/2], "no images": packed(t, colours(t, 0, 0, "red"))} {
		if w := ask(o.admin, http.MethodPost, "/batch", body); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		} else if strings.Contains(w.Body.String(), dir) {
			t.Errorf("%s: the answer says where batches are kept: %s", name, w.Body)
		}
	}
	left, err := os.ReadDir(o.queue.dir)
	if err != nil || len(left) != 0 || o.queue.len() != 0 || len(o.queue.room) != 0 {
		t.Errorf("refused batches left %v, %v", left, err)
	}
	good := packed(t, colours(t, 16, 0, "red", "green"))
	if w := ask(o.admin, http.MethodPost, "/batch", good); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := os.WriteFile(filepath.Join(o.queue.dir, "batch-00000007.tar"), whole[:100], 0o644); err != nil {
		t.Fatal(err)
	}
	o = operate(t, dir, tiny(), 1)
	o.feeding(t, func() bool { return o.queue.len() == 0 })
	if o.Batches() != 1 || o.Model() == nil {
		t.Errorf("%d batches", o.Batches())
	}
	for path, want := range map[string]int{"/": http.StatusNotFound, "/rollback": http.StatusConflict} {
		if w := ask(o.admin, http.MethodPost, path, nil); w.Code != want {
			t.Errorf("POST %s: %d %s", path, w.Code, w.Body)
		}
	}
}

// The operator puts the previous model back, in the middle of an adjustment too.
func TestRollbackOverHTTP(t *testing.T) {
	o := operate(t, t.TempDir(), tiny(), 2)
	receive(t, o.Service, colours(t, 16, 0, "red", "green"))
	first := o.Model()
	receive(t, o.Service, colours(t, 16, 0, "blue"))
	if o.Model() == first || o.previous.model != first {
		t.Fatal("nothing was swapped")
	}
	if w := ask(o.admin, http.MethodPost, "/rollback", nil); w.Code != http.StatusOK || o.Model() != first {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if m := o.counters(t); m["rollbacks"] != 1.0 || m["h"].(float64) <= 0 {
		t.Errorf("%v", m)
	}
}
