package adjuster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

// contests is a shop that listens to everything, and whose contests end as the snapshot has it.
type contests struct{ comparing }

func (c contests) Keep(ctx context.Context) error { return keeping{c.shop}.Keep(ctx) }

// newContests is five snapshots: the fourth finds nothing that is better.
func newContests(t testing.TB) *shop {
	l := newShop(t)
	c := contests{comparing{l, nil}}
	c.contest = newPanel(20, func(a searchspace.Arch) float64 {
		if a == l.serving {
			return 0.5
		}
		return 0.5 + map[int]float64{2: 0.4, 3: -0.2}[l.at]
	})
	c.contest.noise = 0
	c.contest.fail = func(call int) error {
		if call%40 == 13 {
			return l.note("compare")
		}
		return nil
	}
	l.as = c
	return l
}

// crashing has a shop fail the first time that anything is asked of it in a snapshot.
func crashing(l *shop) (crash error, reopened *int) {
	crash = errors.New("crash")
	stopped := map[string]bool{}
	l.stop = func(call string) error {
		key := fmt.Sprint(l.at, strings.Fields(call)[0])
		if !stopped[key] {
			stopped[key] = true
			return crash
		}
		return nil
	}
	return crash, new(int)
}

// Snapshots with contests, interrupted wherever they can be and opened again from the checkpoint
// each time, end in the same outcomes; and so do those of an expert that remembers two of them, as
// far as it does.
func TestContestsAndSummariesResume(t *testing.T) {
	ref := newContests(t)
	first, err := NewExpert(newAdjuster(t, ref.space, expertOptions()), nil)
	if err != nil {
		t.Fatal(err)
	}
	first = advanceAll(t, ref, first, func(err error) *Expert { t.Fatal(err); return nil })
	all := first.Outcomes()
	want := Summary{First: 1, Kept: 2, Adjusted: 1, Refused: 1}
	if !maps.Equal(first.Summary(), want) || all[3].Action != Refused || all[3].After != all[2].After {
		t.Fatalf("%v, at the fourth %s", first.Summary(), all[3].Action)
	}
	for _, remember := range []int{0, 2, -1} {
		l := newContests(t)
		crash, reopened := crashing(l)
		o := expertOptions()
		o.Retries, o.CheckpointEvery = -1, 3
		eo := &ExpertOptions{Checkpoint: filepath.Join(t.TempDir(), "expert.ckpt"), Remember: remember}
		e, err := NewExpert(newAdjuster(t, l.space, o), eo)
		if err != nil {
			t.Fatal(err)
		}
		e = advanceAll(t, l, e, func(err error) *Expert {
			if !errors.Is(err, crash) {
				t.Fatal(err)
			}
			*reopened++
			again, err := LoadExpert(eo.Checkpoint, &Options{CheckpointEvery: 3}, eo)
			if err != nil {
				t.Fatal(err)
			}
			return again
		})
		if *reopened != 2+2+7+7+2 {
			t.Errorf("reopened %d times", *reopened)
		}
		kept := all
		switch remember {
		case 2:
			kept = all[3:]
		case -1:
			kept = nil
		}
		if again, err := LoadExpert(eo.Checkpoint, nil, eo); err != nil {
			t.Error(err)
		} else {
			for _, e := range []*Expert{e, again} {
				if len(e.Outcomes()) != len(kept) || e.Step() != 5 || !maps.Equal(e.Summary(), want) {
					t.Errorf("remember %d: %d outcomes of %d snapshots, %v", remember, len(e.Outcomes()), e.Step(), e.Summary())
				}
				for i, o := range e.Outcomes() {
					if d := cmp.Diff(kept[i], o, compareArchs); d != "" {
						t.Errorf("remember %d: %s", remember, d)
					}
				}
			}
		}
	}
}

// The file of an expert that remembers little stops growing, and numbers go on.
func TestFileStopsGrowing(t *testing.T) {
	size := func(remember int) (early, late int64) {
		l := newShop(t)
		l.serving, l.at = l.space.Smallest(), 2
		path := filepath.Join(t.TempDir(), "expert.ckpt")
		e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), &ExpertOptions{Deployed: true, Remember: remember})
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 30; n++ {
			out, err := e.Adjust(t.Context(), l, shopReadings[1])
			if err != nil || out.Step != n || e.Step() != n || e.Summary().Total() != n {
				t.Fatalf("snapshot %d: %+v, %v", n, out, err)
			}
			if n != 10 && n != 30 {
				continue
			}
			if err := e.Save(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			early, late = late, info.Size()
		}
		return early, late
	}
	if early, late := size(0); late < early+20*1000 {
		t.Errorf("everything remembered: from %d to %d bytes", early, late)
	}
	if early, late := size(3); late > early+200 { // digits of numbers
		t.Errorf("three remembered: from %d to %d bytes", early, late)
	}
}

// An expert can be told to remember less later on.
func TestRememberLess(t *testing.T) {
	l := newShop(t)
	path := filepath.Join(t.TempDir(), "expert.ckpt")
	e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), &ExpertOptions{Checkpoint: path})
	if err != nil {
		t.Fatal(err)
	}
	advanceAll(t, l, e, func(err error) *Expert { t.Fatal(err); return nil })
	less, err := LoadExpert(path, nil, &ExpertOptions{Remember: 1})
	if err != nil {
		t.Fatal(err)
	}
	if o := less.Outcomes(); len(o) != 1 || o[0].Step != 5 || less.Step() != 5 || !maps.Equal(less.Summary(), e.Summary()) || less.Arch() != e.Arch() {
		t.Errorf("%d outcomes, %v", len(o), less.Summary())
	}
	if len(e.Outcomes()) != 5 {
		t.Errorf("%d outcomes in memory", len(e.Outcomes()))
	}
}
