package growth

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// Every phase that is shown has its place in the plan, so that the time left of the run can be
// told; wall times are booked by kind.
func TestPlanAndClock(t *testing.T) {
	place := t.TempDir()
	if err := stripes.Write(place, 12, 240, 80); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	j := run.NewJob("", progress.New(&out, &progress.Options{Bar: true, Columns: 200,
		Interval: time.Nanosecond}), nil)
	r, err := Program().Call(t.Context(), j, strings.Fields("-width 0.2 -volumes 50,100 -val 0.25 -always -supernet-epochs 2 -supernet-later-epochs 2 "+
		"-supernet-steps 8 -supernet-batch 16 -retrain-epochs 2 -retrain-later-epochs 2 -retrain-steps 10 -retrain-batch 16 "+
		"-iterations 6 -candidates 2 -reward-images 12 -calibration 24 -data "+place))
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"supernet 1/2", "retrain 1/2", "supernet 2/2", "adjuster 2/2",
		"retrain 2/2"} {
		i := strings.LastIndex(out.String(), title)
		if i < 0 {
			t.Errorf("%s was not shown", title)
			continue
		}
		if picture, _, _ := strings.Cut(out.String()[i:], "\r"); !strings.Contains(picture, "all ") {
			t.Errorf("no time left of the run in %q", picture)
		}
	}
	first, second := r.Snapshots[0].Seconds, r.Snapshots[1].Seconds
	for _, kind := range []string{SecondsSupernet, SecondsRetrain, SecondsTotal} {
		if !(first[kind] > 0) {
			t.Errorf("first snapshot: %s %v s", kind, first[kind])
		}
	}
	for _, kind := range []string{SecondsMeasure, SecondsSupernet, SecondsAdjuster, SecondsRetrain} {
		if !(second[kind] > 0) || second[kind] >= second[SecondsTotal] {
			t.Errorf("second snapshot: %s %v s of %v", kind, second[kind], second[SecondsTotal])
		}
	}
	if first[SecondsAdjuster] != 0 {
		t.Errorf("the first snapshot has no search, which took %v s", first[SecondsAdjuster])
	}
}
