package supernet

import (
	"math"
	"slices"
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
