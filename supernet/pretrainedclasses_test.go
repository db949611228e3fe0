package supernet

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// A new head has the initial weights of its seed, and everything below it the file's.
func TestPretrainedNewHead(t *testing.T) {
	m, tensors := published(t)
	for _, c := range []struct {
		classes int
		drop    []string // not in the file
	}{{3, nil}, {4, nil}, {9, nil}, {3, []string{"_fc.bias"}}, {3, []string{"_fc.bias", "_fc.weight"}}} {
		space, err := m.space.WithClasses(c.classes)
		if err != nil {
			t.Fatal(err)
		}
		file := maps.Clone(tensors)
		for _, name := range c.drop {
			delete(file, name)
		}
		if c.classes != 4 && c.drop == nil {
			_, _, err := Pretrained(t.Context(), space, m.arch, encoded(t, nil, file), nil)
			if !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), "4 classes, expected "+strconv.Itoa(c.classes)) || !strings.Contains(err.Error(), "NewHead") {
				t.Errorf("%d classes: %v", c.classes, err)
			}
		}
		o := &PretrainedOptions{Options: Options{Seed: 11, Classes: []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}[:c.classes]}, NewHead: true}
		metadata := map[string]string{metaClasses: `["w","x","y","z"]`}
		got, report, err := Pretrained(t.Context(), space, m.arch, encoded(t, metadata, file), o)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		fresh, err := NewModel(space, m.arch, &o.Options)
		if err != nil {
			t.Fatal(err)
		}
		want := m.values()
		for _, key := range []string{"_fc.weight", "_fc.bias"} {
			want[key] = fresh.values()[key]
		}
		sameValues(t, got.values(), want)
		if !slices.Equal(got.ClassNames(), o.Classes) {
			t.Errorf("classes %q, expected %q", got.ClassNames(), o.Classes)
		}
		if !slices.Equal(report.New(), []string{"_fc.weight", "_fc.bias"}) || len(report.Skipped) != 2-len(c.drop) || !strings.HasSuffix(report.String(), "initial weights: _fc.weight, _fc.bias") {
			t.Errorf("%+v: %s, skipped %q", c, report, report.Skipped)
		}
		rate := report.Rate(0.1, 0)
		expected := map[searchspace.Op]float64{searchspace.OpLinear: 1, searchspace.OpConv: 0.1}
		for i := range got.Graph().Nodes {
			n := &got.Graph().Nodes[i]
			if r := rate(n); len(kindsOf(n)) > 0 && r != expected[n.Op] {
				t.Errorf("%s: rate %v", n.Site, r)
			}
		}
	}
}

// Rows of the classifier are matched by name where both sides have names.
func TestPretrainedClasses(t *testing.T) {
	m, tensors := published(t)
	names := []string{"ant", "bat", "cat", "dog"}
	text, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, stripes(t, 4, m.inputSize(), 1), 4)
	want := outputs(t, m.network, m.prog, b)
	for _, classes := range [][]string{nil, names, {"dog", "ant", "cat", "bat"}} {
		got, _, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, map[string]string{metaClasses: string(text)}, retitled(tensors, inTimm)),
			&PretrainedOptions{Options: Options{Classes: classes}})
		if err != nil {
			t.Fatal(err)
		}
		if classes == nil {
			classes = names
		}
		if !slices.Equal(got.ClassNames(), classes) {
			t.Errorf("classes %q, expected %q", got.ClassNames(), classes)
		}
		rows := outputs(t, got.network, got.prog, b)
		for i := range b.N {
			for c, name := range classes {
				if w := want[i*4+slices.Index(names, name)]; rows[i*4+c] != w {
					t.Errorf("classes %q: logit of %s is %v, expected %v", classes, name, rows[i*4+c], w)
				}
			}
		}
	}
	_, _, err = Pretrained(t.Context(), m.space, m.arch, encoded(t, map[string]string{metaClasses: string(text)}, tensors),
		&PretrainedOptions{Options: Options{Classes: []string{"ant", "bat", "cat", "eel"}}})
	if !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), "eel") {
		t.Errorf("other classes: %v", err)
	}
	var said warnings
	got, _, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, tensors), &PretrainedOptions{Options: Options{Classes: names, Logger: said.logger()}})
	if err != nil || !slices.Equal(got.ClassNames(), names) || !strings.Contains(said.take(), "by number") {
		t.Errorf("a file without names: %q, %v", got.ClassNames(), err)
	}
}
