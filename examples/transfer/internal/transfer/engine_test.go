package transfer

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// Steps come in the order in which they were planned: those planned before the one under way are
// taken as done when times are estimated.
func TestPlannedInOrder(t *testing.T) {
	cfg := Default()
	cfg.Data, cfg.Size = t.TempDir(), 32
	if err := stripes.Write(cfg.Data, 6, 24, 12); err != nil {
		t.Fatal(err)
	}
	for _, table := range []*Training{&cfg.Tune, &cfg.Last} {
		table.Epochs, table.MinSteps, table.Batch = 1, 1, 16
	}
	cfg.Search.Images, cfg.Search.Calibrated, cfg.Search.Loss = 2, 2, 5
	var lines bytes.Buffer
	j := run.NewJob("", progress.New(&lines, &progress.Options{Plain: true, Interval: 1}), nil)
	e, err := newEngine(t.Context(), &cfg, j)
	if err != nil {
		t.Fatal(err)
	}
	phases, err := e.planned()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, p := range phases {
		want = append(want, p.Name)
	}
	lines.Reset()
	if err := e.steps(t.Context(), &Report{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(lines.String(), "\n") {
		if name, ok := strings.CutPrefix(line, "  "); ok { // of a phase: NAME STEP/STEPS
			got = append(got, strings.Fields(name)[0])
		}
	}
	if d := cmp.Diff(want, slices.Compact(got)); d != "" {
		t.Errorf("phases (-planned +gone through):\n%s", d)
	}
}
