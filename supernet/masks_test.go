package supernet

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// Classes that are masked have neither part in the loss nor gradient, smoothing leaves them out,
// and so does a teacher.
func TestMasks(t *testing.T) {
	m := tinyModel(t)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	keep := []int{0, 1}
	for i := range b.Labels {
		b.Labels[i] = keep[i%2]
	}
	masks, err := SuperclassDropout([]int{0, 0, 1, 1}, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	shift, loss, _ := moved(t, m.network, &TrainOptions{Masks: masks, LabelSmoothing: 0.1}, b, false, Pass{Arch: m.arch})
	for c, v := range shift["classifier.linear.bias"] {
		if (v != 0) != (c < 2) {
			t.Errorf("bias of class %d moves by %v", c, v)
		}
	}
	if loss > 2*math.Log(2) {
		t.Errorf("loss %v of a fresh network over two classes, expected about %v", loss, math.Log(2))
	}
	teacher := tinyModel(t)
	jitter(t, teacher.network, 3)
	shift, loss, _ = moved(t, m.network, &TrainOptions{Masks: masks, Teacher: &Teacher{Model: teacher}}, b, false,
		Pass{Arch: m.arch, Labels: -1})
	for c, v := range shift["classifier.linear.bias"] {
		if (v != 0) != (c < 2) {
			t.Errorf("bias of class %d moves by %v under a teacher", c, v)
		}
	}
	if !(loss > 0) {
		t.Errorf("divergence %v from a teacher", loss)
	}
	for i := range b.Labels {
		b.Labels[i] = 3
	}
	bad := funcMasks(func(keep []bool) { clear(keep) })
	o := short(1)
	o.Masks = bad
	if _, err := m.Train(t.Context(), stripes(t, 16, 16, 1), o); err == nil || !strings.Contains(err.Error(), "label") {
		t.Errorf("labels that do not count: %v", err)
	}
}

type funcMasks func(keep []bool)

func (f funcMasks) Mask(_ int, _ []int, keep []bool) error { f(keep); return nil }

func (f funcMasks) Identity() string { return "test" }

// The share of dropped superclasses is the rate, labels stay, classes of a superclass go together,
// and draws belong to steps.
func TestSuperclassDropout(t *testing.T) {
	groups := []int{0, 1, 1, 2, 2, 2}
	d, err := SuperclassDropout(groups, 0.3, 1)
	if err != nil {
		t.Fatal(err)
	}
	labels := make([]int, 600)
	for i := range labels {
		labels[i] = i % 6
	}
	keep := make([]bool, len(labels)*6)
	draw := func(step int) []bool {
		for i := range keep {
			keep[i] = true
		}
		if err := d.Mask(step, labels, keep); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(keep)
	}
	first := draw(4)
	dropped, others := 0, 0
	for i, label := range labels {
		row := first[i*6 : (i+1)*6]
		if !row[label] || row[1] != row[2] || row[3] != row[4] || row[4] != row[5] {
			t.Fatalf("sample %d of class %d keeps %v", i, label, row)
		}
		for _, c := range []int{0, 1, 3} {
			if groups[c] != groups[label] {
				others++
				if !row[c] {
					dropped++
				}
			}
		}
	}
	if rate := float64(dropped) / float64(others); math.Abs(rate-0.3) > 0.05 {
		t.Errorf("%v of the other superclasses are dropped, expected 0.3", rate)
	}
	if !slices.Equal(draw(4), first) || slices.Equal(draw(5), first) {
		t.Error("draws do not belong to steps")
	}
	for _, c := range []struct {
		groups []int
		rate   float64
	}{{groups, -0.1}, {groups, 1.1}, {groups, math.NaN()}, {[]int{0, -1}, 0.5}} {
		if _, err := SuperclassDropout(c.groups, c.rate, 1); err == nil {
			t.Errorf("superclasses %v at rate %v are accepted", c.groups, c.rate)
		}
	}
	if err := d.Mask(0, []int{6}, make([]bool, 6)); err == nil {
		t.Error("a label that is no class is accepted")
	}
	if err := d.Mask(0, []int{1}, make([]bool, 5)); err == nil {
		t.Error("a network of other classes is accepted")
	}
}
