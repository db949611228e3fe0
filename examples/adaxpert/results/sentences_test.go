package main

import (
	"math"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/searchspace"
)

func TestClear(t *testing.T) {
	for want, x := range map[string][]float64{
		"One seed has no interval":                            {3},
		"The interval is clear of zero, up":                   {1, 1.1, 1.2},
		"The interval is clear of zero, down":                 {-1, -1.1, -1.2},
		"The interval includes zero, no difference is shown":  {-1, 1, 2},
		"The interval includes zero, no difference is shown ": {0, 0, 0},
	} {
		if got := clear(x, "up", "down"); got != strings.TrimSpace(want) {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
}

func TestBesideFloor(t *testing.T) {
	for mean, want := range map[float64]string{
		1: "is not below", 0: "is not below", -0.3: "is no more than half a point below",
		-0.5: "is no more than half a point below", -0.51: "is more than half a point below",
	} {
		if got := besideFloor(mean); got != "; the point estimate "+want {
			t.Errorf("%v: %q, want %q", mean, got, want)
		}
	}
}

func TestNearLargest(t *testing.T) {
	const met, missed = "The endpoint is met: ", "The endpoint is not met: "
	for _, c := range []struct {
		x     []float64
		share float64
		wants []string
	}{
		{[]float64{-0.2}, 0.5, []string{met, "within one point at no more than half", "; one seed has no interval"}},
		{[]float64{-0.1, 0, 0.1}, 0.2, []string{met, "; the whole interval is within one point or above"}},
		{[]float64{-1.5, 0, 0.5}, 0.2, []string{met, "; the interval reaches further below than one point"}},
		{[]float64{-0.1, 0, 0.1}, 0.51, []string{missed, "within one point at more than half"}},
		{[]float64{-2, -1.9, -2.1}, 0.2, []string{missed, "more than one point below at no more than half",
			"; the whole interval is more than one point below"}},
		{[]float64{-2, 0, -4}, 0.8, []string{missed, "more than one point below at more than half",
			"; the interval reaches further below"}},
	} {
		got := nearLargest(c.x, c.share)
		for _, want := range c.wants {
			if !strings.Contains(got, want) {
				t.Errorf("%v at %v: %q lacks %q", c.x, c.share, got, want)
			}
		}
	}
}

func TestRoomText(t *testing.T) {
	differ := cells.Variance{Between: 1.25, Within: 0.2, F: 12, P: 0.004}
	alike := cells.Variance{Between: 0.1, Within: 0.9, F: 1.1, P: 0.43}
	unknown := cells.Variance{P: math.NaN()}
	rise, fall, flat := []float64{2, 2.1}, []float64{-2, -2.1}, []float64{-1, 2}
	const none = "**No headroom is shown; where there is none, no method can show an effect.**"
	const choice = "headroom in the choice at equal cost, none shown in growing."
	for _, c := range []struct {
		v      cells.Variance
		slopes []float64
		wants  []string // the last one ends the text
	}{
		{unknown, nil, []string{"not run."}},
		{unknown, rise[:1], []string{"one seed cannot tell", "; points with each doubling: +2.00 (1 of 2 seeds)."}},
		{differ, rise, []string{"differ, with a standard deviation of 1.25 points (F = 12.00, p = 0.004); accuracy rises",
			"There is headroom, in the choice and in growing."}},
		{differ, flat, []string{"that accuracy changes with size is not shown", choice}},
		{differ, fall, []string{"accuracy falls with size, points with each doubling: -2.05 (95 %", choice}},
		{alike, rise, []string{"do not differ beyond the noise",
			"headroom in growing, none shown in the choice at equal cost."}},
		{alike, flat, []string{none}},
		{alike, fall, []string{"accuracy falls with size", none}},
	} {
		got := roomText(c.v, c.slopes, 2)
		for _, want := range c.wants {
			if !strings.Contains(got, want) {
				t.Errorf("%+v, %v: %q lacks %q", c.v, c.slopes, got, want)
			}
		}
		if !strings.HasSuffix(got, c.wants[len(c.wants)-1]) {
			t.Errorf("%+v, %v: %q", c.v, c.slopes, got)
		}
	}
}

func TestKernelText(t *testing.T) {
	for _, c := range []struct {
		threes, layers int
		want           string
	}{
		{0, 0, "The 2 adjusted architectures have 0 such layers."},
		{10, 30, "10 of them with kernel 3: 33 %, beside 33 % by chance (standard error 9). The search is not"},
		{25, 30, "83 %, beside 33 % by chance (standard error 9). The search prefers the kernel that is cheaper"},
		{2, 30, "The search prefers kernels that are dearer"},
	} {
		if got := kernelText(c.threes, c.layers, 2); !strings.Contains(got, c.want) {
			t.Errorf("%d of %d: %q lacks %q", c.threes, c.layers, got, c.want)
		}
	}
}

// The layers that do not care for their kernel are those of unit 5 behind its first one.
func TestFreeKernels(t *testing.T) {
	for _, c := range []struct {
		arch           string
		threes, layers int
	}{{archA, 1, 1}, {archB, 1, 3}} {
		threes, layers, err := freeKernels(tiny().service(), c.arch)
		if err != nil || threes != c.threes || layers != c.layers {
			t.Errorf("%s: %d of %d, %v; want %d of %d", c.arch, threes, layers, err, c.threes, c.layers)
		}
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, StemStride: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, layers, err := freeKernels(cifar().service(), space.Format(space.Largest())); err != nil || layers != 3 {
		t.Errorf("%d layers of the largest, %v", layers, err)
	}
	if _, _, err := freeKernels(cifar().service(), "2,2"); err == nil {
		t.Error("no error for half an architecture")
	}
}
