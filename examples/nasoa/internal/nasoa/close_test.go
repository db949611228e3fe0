package nasoa

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// A run that keeps nothing leaves nothing, interrupted or not.
func TestNothingIsLeft(t *testing.T) {
	data, temporary := t.TempDir(), t.TempDir()
	if err := stripes.Write(data, 16, 60, 24); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temporary)
	cfg, err := Program().Settings(strings.Fields("-run zoo -size 16 -known 2 -models 1 -search-population 2 " +
		"-search-block 1 -search-macro 1 -search-images 16 -search-batch 8 -search-layout 0-_8_1-1-1-1 " +
		"-search-channels 8 -search-blocks 1 -pretrain-epochs 3 -pretrain-batch 8 -tune-batch 8 -data " + data))
	if err != nil {
		t.Fatal(err)
	}
	for _, stopped := range []bool{false, true} {
		ctx, stop := context.WithCancel(t.Context())
		out := &stopper{stop: stop}
		if !stopped {
			out.stop = func() {}
		}
		shown := progress.New(out, &progress.Options{Plain: true, Interval: time.Nanosecond})
		_, err := Run(ctx, run.NewJob("", shown, nil), &cfg)
		if errors.Is(err, context.Canceled) != stopped {
			t.Errorf("stopped %v: %v", stopped, err)
		}
		if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
			t.Errorf("stopped %v: it leaves %v, %v", stopped, left, err)
		}
		stop()
	}
}

// stopper calls stop when pretraining has begun.
type stopper struct{ stop func() }

func (s *stopper) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("pretrain ET-A")) {
		s.stop()
	}
	return len(p), nil
}
