package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// colours is a set of three classes that differ in their colour, easy enough for a few steps of
// training. Only the listed classes have images.
func colours(t *testing.T, perClass int, shade uint8, labels ...int) dataset.Dataset {
	t.Helper()
	const size = 16
	var pixels []uint8
	var of []int
	for i := range perClass {
		for _, l := range labels {
			for p := range size * size {
				var rgb [3]uint8
				rgb[l] = 200 + shade
				rgb[(l+1)%3] = uint8((p*7 + i*13) % 60)
				pixels = append(pixels, rgb[:]...)
			}
			of = append(of, l)
		}
	}
	ds, err := dataset.FromPixels(size, []string{"red", "green", "blue"}, of, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func config() Config {
	return Config{
		Space: searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, Depths: []int{1, 2},
			Kernels: []int{3}, Expands: []int{3, 4}},
		Supernet:   supernet.TrainOptions{Epochs: 2, BatchSize: 16},
		Retrain:    supernet.TrainOptions{Epochs: 4, BatchSize: 16},
		Adjuster:   adjuster.Options{Iterations: 6, Candidates: 2},
		Condition:  adjuster.Condition{Epsilon: 5},
		Validation: 0.25,
		Seed:       1,
	}
}

// A batch like the data so far changes nothing; a new class leads to another model, swapped in
// while requests go on, each of which is answered.
func TestReceive(t *testing.T) {
	ctx := context.Background()
	s, err := Start(ctx, colours(t, 40, 0, 0, 1), config())
	if err != nil {
		t.Fatal(err)
	}
	first := s.Model()
	test := colours(t, 2, 9, 0, 1, 2)
	running := startClients(s, test)
	decision, outcome, err := s.Receive(ctx, colours(t, 8, 5, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if decision.Adjust || outcome != nil || s.Model() != first {
		t.Errorf("more of the same: %+v, model changed: %v", decision, s.Model() != first)
	}
	if s.reading.Added.Total != 16 || s.now.Count() != s.base.Count()+16 {
		t.Errorf("%d images tallied, %d beside %d in the moments", s.reading.Added.Total, s.now.Count(),
			s.base.Count())
	}
	decision, outcome, err = s.Receive(ctx, colours(t, 40, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := running.stop(); err != nil {
		t.Errorf("while the model was changed: %v", err)
	}
	if running.answered.Load() == 0 {
		t.Error("no request was answered")
	}
	if !decision.Adjust || outcome == nil || outcome.Action != adjuster.Adjusted {
		t.Fatalf("a new class: %+v, %+v", decision, outcome)
	}
	if outcome.Reading.Distance <= 0 {
		t.Errorf("distance %v", outcome.Reading.Distance)
	}
	now := s.Model()
	if now == first || now.Classes() != 3 || first.Classes() != 2 || now.Arch() != outcome.After {
		t.Errorf("serving %d classes and %v, before %d; outcome %v", now.Classes(), now.Arch(),
			first.Classes(), outcome.After)
	}
	// The new model is the reference from now on.
	if r := s.reading; r.Added.Total != 0 || r.Reference.Total != 80+16+40 || r.Distance != 0 ||
		s.now.Version() == "model 1" {
		t.Errorf("reading after the change: %+v, moments of %q", r, s.now.Version())
	}
	if _, _, err := s.Receive(ctx, colours(t, 2, 3, 0, 1, 2)); err != nil {
		t.Errorf("the batch after: %v", err)
	}
}

// Data that do not fit are refused and change nothing.
func TestReceiveRefuses(t *testing.T) {
	ctx := context.Background()
	s, err := Start(ctx, colours(t, 20, 0, 0, 1), config())
	if err != nil {
		t.Fatal(err)
	}
	small, err := dataset.FromPixels(8, []string{"red", "green", "blue"}, []int{0}, make([]uint8, 64))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Receive(ctx, small); err == nil {
		t.Error("images of another size were taken in")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.Receive(cancelled, colours(t, 4, 0, 0)); err == nil {
		t.Error("received with a cancelled context")
	}
	if s.data.Len() != 40 || s.now.Count() != 40 || s.reading.Added.Total != 0 {
		t.Errorf("refused data left traces: %d images, %d in the moments, %+v", s.data.Len(), s.now.Count(),
			s.reading)
	}

	post := func(method string, body []byte) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/", bytes.NewReader(body)))
		return w
	}
	img, err := data.Picture(colours(t, 1, 9, 1), 0)
	if err != nil {
		t.Fatal(err)
	}
	w := post(http.MethodPost, encode(t, img))
	var a answer
	if err := json.NewDecoder(w.Body).Decode(&a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d: %v", w.Code, err)
	}
	if (a.Class != "red" && a.Class != "green") || a.Probability < 0.5 || a.Probability > 1 {
		t.Errorf("answer %+v", a)
	}
	if w := post(http.MethodPost, []byte("no image")); w.Code != http.StatusBadRequest ||
		!strings.Contains(w.Body.String(), "image") {
		t.Errorf("text posted: %d %s", w.Code, w.Body)
	}
	if w := post(http.MethodGet, nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func encode(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The stream starts with some classes, repeats them, then brings the others.
func TestBatches(t *testing.T) {
	var labels []int
	for i := range 200 {
		labels = append(labels, i%10)
	}
	names := strings.Split("abcdefghij", "")
	ds, err := dataset.FromPixels(1, names, labels, make([]uint8, 200))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := batches(ds, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]int{{4, 40}, {4, 20}, {6, 20}, {10, 40}} // classes up to, images
	if len(stream) != len(want) {
		t.Fatalf("%d batches, want %d", len(stream), len(want))
	}
	for k, b := range stream {
		if classesIn(b) != want[k][0] || b.Len() != want[k][1] {
			t.Errorf("batch %d: classes up to %d, %d images; want %v", k, classesIn(b), b.Len(), want[k])
		}
	}
}

// Mistakes end the program before anything is trained.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-images", "-1"}, {"-images", "x"}, {"stray"}, {"-out", "x"}} {
		var out, errs strings.Builder
		if code := program().Start(t.Context(), args,
			run.Streams{Out: &out, Err: &errs}); code != run.ExitUsage || errs.Len() == 0 {
			t.Errorf("%v: exit code %d, %q", args, code, errs.String())
		}
	}
}
