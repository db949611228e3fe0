package zoo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

// toy is a model whose weights are one number.
type toy struct {
	space   *searchspace.Space
	arch    searchspace.Arch
	classes []string
	weight  float32
	bad     error
}

func (m *toy) Space() *searchspace.Space { return m.space }
func (m *toy) Arch() searchspace.Arch    { return m.arch }
func (m *toy) ClassNames() []string      { return m.classes }

func (m *toy) Save(ctx context.Context, path string) error {
	if m.bad != nil {
		return m.bad
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return checkpoint.Write(path, "toy", 1, m.classes, map[string]checkpoint.Tensor{
		"weight": checkpoint.Of([]int{1}, []float32{m.weight}),
	})
}

func (m *toy) WithClasses(_ context.Context, classes ...string) (*toy, error) {
	if len(classes) == 0 {
		return nil, errors.New("no classes")
	}
	c := *m
	c.classes = classes
	return &c, nil
}

// load is the Loader of toys.
func load(_ context.Context, e zoo.Entry, w *io.SectionReader) (*toy, error) {
	m := &toy{}
	tensors, err := checkpoint.Decode(w, w.Size(), "toy", 1, &m.classes)
	if err != nil {
		return nil, err
	}
	weights, err := checkpoint.Get[float32](tensors, "weight", 1)
	if err != nil {
		return nil, err
	}
	m.weight = weights[0]
	m.space, m.arch, err = e.Network()
	return m, err
}

var names = []string{"cat", "dog", "bird"}

// space is a small one of three classes.
func space(t testing.TB) *searchspace.Space {
	t.Helper()
	s, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32, Classes: 3, Blocks: 2})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// model is the toy of an architecture.
func model(t testing.TB, text string, weight float32) *toy {
	t.Helper()
	s := space(t)
	a, err := s.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &toy{space: s, arch: a, classes: names, weight: weight}
}

func open(t testing.TB, dir string, o *zoo.Options) *zoo.Zoo {
	t.Helper()
	z, err := zoo.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// filled is a zoo of n models whose weight is their number.
func filled(t testing.TB, dir string, n int) *zoo.Zoo {
	t.Helper()
	z := open(t, dir, nil)
	m := model(t, "0-_16_1-1-1-1", 0)
	for i := range n {
		m.weight = float32(i)
		e := zoo.Entry{Name: "model " + strconv.Itoa(i), Data: "toys", Accuracy: float64(i) / float64(n+1), Samples: 100,
			Steps: []zoo.Timing{{Batch: 64, InputSize: 32, Seconds: 0.01 * float64(i+1)}}}
		if err := z.Add(t.Context(), e, m); err != nil {
			t.Fatal(fmt.Errorf("%d: %w", i, err))
		}
	}
	return z
}
