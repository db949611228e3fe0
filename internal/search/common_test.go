package search

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

var compareArchs = cmp.Comparer(func(a, b searchspace.Arch) bool { return a == b })

func testSpace(t testing.TB) *searchspace.Space {
	t.Helper()
	s, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 4, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 4}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// climber proposes neighbours of the best so far; what it saves is the best. It keeps between Ask
// and Tell what it does not save, and writes down what happens to it.
type climber struct {
	space  *searchspace.Space
	per    int
	best   searchspace.Measurement
	asked  map[int][]searchspace.Arch
	events []event
}

type event struct {
	tell bool
	step int
}

func (c *climber) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	r := rand.New(rand.NewPCG(7, uint64(step)))
	out := make([]searchspace.Arch, c.per)
	for i := range out {
		var err error
		switch {
		case r.IntN(9) == 0:
			continue // refused by the space
		case c.best.Arch.IsZero():
			out[i], err = c.space.Sample(r)
		default:
			out[i], err = c.space.Mutate(c.best.Arch, r, searchspace.MutateOptions{})
		}
		if err != nil {
			return nil, err
		}
	}
	if c.asked == nil {
		c.asked = map[int][]searchspace.Arch{}
	}
	c.asked[step] = out
	c.events = append(c.events, event{false, step})
	return out, nil
}

func (c *climber) Tell(_ context.Context, step int, results []Result) ([]float64, error) {
	archs := make([]searchspace.Arch, len(results))
	for i, r := range results {
		archs[i] = r.Arch
	}
	if !slices.Equal(archs, c.asked[step]) {
		return nil, errors.New("told about other proposals than asked for")
	}
	c.events = append(c.events, event{true, step})
	notes := make([]float64, len(results))
	for i, r := range results {
		if r.Measurement.Accuracy > c.best.Accuracy {
			c.best = r.Measurement
		}
		notes[i] = r.Measurement.Accuracy
	}
	return notes, nil
}

// script asks for given lists, then ends.
type script struct {
	lists    [][]searchspace.Arch
	told     [][]Result
	observed int
	fail     error
}

func (s *script) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	if step >= len(s.lists) {
		return nil, nil
	}
	return s.lists[step], nil
}

func (s *script) Tell(_ context.Context, _ int, results []Result) ([]struct{}, error) {
	s.told = append(s.told, slices.Clone(results))
	return make([]struct{}, len(results)), nil
}

func (s *script) Observe(records []Record[struct{}]) error {
	s.observed += len(records)
	return s.fail
}

// several are n different architectures.
func several(t testing.TB, n int) []searchspace.Arch {
	t.Helper()
	space := testSpace(t)
	var out []searchspace.Arch
	for r := rand.New(rand.NewPCG(1, 2)); len(out) < n; {
		a, err := space.Sample(r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func score(a searchspace.Arch) float64 {
	sum := 0
	for i, c := range a.Choices() {
		sum += (i%3 + 1) * c
	}
	return float64(sum) / 100
}

// bench is an evaluator that counts, in any order and on any goroutine.
type bench struct {
	mu    sync.Mutex
	calls map[searchspace.Arch]int
	total int
	fail  func(a searchspace.Arch, call int) error // call of this architecture, from 1
}

func (b *bench) evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
	if err := ctx.Err(); err != nil {
		return searchspace.Measurement{}, nil, err
	}
	b.mu.Lock()
	if b.calls == nil {
		b.calls = map[searchspace.Arch]int{}
	}
	b.calls[a]++
	b.total++
	call := b.calls[a]
	b.mu.Unlock()
	for range rand.IntN(30) { // whoever comes first, the history must not show it
		runtime.Gosched()
	}
	if b.fail != nil {
		if err := b.fail(a, call); err != nil {
			return searchspace.Measurement{}, nil, err
		}
	}
	return searchspace.Measurement{Arch: a, Accuracy: score(a), Loss: 1 - score(a), Correct: 3, Samples: 7, Unknown: 2, WeightVersion: 1<<63 + 3,
		Stage: 2, Recalibrated: true}, []float64{score(a) * 2, -1}, nil
}

func (b *bench) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total
}

func (b *bench) measure(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	m, _, err := b.evaluate(ctx, a)
	return m, err
}

var errDevice = errors.New("device lost")

// sometimes fails one architecture in seven for good, and another one at its first attempt.
func sometimes(a searchspace.Arch, call int) error {
	h := fnv.New32()
	h.Write([]byte(a.String()))
	if k := h.Sum32() % 7; k == 0 || k == 1 && call == 1 {
		return errDevice
	}
	return nil
}

func newLoop[T any](t testing.TB, s Strategy[T], e EvaluateValues, o Options) *Loop[T] {
	t.Helper()
	l, err := NewWithValues(s, e, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func run[T any](t testing.TB, l *Loop[T], want searchspace.Status) []Record[T] {
	t.Helper()
	status, err := l.Run(t.Context())
	if err != nil || status != want || l.Status() != want {
		t.Fatalf("ended as %v (%v) with error %v, expected %v", status, l.Status(), err, want)
	}
	return l.History()
}

func floatCodec(s *searchspace.Space) Codec[float64] {
	return Codec[float64]{Decisions: len(s.Decisions()), Check: s.Valid, Format: s.Format, Numbers: 1,
		Put: func(x float64, to []float64) { to[0] = x }, Get: func(from []float64) (float64, error) { return from[0], nil }}
}

// throughFile is a state written to a file and read back.
func throughFile[T any](t testing.TB, c Codec[T], s State[T]) State[T] {
	t.Helper()
	tensors := map[string]checkpoint.Tensor{}
	c.PutState(tensors, "search", s)
	var file bytes.Buffer
	if err := checkpoint.Encode(&file, "test", 1, nil, tensors); err != nil {
		t.Fatal(err)
	}
	back, err := checkpoint.Decode(&file, int64(file.Len()), "test", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetState(back, "search")
	if err != nil {
		t.Fatal(err)
	}
	return out
}
