package zoo_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

// What was described is there from then on, although others read the index that was before.
func TestReloadBesideChanges(t *testing.T) {
	z := open(t, t.TempDir(), nil)
	e := zoo.Entry{Space: space(t).Spec(), Arch: "0-_16_1-1-1-1"}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if err := z.Reload(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for i := range 30 {
		e.Name = fmt.Sprint(i)
		if err := z.Describe(e); err != nil {
			t.Error(err)
		}
		for range 200 {
			if _, err := z.Find(e.Name); err != nil {
				t.Error(err)
				break
			}
		}
	}
	close(done)
	wg.Wait()
}

// What a caller does to a description that it has got, or given, stays with the caller.
func TestEntriesAreCopies(t *testing.T) {
	z := open(t, t.TempDir(), nil)
	e := zoo.Entry{Name: "x", Arch: "0-_16_1-1-1-1", Space: space(t).Spec(), Classes: []string{"a", "b", "c"}}
	e.Space.Restrictions = []searchspace.Restriction{{Decisions: []string{"stem"}, Keep: []int{0}}}
	e.Space.Limits = []searchspace.CostLimit{{Of: searchspace.CostTerms, Terms: []searchspace.Term{{
		Decisions: []int{1}, Table: []float64{2}}}}}
	e.SetStep(zoo.Timing{Batch: 1, InputSize: 32, Seconds: 1})
	if err := z.Describe(e); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%+v", z.Entries())
	for _, mine := range [][]zoo.Entry{{e}, z.Entries()} {
		m := mine[0]
		m.Space.Restrictions[0].Decisions[0], m.Space.Restrictions[0].Keep[0] = "changed", 9
		m.Space.Limits[0].Terms[0].Decisions[0], m.Space.Limits[0].Terms[0].Table[0] = 9, 9
		m.Classes[0], m.Steps[0].Seconds = "changed", 9
	}
	if got := fmt.Sprintf("%+v", z.Entries()); got != want {
		t.Errorf("%s, expected %s", got, want)
	}
}
