package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(program().Start)

// Mistakes end the program before anything is trained.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-images", "-1"}, {"-images", "0"}, {"-images", "x"}, {"stray"},
		{"-out", "x"}, {"-queue", "0"}, {"-epochs", "0"}, {"-size", "32"}, {"-width", "-1"},
		{"-max-images", "-1"}, {"-inherit", "all"}} {
		if code, _, errs := start.Run(t, args...); code != run.ExitUsage || errs == "" {
			t.Errorf("%v: exit code %d, %q", args, code, errs)
		}
	}
}

// A port that is taken ends the program before anything is trained.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, flag := range []string{"-listen", "-admin"} {
		dir := filepath.Join(t.TempDir(), "state")
		code, out, errs := start.Run(t, flag, l.Addr().String(), "-state", dir)
		if code != run.ExitError || !strings.Contains(errs, "in use") || out != "" {
			t.Errorf("%s: exit code %d, %q, %q", flag, code, out, errs)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: a state directory was begun", flag)
		}
	}
}

// SIGTERM in the middle of a training saves it, and the next start goes on.
func TestTerminated(t *testing.T) {
	dir := t.TempDir()
	queue := filepath.Join(dir, queueFolder)
	if err := os.Mkdir(queue, 0o755); err != nil {
		t.Fatal(err)
	}
	batch := packed(t, colours(t, 40, 0, "red", "green"))
	if err := os.WriteFile(filepath.Join(queue, "batch-00000001.tar"), batch, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"-state", dir, "-admin", "127.0.0.1:0", "-listen", "127.0.0.1:0", "-width", "0.25",
		"-size", "16", "-epochs", "8"}
	code, errs := runtest.SignalWhen(t, syscall.SIGTERM, filepath.Join(dir, "supernet-1.part"), 0, args...)
	if code != run.ExitTerminated || !strings.Contains(errs, "start it again with -state "+dir) {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "supernet-1.part")); err != nil {
		t.Errorf("the training was not saved: %v", err)
	}
	code, errs = runtest.SignalWhen(t, syscall.SIGTERM, filepath.Join(dir, "base-3.ckpt"), 0, args...)
	if code != run.ExitTerminated {
		t.Errorf("exit code %d, %q", code, errs)
	}
	code, _, errs = start.Run(t, append(args, "-width", "0.5")...)
	if code != run.ExitError || !strings.Contains(errs, "other settings") {
		t.Errorf("other settings: exit code %d, %q", code, errs)
	}
}

// A demonstration does not add its images to those that were sent, taken in or waiting.
func TestNoDemoOnOthersImages(t *testing.T) {
	c := program().Defaults()
	c.Pretrained, c.Size = true, 16
	for name, begin := range map[string]func(s *Service) error{
		"taken in": func(s *Service) error {
			return s.observe(t.Context(), colours(t, 10, 0, "red", "green"), "batch-00000001.tar")
		},
		"waiting": func(s *Service) error {
			q, err := openQueue(s.store.path(queueFolder), 1, "")
			if err != nil {
				return err
			}
			batch := packed(t, colours(t, 10, 0, "red", "green"))
			return q.put(bytes.NewReader(batch), func(string) error { return nil })
		},
	} {
		dir := t.TempDir()
		if err := begin(open(t, dir, c.config(nil))); err != nil {
			t.Fatal(err)
		}
		before := contents(t, dir, nil)
		code, out, errs := start.Run(t, "-state", dir, "-pretrained", "-size", "16", "-listen", "127.0.0.1:0")
		if code != run.ExitError || out != "" || !strings.Contains(errs, dir) || !strings.Contains(errs, "-admin") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, out, errs)
		}
		after := contents(t, dir, nil)
		delete(after, ".lock")
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("%s: the state changed (-before +after):\n%s", name, d)
		}
	}
}

// The demonstration tells what it does, and goes on with the batch where it was interrupted.
func TestDemo(t *testing.T) {
	cfg := tiny()
	cfg.Space.InputSize, cfg.Compare, cfg.Trial, cfg.Retrain.Epochs, cfg.Supernet.Epochs = 28, false, 0, 1, 1
	dir := t.TempDir()
	var out strings.Builder
	var found served
	for range 2 {
		s, again := open(t, dir, cfg), found
		plain := progress.New(&out, &progress.Options{Plain: true})
		if err := demo(t.Context(), plain, s, 10, &found); err != nil {
			t.Fatal(err)
		}
		if again.Model != "" && (found.Searches != 0 || found.Model != again.Model) {
			t.Errorf("done again: %+v, before %+v", found, again)
		}
	}
	text := out.String()
	if n := strings.Count(text, "batch "); n != 4 || !strings.Contains(text, "serving 4 classes") ||
		strings.Count(text, "test images right") != 2 || found.Model == "" {
		t.Errorf("%+v\n%s", found, text)
	}
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
	want := []struct {
		classes string
		images  int
	}{{"abcd", 40}, {"abcd", 20}, {"ef", 20}, {"ghij", 40}}
	if len(stream) != len(want) {
		t.Fatalf("%d batches, want %d", len(stream), len(want))
	}
	for k, b := range stream {
		here, err := present(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(here.Classes(), ""); got != want[k].classes || b.Len() != want[k].images {
			t.Errorf("batch %d: classes %s, %d images; want %+v", k, got, b.Len(), want[k])
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, program(), nil) }
