package data

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Whatever changes in data changes its part of the fingerprint and nothing else.
func TestFingerprint(t *testing.T) {
	type set struct {
		names  []string
		labels []int
		pixels []uint8
	}
	part := func() set { return set{[]string{"a", "b"}, []int{0, 1, 1}, []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9}} }
	of := func(train, test set) Fingerprint {
		t.Helper()
		var sets [2]dataset.Dataset
		for i, s := range []set{train, test} {
			var err error
			if sets[i], err = dataset.FromPixels(1, s.names, s.labels, s.pixels); err != nil {
				t.Fatal(err)
			}
		}
		f, err := FingerprintOf(t.Context(), sets[0], sets[1])
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	want := of(part(), part())
	if want.Training != want.Test || want.Training.Images != 3 || want.Training.Size != 1 {
		t.Errorf("%+v", want)
	}
	for name, c := range map[string]struct {
		change func(s *set)
		undo   func(p *Part)
	}{
		"none":  {func(*set) {}, func(*Part) {}},
		"label": {func(s *set) { s.labels[2] = 0 }, func(p *Part) { p.Labels = want.Test.Labels }},
		"pixel": {func(s *set) { s.pixels[8]++ }, func(p *Part) { p.Pixels = want.Test.Pixels }},
		"order": {func(s *set) { slices.Reverse(s.pixels) }, func(p *Part) { p.Pixels = want.Test.Pixels }},
		"fewer": {func(s *set) { s.labels, s.pixels = s.labels[:2], s.pixels[:6] }, func(p *Part) { *p = want.Test }},
	} {
		changed := part()
		c.change(&changed)
		for where, got := range map[string]Fingerprint{"training": of(changed, part()), "test": of(part(), changed)} {
			if cmp.Equal(want, got) != (name == "none") {
				t.Errorf("%s, %s: %+v", name, where, got)
			}
			if where == "training" {
				c.undo(&got.Training)
			} else {
				c.undo(&got.Test)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, %s: more changed (-want +got):\n%s", name, where, d)
			}
		}
	}
	renamed := part()
	renamed.names = []string{"a", "c"}
	got := of(renamed, renamed)
	if got.Classes[1] != "c" || got.Training != want.Training {
		t.Errorf("renamed: %+v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	ds, err := dataset.FromPixels(1, []string{"a"}, []int{0}, []uint8{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FingerprintOf(ctx, ds, ds); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, expected that it was interrupted", err)
	}
}
