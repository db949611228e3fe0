package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// record is a finished cell.
type record struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Data    string          `json:"data,omitempty"`
	Args    []string        `json:"args"`
	Seconds float64         `json:"seconds"` // wall time, interruptions left out
	CPU     string          `json:"cpu"`
	Cores   int             `json:"cores"`
	Report  *growth.Report  `json:"report,omitempty"`
	Ranked  []growth.Ranked `json:"ranked,omitempty"`
	Learnt  []growth.Learnt `json:"learnt,omitempty"`
	Linear  *linearResult   `json:"linear,omitempty"`
}

// command is the command line that repeats a growth cell by hand.
func (r *record) command() string {
	args := append([]string{"go run ./examples/adaxpert"}, r.Args...)
	if r.Data != "" {
		args = append(args, "-data", strings.ToUpper(r.Data))
	}
	return strings.Join(args, " ")
}

func readRecords(dir string) (map[string]*record, error) {
	out := map[string]*record{}
	for _, c := range cells() {
		data, err := os.ReadFile(filepath.Join(dir, c.name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r := &record{}
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		out[c.name] = r
	}
	return out, nil
}

func writeRecord(dir string, r *record) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(filepath.Join(dir, r.Name+".json"), append(data, '\n'))
}

func (s *settings) stateDir(c cell) string { return filepath.Join(s.work, c.name) }

// runCell runs one cell to its end, or as far as the time limit lets it.
func (s *settings) runCell(ctx context.Context, c cell, out *progress.Printer, log *slog.Logger) (*record, error) {
	args := append([]string(nil), c.args...)
	if c.data != "" {
		place := *s.data[c.data]
		if place == "" {
			return nil, fmt.Errorf("needs -%s, the place of %s", c.data, dataSets()[c.data])
		}
		args = append(args, "-data", place)
	}
	cfg, err := growth.Parse("cell", args, nil, nil, os.Stderr)
	if err != nil {
		return nil, err
	}
	if s.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.limit)
		defer cancel()
	}
	r := &record{Name: c.name, Kind: c.kind, Data: c.data, Args: c.args, CPU: cpuName(), Cores: runtime.NumCPU()}
	spent, err := s.timeSpent(c)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	o := &growth.Options{Dir: s.stateDir(c), Resume: true, Out: out, Log: log}
	switch c.kind {
	case kindGrowth:
		r.Report, err = growth.Run(ctx, cfg, o)
	case kindRank:
		r.Ranked, err = growth.RankStudy(ctx, cfg, o, 12)
	case kindPolicy:
		r.Learnt, err = growth.PolicyStudy(ctx, cfg, o, 5)
	case kindLinear:
		r.Linear, err = runLinear(ctx, &cfg)
	default:
		err = fmt.Errorf("unknown kind %q", c.kind)
	}
	r.Seconds = spent + time.Since(start).Seconds()
	if err != nil {
		return nil, errors.Join(err, s.saveTime(c, r.Seconds))
	}
	return r, nil
}

// timeSpent is the wall time of earlier, interrupted tries.
func (s *settings) timeSpent(c cell) (float64, error) {
	data, err := os.ReadFile(s.timeFile(c))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var v float64
	return v, json.Unmarshal(data, &v)
}

func (s *settings) saveTime(c cell, v float64) error {
	if err := os.MkdirAll(s.stateDir(c), 0o755); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(s.timeFile(c), data)
}

func (s *settings) timeFile(c cell) string { return filepath.Join(s.stateDir(c), "spent.json") }

// cpuName is what Linux calls the processor, elsewhere its architecture.
func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if k, v, ok := strings.Cut(sc.Text(), ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return runtime.GOARCH
}
