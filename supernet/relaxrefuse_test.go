package supernet

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestRelaxedRefuses looks what is an error.
func TestRelaxedRefuses(t *testing.T) {
	whole := smoothSpace(t)
	space, err := whole.Restrict(searchspace.Restriction{Decisions: []string{"stage2.op"}, Keep: []int{0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	relax, err := n.Relax(space)
	if err != nil {
		t.Fatal(err)
	}
	for i := range relax.prog.graph.Nodes {
		if site := relax.prog.graph.Nodes[i].Site; site == "stage2.grouped.groups" {
			t.Errorf("%s is computed though a restriction removed it", site)
		}
	}
	ds := stripes(t, 8, 8, 1)
	l, err := relax.On(ds, &RelaxOptions{Classes: []int{0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	op := space.DecisionIndex("stage2.op")
	good := func() searchspace.Relaxed { return randomRows(space, rand.New(rand.NewPCG(1, 2))) }
	for name, c := range map[string]struct {
		rows   func(rows searchspace.Relaxed) searchspace.Relaxed
		images []int
		want   error
	}{
		"removed choice":   {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[op][1] = 0.1; return r }},
		"a row less":       {rows: func(r searchspace.Relaxed) searchspace.Relaxed { return r[1:] }},
		"a number more":    {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[op] = append(r[op], 0); return r }},
		"not a number":     {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[op][0] = math.NaN(); return r }},
		"infinite":         {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[0][0] = math.Inf(1); return r }},
		"no images":        {images: []int{}, want: ErrData},
		"image too far":    {images: []int{8}, want: ErrData},
		"image below zero": {images: []int{-1}, want: ErrData},
		"other class":      {images: []int{0, 1}, want: ErrData},
	} {
		rows, images := good(), c.images
		if c.rows != nil {
			rows = c.rows(rows)
		}
		if images == nil {
			images = []int{0, 2}
		}
		if _, grad, err := l.Gradient(t.Context(), rows, images); err == nil || grad != nil ||
			c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: gradient %v, error %v, expected %v", name, grad, err, c.want)
		}
	}
	if _, grad, err := l.Gradient(t.Context(), good(), []int{0, 2, 2}); err != nil || grad[op][0] == 0 {
		t.Errorf("gradient %v, error %v", grad, err)
	} else if grad[op][1] != 0 {
		t.Errorf("removed choice has the gradient %v", grad[op][1])
	}
	for name, o := range map[string]*RelaxOptions{
		"class":      {Classes: []int{4}},
		"smoothing":  {LabelSmoothing: 1},
		"statistics": {Statistics: 3},
	} {
		if _, err := relax.On(ds, o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := relax.On(stripes(t, 8, 16, 1), nil); !errors.Is(err, ErrData) {
		t.Errorf("larger images: %v", err)
	}
	if _, err := n.Relax(tinySpace(t)); err == nil {
		t.Error("the space of another family was accepted")
	}
	small, err := New(space, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.Relax(whole); err == nil {
		t.Error("a space wider than the supernet's was accepted")
	}
}

// TestNoRelaxed looks which spaces have no relaxed form, and what is said.
func TestNoRelaxed(t *testing.T) {
	etnas, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 16, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(etnas, &Options{Sharing: SinglePath})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Relax(nil); !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		t.Errorf("etnas: %v", err)
	}
	two := func(b *searchspace.Builder) (x, y searchspace.Ref) {
		x = b.Conv("one", b.Input(), searchspace.Conv{Out: b.OneOf("width", searchspace.KindWidth, 2, 4)})
		return x, b.Conv("two", b.Input(), searchspace.Conv{Out: b.OneOf("other", searchspace.KindWidth, 2, 4)})
	}
	for name, c := range map[string]struct {
		want  error
		build func(b *searchspace.Builder) searchspace.Ref
	}{
		"concat after a variable width": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			x, y := two(b)
			return b.Concat("concat", x, y)
		}},
		"shuffle of a variable width": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			x, _ := two(b)
			return b.Shuffle("shuffle", x, 2)
		}},
		"groups of a variable width": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			x, _ := two(b)
			return b.Conv("grouped", x, searchspace.Conv{Out: searchspace.Const(4), Groups: searchspace.Const(2)})
		}},
		"kernels with a bias": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			k := b.OneOf("kernel", searchspace.KindKernel, 1, 3)
			return b.Conv("biased", b.Input(), searchspace.Conv{Out: searchspace.Const(4), Kernel: k, Bias: true})
		}},
		"a width of seven decisions": {searchspace.ErrTooLarge, func(b *searchspace.Builder) searchspace.Ref {
			width := searchspace.Const(1)
			for i := range 7 {
				d := b.OneOf("factor"+strconv.Itoa(i), searchspace.KindWidth, 1, 2, 3, 4)
				width = searchspace.Map(func(v ...int) int { return 1 + v[0]*v[1]%7 }, width, d)
			}
			return b.Conv("wide", b.Input(), searchspace.Conv{Out: width})
		}},
	} {
		space := craft(t, 4, 4, func(b *searchspace.Builder) {
			b.Classifier("linear", b.GlobalAvgPool("gap", c.build(b)), 0)
		})
		n, err := New(space, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Relax(nil); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, expected %v", name, err, c.want)
		}
	}
}
