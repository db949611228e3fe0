package eas

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/generator"
)

func TestParseQuery(t *testing.T) {
	texts, list, err := parseQuery("insect:4.5M, dog+road_vehicle:6M", mega)
	if err != nil || !slices.Equal(texts, []string{"insect:4.5M", "dog+road_vehicle:6M"}) ||
		list[0].Budget != 4.5e6 || list[1].Budget != 6e6 ||
		!slices.Equal(list[1].Superclasses, []string{"dog", "road_vehicle"}) {
		t.Errorf("%q %+v %v", texts, list, err)
	}
	if _, list, err := parseQuery("a:b:1.5ms", milli); err != nil || list[0].Budget != 1.5e-3 ||
		list[0].Superclasses[0] != "a:b" {
		t.Errorf("%+v %v", list, err)
	}
	if _, list, err := parseQuery(" a + b : 1M ", mega); err != nil ||
		!slices.Equal(list[0].Superclasses, []string{"a", "b"}) {
		t.Errorf("%q %v", list, err)
	}
	for _, bad := range []string{"", "insect", ":4M", "insect:", "insect:4", "insect:-4M", "insect:0M",
		"insect:NaNM", "insect:InfM", "insect:4ms", "insect:4M,"} {
		if _, list, err := parseQuery(bad, mega); err == nil {
			t.Errorf("%q: accepted as %+v", bad, list)
		}
	}
}

// A query that is read has scenarios that say so again.
func FuzzParseQuery(f *testing.F) {
	for _, text := range []string{"insect:4.5M", "a+b:1M,c:2e3M", "x:NaNM", "::1M", ",", "a:1M,,b:2M"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		texts, list, err := parseQuery(text, mega)
		if err != nil {
			return
		}
		if len(texts) != len(list) || len(list) != strings.Count(text, ",")+1 {
			t.Fatalf("%q: %q, %+v", text, texts, list)
		}
		for _, s := range list {
			if !(s.Budget > 0) || len(s.Superclasses) == 0 {
				t.Errorf("%q: %+v", text, s)
			}
		}
	})
}

func TestUnits(t *testing.T) {
	if a, b := mega.Text(4.5e6), milli.Text(0.0125); a != "4.5M" || b != "12.5ms" {
		t.Errorf("%s, %s", a, b)
	}
}

// A budget is the number that its digits say, so that the cost of a network in digits allows it.
func TestExact(t *testing.T) {
	for cost := 250_000.0; cost < 3e6; cost += 997 {
		if got, err := mega.parse(mega.exact(cost)); err != nil || got != cost {
			t.Fatalf("%s is %v, %v", mega.exact(cost), got, err)
		}
	}
	for _, cost := range []float64{1e-300, 0.00123456789012345, 1.0 / 3, 7e5} {
		if got, err := milli.parse(milli.exact(cost)); err != nil || math.Abs(got/cost-1) > 3e-16 {
			t.Errorf("%s is %v, expected %v, %v", milli.exact(cost), got, cost, err)
		}
	}
	if got := mega.cost(0.250001); got != 250_001 {
		t.Errorf("0.250001 M are %v", got)
	}
}

// Texts that differ have files of their own.
func TestFileNames(t *testing.T) {
	long := strings.Repeat("long", 100)
	got := fileNames([]string{"dog+T-shirt/top:6M", "cat", "Cat", "猫", "犬:4M", "<>", "..", long + "1", long + "2",
		"cat", "cat-2"})
	want := []string{"dog+T-shirt-top-6M", "cat", "Cat-2", "猫", "犬-4M", "_", "_-2", long[:longest],
		long[:longest] + "-2", "cat-3", "cat-2-2"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
}

// Superclasses that a query could not name are refused before anything is trained for them.
func TestSuit(t *testing.T) {
	for name, ok := range map[string]bool{"a": true, "a:b c": true, "a,b": false, "a+b": false, " a": false} {
		err := suit([]generator.Superclass{{Name: "x", Classes: []string{"1", "2"}},
			{Name: name, Classes: []string{"3", "4"}}})
		if (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Superclasses number the classes of a network one superclass after the other, whatever order the
// images have them in.
func TestNumber(t *testing.T) {
	list := []generator.Superclass{{Name: "x", Classes: []string{"c", "a"}},
		{Name: "y", Classes: []string{"d", "b"}}}
	labels, groups, err := number(list, []string{"a", "b", "other", "c", "d"})
	if err != nil || !slices.Equal(labels, []int{3, 0, 4, 1}) || !slices.Equal(groups[0], []int{0, 1}) ||
		!slices.Equal(groups[1], []int{2, 3}) || !slices.Equal(superclassOf(groups), []int{0, 0, 1, 1}) {
		t.Errorf("%v %v %v", labels, groups, err)
	}
	if _, _, err := number(list, []string{"a", "b", "c"}); err == nil || !strings.Contains(err.Error(), `"d"`) {
		t.Errorf("a missing class: %v", err)
	}
}

// The superclasses that the program knows are ten of six classes, and three of the embedded images.
func TestKnownSuperclasses(t *testing.T) {
	for data, want := range map[string][2]int{"/some/where": {10, 60}, "": {3, 10}} {
		list, err := superclassesOf(&Config{Data: data})
		n := 0
		for _, s := range list {
			n += len(s.Classes)
		}
		if err != nil || len(list) != want[0] || n != want[1] {
			t.Errorf("%q: %d superclasses of %d classes, %v", data, len(list), n, err)
		}
	}
}
