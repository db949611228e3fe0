package zoo_test

import (
	"fmt"
	"sync"
	"testing"

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
