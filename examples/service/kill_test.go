package main

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// contents are the files of a folder, by size and checksum: a quick one, for it is taken after
// every write. Files that known has, by size and time, are not read again; nil is nothing.
func contents(t testing.TB, dir string, known map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		state := fmt.Sprint(name, info.Size(), info.ModTime().UnixNano())
		if known[state] == "" {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
			out[name] = fmt.Sprintf("%d %08x", len(data), sum)
			if known != nil {
				known[state] = out[name]
			}
		}
		out[name] = cmp.Or(known[state], out[name])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// watching is a config that calls look after every write to the state directory, those of trainings
// and searches included.
func watching(cfg Config, look func()) Config {
	cfg.wrote = look
	recorder := supernet.RecorderFunc(func(supernet.Progress) error { look(); return nil })
	cfg.Supernet.Recorder, cfg.Retrain.Recorder = recorder, recorder
	cfg.Adjuster.Recorder = recorderFunc(func(adjuster.Progress) error { look(); return nil })
	return cfg
}

type recorderFunc func(adjuster.Progress) error

func (f recorderFunc) Record(p adjuster.Progress) error { return f(p) }

// live has a service of a folder receive what it has not had yet of a stream, and puts the model
// before back after one of them.
func live(t testing.TB, dir string, cfg Config, stream []dataset.Dataset, rollbackAfter int) {
	t.Helper()
	s := open(t, dir, cfg)
	if _, err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		k := s.Batches()
		if w := s.serving.Load(); k == rollbackAfter && w.trained > s.previous.trained {
			if err := s.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if k == len(stream) {
			return
		}
		receive(t, s, stream[k])
	}
}

// Killed at every moment at which its state directory looks as it never did before, a service ends
// with the same files as one that was left alone, to the last bit.
func TestKilledAnywhere(t *testing.T) {
	stream := []dataset.Dataset{colours(t, 8, 0, "red", "green"), colours(t, 4, 10, "green", "red"),
		colours(t, 8, 0, "blue"), colours(t, 4, 10, "blue", "white", "red")}
	every := 1
	if testing.Short() {
		every = 25
	}
	cfg := tiny()
	// More epochs and iterations would leave much the same traces.
	cfg.Supernet.Epochs, cfg.Retrain.Epochs, cfg.Adjuster.Iterations = 1, 2, 3
	killed(t, cfg, stream, 3, every)
}

// The same where networks begin with published weights: their files are large, so kills are few.
func TestPretrainedKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("the networks are large, and the program is that of TestKilledAnywhere")
	}
	stream := []dataset.Dataset{colours(t, 8, 0, "red", "green"), colours(t, 8, 10, "blue", "white", "red")}
	cfg := tiny()
	cfg.Pretrained, cfg.Inherited, cfg.Retrain.FrozenStages = true, 0.5, []int{0, 1, 2}
	cfg.Retrain.Epochs, cfg.Retrain.LR = 1, 0.01
	cfg.Supernet.Epochs, cfg.Supernet.LR, cfg.Adjuster.Iterations, cfg.Trial = 1, 0.01, 3, 0
	s := killed(t, cfg, stream, -1, 8)
	for _, m := range []*supernet.Model{s.Model(), s.previous.model} {
		if m.Space().Name() != "efficientnetlite" {
			t.Errorf("a model of family %s serves", m.Space().Name())
		}
	}
	if o := s.expert.Outcomes(); len(o) != 2 || o[1].Search == nil {
		t.Errorf("outcomes %+v, expected a search after the second batch", o)
	}
}

// killed kills a service that receives a stream at every so many moments, and returns it as it
// ends.
func killed(t *testing.T, cfg Config, stream []dataset.Dataset, rollbackAfter, every int) *Service {
	t.Helper()
	whole := t.TempDir()
	live(t, whole, cfg, stream, rollbackAfter)
	dir, seen, known, kills := t.TempDir(), map[string]bool{}, map[string]string{}, 0
	for ended := false; !ended && !t.Failed() && kills < 500; {
		over := make(chan bool, 2)
		look := func() {
			key := fmt.Sprint(contents(t, dir, known))
			if seen[key] {
				return
			}
			seen[key] = true
			if len(seen)%every == 0 {
				over <- false
				select {} // dead: a panic or the end of the goroutine would be noticed and answered
			}
		}
		go func() {
			defer func() { over <- true }() // also where the test has failed
			live(t, dir, watching(cfg, look), stream, rollbackAfter)
		}()
		if ended = <-over; !ended {
			kills++
		}
	}
	t.Logf("killed %d times", kills)
	if d := gocmp.Diff(contents(t, whole, nil), contents(t, dir, nil)); d != "" {
		t.Errorf("killed %d times it ends otherwise (-whole +killed):\n%s", kills, d)
	}
	return open(t, dir, cfg)
}
