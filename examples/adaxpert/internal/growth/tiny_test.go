package growth

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// tiny are settings that go through everything in about a second, on images of four classes.
func tiny(t testing.TB, more ...string) []string {
	t.Helper()
	return append(tinyAnywhere(t), append([]string{"-width", "0.2"}, more...)...)
}

// tinyPretrained are such settings for a run that starts from published weights.
func tinyPretrained(t testing.TB, more ...string) []string {
	t.Helper()
	return append(tinyAnywhere(t), append([]string{"-pretrained", "-size", "16", "-volumes", "30,100"}, more...)...)
}

func tinyAnywhere(t testing.TB) []string {
	t.Helper()
	place := t.TempDir()
	if err := stripes.Write(place, 12, 240, 80); err != nil {
		t.Fatal(err)
	}
	return strings.Fields("-volumes 20,60,100 -val 0.25 -epsilon 0.1 -trial 0.5 " +
		"-supernet-epochs 2 -supernet-later-epochs 1 -supernet-steps 8 -supernet-batch 16 " +
		"-retrain-epochs 4 -retrain-later-epochs 3 -retrain-steps 10 -retrain-batch 16 " +
		"-iterations 12 -candidates 3 -reward-images 12 -calibration 24 -adjuster-lr 0.01 -data " + place)
}

// call runs the program here. What it shows goes to out, every step of every phase on a line.
func call(ctx context.Context, dir string, out io.Writer, args []string) (*Report, error) {
	p := progress.New(out, &progress.Options{Plain: true, Interval: time.Nanosecond})
	return Program().Call(ctx, run.NewJob(dir, p, nil), args)
}

// report runs the program to its end, without a folder.
func report(t testing.TB, args []string) Report {
	t.Helper()
	r, err := call(t.Context(), "", io.Discard, args)
	if err != nil {
		t.Fatal(err)
	}
	return r.WithoutSeconds()
}

// ready is an engine at snapshot 2 of a run whose first network serves.
func ready(t *testing.T, more ...string) *engine {
	t.Helper()
	cfg, err := Program().Settings(tiny(t, more...))
	if err != nil {
		t.Fatal(err)
	}
	e, err := study(t.Context(), run.NewJob(t.TempDir(), nil, nil), &cfg, 2)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
