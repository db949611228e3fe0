package supernet

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A sub-network that learns from the largest one in the step moves as it does when the largest one,
// as a model of its own with the statistics of the batch, teaches it; and the teacher moves as if
// it had no pupil.
func TestInPlaceDistillation(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 3)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	large, small := n.space.Largest(), n.space.Smallest()
	model, err := n.Extract(t.Context(), large, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := model.values()
	teacher := Teacher{Temperature: 2, Weight: 0.7}
	own := teacher
	own.Model, own.BatchStatistics = model, true
	alone, l1, _ := moved(t, n.network, nil, b, true, Pass{Arch: large})
	taught, l2, _ := moved(t, n.network, nil, b, true, Pass{Arch: small, Labels: -1, Teacher: &own})
	both, loss, _ := moved(t, n.network, nil, b, true, Pass{Arch: small, Labels: -1, Teacher: &teacher}, Pass{Arch: large})
	near(t, "both", trainable(n.network, both), trainable(n.network, sum([]float32{1, 1}, alone, taught)), 1e-3)
	if math.Abs(loss-l1-l2) > 1e-4*loss || !(l2 > 0) {
		t.Errorf("loss %v, expected %v and %v", loss, l1, l2)
	}
	sameValues(t, model.values(), before)
}

// A teacher that answers as the student does teaches nothing; on some classes alone, it moves no
// logit of the others.
func TestTeacher(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 3)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	twin, err := NewModel(m.space, m.arch, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := twin.setValues(m.values()); err != nil {
		t.Fatal(err)
	}
	if _, loss, _ := moved(t, m.network, nil, b, false, Pass{Arch: m.arch, Labels: -1, Teacher: &Teacher{Model: twin, BatchStatistics: true}}); math.Abs(loss) > 1e-6 {
		t.Errorf("divergence %v from a twin, expected 0", loss)
	}
	other := tinyModel(t)
	jitter(t, other.network, 8)
	classes := []int{0, 2}
	shift, loss, _ := moved(t, m.network, nil, b, false, Pass{Arch: m.arch, Labels: -1, Teacher: &Teacher{Model: other, Classes: classes}})
	if !(loss > 0) {
		t.Errorf("divergence %v from another network", loss)
	}
	for c, v := range shift["classifier.linear.bias"] {
		if (v != 0) != slices.Contains(classes, c) {
			t.Errorf("bias of class %d moves by %v", c, v)
		}
	}
	for name, bad := range map[string]*Teacher{
		"itself":      {Model: m},
		"none":        {},
		"temperature": {Model: other, Temperature: -1},
		"weight":      {Model: other, Weight: math.Inf(1)},
		"class":       {Model: other, Classes: []int{4}},
		"no class":    {Model: other, Classes: []int{}},
		"twice":       {Model: other, Classes: []int{1, 1}},
	} {
		o := short(1)
		o.Teacher = bad
		if _, err := m.Train(t.Context(), stripes(t, 16, 16, 1), o); err == nil {
			t.Errorf("%s: trained", name)
		}
	}
}

// A teacher that numbers its classes otherwise, and knows others, teaches as the same network does
// in the student's order: on the classes that both know.
func TestTeacherByName(t *testing.T) {
	ctx := t.Context()
	m, err := NewModel(tinySpace(t), tinySpace(t).Smallest(), &Options{Seed: 3, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, m.network, 3)
	base := named(t)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	teach := func(teacher *Teacher) (map[string][]float32, float64) {
		shift, loss, _ := moved(t, m.network, nil, b, false, Pass{Arch: m.arch, Labels: -1, Teacher: teacher})
		return shift, loss
	}
	for _, names := range [][]string{
		{"fox", "cat", "eel", "dog"}, {"ant", "eel", "bat", "cat", "yak", "fox", "dog"}, // more than the student
		{"dog", "cat"}, {"ant", "fox", "bat"},
	} {
		other, err := base.WithClasses(ctx, names...)
		if err != nil {
			t.Fatal(err)
		}
		var both []int
		for c, name := range animals {
			if slices.Contains(names, name) {
				both = append(both, c)
			}
		}
		want, loss := teach(&Teacher{Model: base, Classes: both, Temperature: 2})
		got, l := teach(&Teacher{Model: other, Temperature: 2})
		sameValues(t, got, want)
		if l != loss || !(loss >= 0) {
			t.Errorf("a teacher of %q: loss %v, expected %v", names, l, loss)
		}
		for c := range animals {
			if moves := got["classifier.linear.bias"][c] != 0; len(both) > 1 && moves != slices.Contains(both, c) {
				t.Errorf("a teacher of %q moves the bias of %s: %v", names, animals[c], moves)
			}
		}
		chosen, l := teach(&Teacher{Model: other, Classes: both[:1]})
		if want, loss := teach(&Teacher{Model: base, Classes: both[:1]}); l != loss {
			t.Errorf("a teacher of %q on one class: loss %v, expected %v", names, l, loss)
		} else {
			sameValues(t, chosen, want)
		}
	}
	strange, err := base.WithClasses(ctx, "ant", "bat")
	if err != nil {
		t.Fatal(err)
	}
	some, err := base.WithClasses(ctx, "ant", "dog")
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]*Teacher{
		"no class that the student knows": {Model: strange},
		"a class that it does not know":   {Model: some, Classes: []int{0}},
	} {
		o := short(1)
		o.Teacher = bad
		if _, err := m.Train(ctx, called(t, stripes(t, 16, 16, 1), animals...), o); err == nil {
			t.Errorf("%s: trained", what)
		}
	}
}

// A teacher may gain classes while it teaches by name, and a student that takes its names from data
// learns by them.
func TestTeacherGrows(t *testing.T) {
	ds := called(t, stripes(t, 32, 16, 1), animals...)
	teacher, err := named(t).WithClasses(t.Context(), "fox", "eel", "dog", "cat")
	if err != nil {
		t.Fatal(err)
	}
	run := func(before func(context.Context, int) error) *Model {
		m := tinyModel(t)
		o := short(1)
		o.Teacher, o.Before = &Teacher{Model: teacher}, before
		if _, err := m.Train(t.Context(), ds, o); err != nil {
			t.Fatal(err)
		}
		return m
	}
	want := run(nil)
	got := run(func(ctx context.Context, step int) error { return teacher.GrowClasses(ctx, "ant") })
	sameValues(t, got.values(), want.values())
}

// The names of a teacher's classes are part of what a checkpoint knows of it, and one without names
// is said to teach by number.
func TestTeacherInCheckpoint(t *testing.T) {
	ds := called(t, stripes(t, 32, 16, 1), animals...)
	teacher := named(t)
	var said warnings
	o := short(1)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	o.Teacher = &Teacher{Model: teacher}
	for _, c := range []struct {
		names    []string
		mismatch bool
	}{{animals, false}, {[]string{"cat", "eel", "dog", "fox"}, true}, {Unnamed(4), true}} {
		if err := teacher.SetClassNames(t.Context(), c.names...); err != nil {
			t.Fatal(err)
		}
		m, err := NewModel(tinySpace(t), tinySpace(t).Smallest(), &Options{Seed: 7, Logger: said.logger()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Train(t.Context(), ds, o); errors.Is(err, ErrCheckpointMismatch) != c.mismatch {
			t.Errorf("a teacher of %q: %v, expected ErrCheckpointMismatch: %v", c.names, err, c.mismatch)
		}
		if text := said.take(); strings.Contains(text, "teacher") != (c.names[0] == "") {
			t.Errorf("a teacher of %q: warnings %q", c.names, text)
		}
	}
}
