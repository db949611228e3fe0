package growth

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stopper ends a context at the second line of progress that begins with a title.
type stopper struct {
	title string
	stop  context.CancelFunc
	seen  int
}

func (s *stopper) Write(p []byte) (int, error) {
	if strings.HasPrefix(strings.TrimSpace(string(p)), s.title+" ") {
		if s.seen++; s.seen == 2 {
			s.stop()
		}
	}
	return len(p), nil
}

// TestInterruptedInEveryPhase stops runs while each kind of work is under way.
func TestInterruptedInEveryPhase(t *testing.T) {
	// Each training has a few steps, more than one.
	few := func(args []string, more ...string) []string {
		return append(args, append([]string{"-volumes", "20,50", "-supernet-epochs", "1", "-supernet-steps", "4",
			"-retrain-epochs", "1", "-retrain-later-epochs", "1", "-retrain-steps", "5", "-iterations", "6"},
			more...)...)
	}
	for name, c := range map[string]struct {
		args   []string
		titles []string
	}{
		"contest": {few(tiny(t), "-always", "-distance", "calibrated"),
			[]string{"supernet 1/2", "retrain 1/2", "supernet 2/2", "adjuster 2/2", "trial 2/2", "retrain 2/2",
				"keep 2/2"}},
		"change": {few(tiny(t), "-always", "-compare=false", "-final-epochs", "2"),
			[]string{"retrain 2/2", "against 2/2", "final", "against-final"}},
		"pretrained": {few(tinyPretrained(t), "-always", "-trial", "0", "-against=false", "-iterations", "1",
			"-candidates", "1", "-supernet-steps", "3", "-retrain-steps", "3"), []string{"supernet 2/2", "keep 2/2"}},
		"scratch": {few(tiny(t), "-baseline", "scratch"),
			[]string{"adjuster 1/2", "supernet 2/2", "retrain 2/2"}},
	} {
		t.Run(name, func(t *testing.T) {
			want, dir := report(t, c.args), t.TempDir()
			for _, title := range c.titles {
				interrupt(t, title, dir, c.args)
			}
			var out bytes.Buffer
			got, err := call(t.Context(), dir, &out, c.args)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got.WithoutSeconds()); d != "" {
				t.Errorf("the interrupted run ends otherwise (-whole +interrupted):\n%s", d)
			}
			for _, title := range c.titles[:len(c.titles)-1] {
				if strings.Contains(out.String(), "  "+title+" ") {
					t.Errorf("%s was done again:\n%s", title, out.String())
				}
			}
		})
	}
}

// interrupt stops a run while the work of a title is under way.
func interrupt(t *testing.T, title, dir string, args []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &stopper{title: title, stop: cancel}
	_, err := call(ctx, dir, out, args)
	if out.seen < 2 || !errors.Is(err, context.Canceled) {
		t.Errorf("%s: got %v after %d lines, expected that it was interrupted", title, err, out.seen)
		return
	}
	if n := strings.Count(err.Error(), "snapshot"); n > 1 {
		t.Errorf("%s: the snapshot is named %d times: %v", title, n, err)
	}
}
