package search

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// saved is what a process that is killed leaves behind.
type saved struct {
	state State[float64]
	best  searchspace.Measurement
}

// measured are the architectures that a state has measurements of.
func (s saved) measured() map[searchspace.Arch]bool {
	out := map[searchspace.Arch]bool{}
	for _, r := range s.state.Records {
		out[r.Arch] = out[r.Arch] || r.Measured()
	}
	for _, o := range s.state.Open {
		out[o.Result.Arch] = out[o.Result.Arch] || o.Done && o.Result.Measured()
	}
	return out
}

// Killed after any result, and continued from the last save, a search ends in the same history and
// measures nothing twice.
func TestKilledAnywhere(t *testing.T) {
	space := testSpace(t)
	for _, c := range []struct {
		per    int
		o      Options
		replay bool
	}{
		{5, Options{Workers: 1}, false},
		{5, Options{Workers: 3}, false},
		{5, Options{Workers: 3}, true},
		{1, Options{Workers: 3, Window: 4}, true},
		{2, Options{Workers: 2, Window: 3}, true},
		{1, Options{Workers: 3, Window: 3, Unordered: true}, true},
	} {
		c.o.Retries, c.o.Failures, c.o.Steps = -1, 1<<20, 14
		fail := func(a searchspace.Arch, _ int) error { return sometimes(a, 2) } // for good or not at all
		var loop *Loop[float64]
		var strategy *climber
		var saves []saved
		o := c.o
		o.Save = func() error {
			s := loop.State()
			saves = append(saves, saved{throughFile(t, floatCodec(space), s), strategy.best})
			return nil
		}
		strategy = &climber{space: space, per: c.per}
		first := &bench{fail: fail}
		loop = newLoop(t, Strategy[float64](strategy), first.evaluate, o)
		want := run(t, loop, searchspace.StatusFinished)
		if len(saves) < first.total {
			t.Fatalf("%+v: %d saves for %d evaluations", c, len(saves), first.total)
		}
		for i, s := range saves {
			again := &climber{space: space, per: c.per}
			b := &bench{fail: fail}
			loop := newLoop(t, Strategy[float64](again), b.evaluate, c.o)
			var err error
			if c.replay {
				err = loop.Replay(t.Context(), s.state)
			} else {
				again.best = s.best
				err = loop.Restore(s.state)
			}
			if err != nil {
				t.Fatalf("%+v: save %d: %v", c, i, err)
			}
			got := run(t, loop, searchspace.StatusFinished)
			if c.o.Unordered {
				if n := len(s.state.Records); len(got) != len(want) || !cmp.Equal(s.state.Records, got[:n], compareArchs) {
					t.Errorf("%+v: save %d: %d records that do not go on from the %d saved", c, i, len(got), n)
				}
			} else if d := cmp.Diff(want, got, compareArchs); d != "" {
				t.Fatalf("%+v: save %d: %s", c, i, d)
			}
			known := s.measured()
			for a, n := range b.calls {
				if known[a] || n > 1 && fail(a, 1) == nil {
					t.Errorf("%+v: save %d: %v measured %d times, known before: %v", c, i, a, n, known[a])
				}
			}
		}
	}
}

// Stopped at any evaluation, in the same process or through a file, a search goes on to the same
// history.
func TestInterruptedAnywhere(t *testing.T) {
	space := testSpace(t)
	reference := newLoop(t, Strategy[float64](&climber{space: space, per: 3}), (&bench{}).evaluate, Options{Steps: 12})
	want := run(t, reference, searchspace.StatusFinished)
	for stop := 1; stop <= reference.Distinct(); stop += 2 {
		for _, through := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			b := &bench{}
			b.fail = func(searchspace.Arch, int) error {
				if b.count() >= stop {
					cancel()
				}
				return ctx.Err()
			}
			strategy := &climber{space: space, per: 3}
			loop := newLoop(t, Strategy[float64](strategy), b.evaluate, Options{Steps: 12, Workers: 2})
			status, err := loop.Run(ctx)
			cancel()
			if status != searchspace.StatusCancelled || !errors.Is(err, context.Canceled) {
				t.Fatalf("stop at %d: %v, %v", stop, status, err)
			}
			ctx, b.fail = t.Context(), nil
			if through {
				state := throughFile(t, floatCodec(space), loop.State())
				loop = newLoop(t, Strategy[float64](&climber{space: space, per: 3, best: strategy.best}), b.evaluate, Options{Steps: 12, Workers: 2})
				if err := loop.Restore(state); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(want, run(t, loop, searchspace.StatusFinished), compareArchs); d != "" {
				t.Errorf("stop at %d: %s", stop, d)
			}
		}
	}
}

// A strategy that has changed its mind is noticed.
func TestOtherProposalsAreNoticed(t *testing.T) {
	archs := several(t, 4)
	o := Options{Steps: 2, Failures: -1, Retries: -1}
	b := &bench{fail: func(a searchspace.Arch, _ int) error {
		if a == archs[3] {
			return errDevice
		}
		return nil
	}}
	loop := newLoop(t, Strategy[struct{}](&script{lists: [][]searchspace.Arch{archs[:2], archs[2:]}}), b.evaluate, o)
	if _, err := loop.Run(t.Context()); !errors.Is(err, errDevice) {
		t.Fatal(err)
	}
	s := loop.State()
	other := &script{lists: [][]searchspace.Arch{archs[:2], archs[:2]}}
	loop = newLoop(t, Strategy[struct{}](other), (&bench{}).evaluate, o)
	if err := loop.Replay(t.Context(), s); err == nil {
		t.Error("replay accepted other proposals")
	}
	if loop.Step() != 0 || loop.Distinct() != 0 {
		t.Errorf("a failed replay left %d steps behind", loop.Step())
	}
	other.told = nil
	if err := loop.Restore(s); err != nil {
		t.Fatal(err)
	}
	if status, err := loop.Run(t.Context()); err == nil || status != searchspace.StatusFailed || len(other.told) != 0 {
		t.Errorf("%v, %v", status, err)
	}
}

func TestRestoreRefusesBadStates(t *testing.T) {
	archs := several(t, 2)
	a := archs[0]
	m := searchspace.Measurement{Arch: a}
	good := Record[float64]{Step: 0, Result: Result{Arch: a, Measurement: m}}
	open := func(step int) Open { return Open{Step: step, Result: Result{Arch: a}} }
	moved := Result{Arch: archs[1], Measurement: searchspace.Measurement{Arch: archs[1], WeightVersion: 1}}
	for name, s := range map[string]State[float64]{
		"late record":      {Records: []Record[float64]{{Step: 1, Result: good.Result}}},
		"negative record":  {Records: []Record[float64]{{Step: -1, Result: good.Result}}},
		"disorder":         {Records: []Record[float64]{good, {Step: 1, Result: good.Result}, good}},
		"other arch":       {Records: []Record[float64]{{Result: Result{Arch: archs[1], Measurement: m}}}},
		"moved weights":    {Records: []Record[float64]{good}, Extra: []Result{moved}},
		"moved open":       {Records: []Record[float64]{good}, Open: []Open{{Step: 1, Done: true, Result: moved}}},
		"open told":        {Records: []Record[float64]{good}, Open: []Open{open(0)}},
		"open late":        {Records: []Record[float64]{good}, Open: []Open{open(2)}},
		"too many open":    {Open: []Open{open(0), open(1)}},
		"waits for nobody": {Open: []Open{{Result: Result{Arch: a, Cached: true}}}},
		"more values": {Records: []Record[float64]{good, {Step: 1, Result: Result{Arch: archs[1], Values: []float64{1},
			Measurement: searchspace.Measurement{Arch: archs[1]}}}}},
	} {
		loop := newLoop(t, Strategy[float64](&climber{space: testSpace(t), per: 1}), (&bench{}).evaluate, Options{})
		if err := loop.Restore(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if loop.Step() != 0 || loop.Distinct() != 0 || len(loop.State().Open) != 0 {
			t.Errorf("%s: left %d steps behind", name, loop.Step())
		}
	}
	loop := newLoop(t, Strategy[float64](&climber{space: testSpace(t), per: 1}), (&bench{}).evaluate, Options{Window: 2})
	if err := loop.Restore(State[float64]{Records: []Record[float64]{good}}); err == nil {
		t.Error("restored a window of two")
	}
	loop = newLoop(t, Strategy[float64](&climber{space: testSpace(t), per: 1}), (&bench{}).evaluate, Options{Steps: 1})
	run(t, loop, searchspace.StatusFinished)
	if err := loop.Restore(State[float64]{}); err == nil {
		t.Error("restored into a loop that has run")
	}
}

func TestCodecKeepsEverything(t *testing.T) {
	space := testSpace(t)
	archs := several(t, 3)
	m := searchspace.Measurement{Arch: archs[0], Text: space.Format(archs[0]), Accuracy: 0.25, Loss: 1e300, Correct: 5, Samples: 20, Unknown: 4, Stage: -3,
		WeightVersion: 1<<64 - 1, Recalibrated: true}
	plain := searchspace.Measurement{Arch: archs[1]}
	s := State[float64]{
		Records: []Record[float64]{
			{Step: 0, Result: Result{Arch: archs[0], Measurement: m, Values: []float64{1, 2}, Attempts: 3}, Note: 4},
			{Step: 0, Result: Result{}, Note: -1},
			{Step: 1, Result: Result{Arch: archs[0], Measurement: m, Values: []float64{1, 2}, Cached: true}, Note: 4},
			{Step: 1, Result: Result{Arch: archs[2], Attempts: 2, Failure: "device löst\x00"}},
			{Step: 2, Result: Result{Arch: archs[1], Measurement: plain, Values: []float64{0, 0}, Attempts: 1, Cached: false}},
			{Step: 2, Result: Result{Arch: archs[2], Cached: true, Failure: "x"}},
		},
		Open: []Open{
			{Step: 3, Result: Result{Arch: archs[2]}},
			{Step: 3, Result: Result{Arch: archs[2], Cached: true}},
			{Step: 3, Done: true, Result: Result{Arch: archs[0], Measurement: m, Values: []float64{1, 2}, Cached: true}},
			{Step: 4, Done: true, Result: Result{Arch: archs[1], Attempts: 1, Failure: "y"}},
			{Step: 5, Done: true},
		},
		Extra:     []Result{{Arch: archs[1], Measurement: plain, Values: []float64{3, 4}, Attempts: 1}},
		Exhausted: true,
	}
	if d := cmp.Diff(s, throughFile(t, floatCodec(space), s), compareArchs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(State[float64]{}, throughFile(t, floatCodec(space), State[float64]{}), compareArchs); d != "" {
		t.Error(d)
	}
	other := Codec[float64]{Decisions: len(space.Decisions()), Check: func(a searchspace.Arch) error {
		if a == archs[2] {
			return searchspace.ErrInvalid
		}
		return nil
	}, Numbers: 1, Put: floatCodec(space).Put, Get: floatCodec(space).Get}
	tensors := map[string]checkpoint.Tensor{}
	other.PutState(tensors, "x", s)
	if _, err := other.GetState(tensors, "x"); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("architecture of another space: %v", err)
	}
	for _, name := range []string{"x/told", "x/extra"} {
		c := floatCodec(space)
		tensors := map[string]checkpoint.Tensor{}
		c.PutState(tensors, "x", s)
		tensors[name+"/flags"].Data.([]uint8)[0] &^= flagDone
		if _, err := c.GetState(tensors, "x"); err == nil {
			t.Errorf("%s: a row without its result was read", name)
		}
	}
}

// FuzzCodec reads columns of any content: an error, or a state that is written and read back as it
// is.
func FuzzCodec(f *testing.F) {
	space := testSpace(f)
	c := floatCodec(space)
	c.Check = nil
	archs := several(f, 2)
	tensors := map[string]checkpoint.Tensor{}
	c.PutRecords(tensors, "x/told", []Record[float64]{
		{Step: 0, Result: Result{Arch: archs[0], Attempts: 1, Measurement: searchspace.Measurement{Arch: archs[0], Text: "t"}, Values: []float64{1}}},
		{Step: 1, Result: Result{Arch: archs[1], Attempts: 2, Failure: "lost"}},
	})
	var ints []byte
	for _, v := range tensors["x/told/integers"].Data.([]int64) {
		ints = append(ints, byte(v))
	}
	bytesOf := func(column string) []byte { return tensors["x/told/"+column].Data.([]byte) }
	f.Add(bytesOf("choices"), bytesOf("flags"), ints, bytesOf("failures"), 2, 4, uint8(0))
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, 0, 3, uint8(1))
	unfinished := slices.Clone(bytesOf("flags"))
	unfinished[0] &^= flagDone // a record without its result
	f.Add(bytesOf("choices"), unfinished, ints, bytesOf("failures"), 2, 4, uint8(0))
	f.Add([]byte{1}, []byte{63}, []byte{255}, []byte("a"), -1, 2, uint8(2))
	f.Fuzz(func(t *testing.T, choices, flags, small, failures []byte, n, width int, where uint8) {
		if n > 1<<10 || n < 0 || width < 0 || width > 1<<10 {
			return
		}
		ints := make([]int64, len(small))
		for i, b := range small {
			ints[i] = int64(int8(b)) // negative ones too
		}
		numbers := make([]float64, n*width)
		for i := range numbers {
			numbers[i] = float64(i)
		}
		name := []string{"x/told", "x/open", "x/extra"}[where%3]
		tensors := map[string]checkpoint.Tensor{
			name + "/choices":  checkpoint.Of([]int{n, c.Decisions}, choices),
			name + "/flags":    checkpoint.Of([]int{len(flags)}, flags),
			name + "/integers": checkpoint.Of([]int{n, integers}, ints),
			name + "/numbers":  checkpoint.Of([]int{n, width}, numbers),
			name + "/failures": checkpoint.Of([]int{len(failures)}, failures),
		}
		s, err := c.GetState(tensors, "x")
		if err != nil {
			return
		}
		back := map[string]checkpoint.Tensor{}
		c.PutState(back, "x", s)
		again, err := c.GetState(back, "x")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s, again, compareArchs); d != "" {
			t.Error(d)
		}
		loop := newLoop(t, Strategy[float64](&climber{space: space, per: 1}), (&bench{}).evaluate, Options{Stale: StaleKeep})
		_ = loop.Restore(s) // whatever it says, it does not panic
	})
}

// The state that a search saves does not change with the map order or anything else.
func TestStateIsDeterministic(t *testing.T) {
	space := testSpace(t)
	write := func() []byte {
		loop := newLoop(t, Strategy[float64](&climber{space: space, per: 4}), (&bench{fail: sometimes}).evaluate, Options{Steps: 6, Workers: 3, Failures: 99})
		run(t, loop, searchspace.StatusFinished)
		tensors := map[string]checkpoint.Tensor{}
		floatCodec(space).PutState(tensors, "s", loop.State())
		var file bytes.Buffer
		if err := checkpoint.Encode(&file, "test", 1, nil, tensors); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	if !slices.Equal(write(), write()) {
		t.Error("two runs save different files")
	}
}
