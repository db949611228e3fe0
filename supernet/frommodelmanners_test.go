package supernet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestInheritAgain: inheriting twice is inheriting once, the number of processors changes no bit,
// the model stays, and measurements know that the weights changed.
func TestInheritAgain(t *testing.T) {
	s := tinySpace(t)
	m := livelyModel(t, s, sample(t, s, 5), 7)
	before, version := m.values(), m.WeightVersion()
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for _, sharing := range sharings() {
		var want map[string][]float32
		for _, procs := range []int{1, 4} {
			runtime.GOMAXPROCS(procs)
			n := livelyNet(t, s, sharing, 9)
			for range 2 {
				was := n.WeightVersion()
				inheritOf(t, n, m, nil)
				if n.WeightVersion() == was {
					t.Error("the weight version stayed")
				}
				if want == nil {
					want = n.values()
				}
				sameValues(t, n.values(), want)
			}
		}
	}
	sameValues(t, m.values(), before)
	if m.WeightVersion() != version {
		t.Error("the model's weight version moved")
	}
}

// TestInheritNames: a supernet that knows no names takes those of as many classes.
func TestInheritNames(t *testing.T) {
	m, n := named(t), tinyNet(t, Elastic)
	inheritOf(t, n, m, nil)
	if !slices.Equal(n.ClassNames(), animals) {
		t.Errorf("classes %q", n.ClassNames())
	}
	unnamed := tinyNet(t, Elastic)
	inheritOf(t, unnamed, tinyModel(t), nil)
	if unnamed.ClassNames() != nil {
		t.Errorf("classes %q", unnamed.ClassNames())
	}
}

// TestInheritRefuses checks what is refused, by what the message says; nothing changes then.
func TestInheritRefuses(t *testing.T) {
	s, m := tinySpace(t), named(t)
	proxyless := lightSpaces(t)["proxylessnas"]
	five, err := s.WithClasses(5)
	if err != nil {
		t.Fatal(err)
	}
	net := func(s *searchspace.Space, o *Options) *Net {
		t.Helper()
		n, err := New(s, o)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		net   *Net
		model *Model
		want  string
	}{
		{net(s, nil), nil, "no model"},
		{net(proxyless, nil), m, "expected proxylessnas"},
		{net(s, &Options{Normalization: dataset.Normalization{Std: [3]float32{1, 1, 1}}}), m, "normalises"},
		{net(five, nil), m, "expected names"},
		{net(s, &Options{Classes: animals}), tinyModel(t), "SetClassNames"},
	} {
		before, version := c.net.values(), c.net.WeightVersion()
		r, err := c.net.Inherit(t.Context(), c.model, nil)
		if err == nil || r != nil || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "supernet: inherit: ") {
			t.Errorf("%v, expected %q", err, c.want)
		}
		sameValues(t, c.net.values(), before)
		if c.net.WeightVersion() != version {
			t.Errorf("%q: the weight version moved", c.want)
		}
	}
	n := net(s, nil)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Inherit(over, m, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected that the context ended", err)
	}
	o := short(1)
	o.Before = func(ctx context.Context, _ int) error {
		_, err := n.Inherit(ctx, m, nil)
		return err
	}
	if _, err := n.Train(t.Context(), stripes(t, 32, 16, 1), o); !errors.Is(err, ErrTraining) {
		t.Errorf("in a training: %v, expected ErrTraining", err)
	}
}

// TestInheritReport reads a report that JSON carried, and compares what it says with the sites of
// the space.
func TestInheritReport(t *testing.T) {
	s := tinySpace(t)
	sites, err := s.Sites()
	if err != nil {
		t.Fatal(err)
	}
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n := tinyNet(t, sharing)
		r := inheritOf(t, n, livelyModel(t, s, s.Smallest(), 1), nil)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again InheritReport
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(&again, r) {
			t.Errorf("error %v, read\n%v", err, &again)
		}
		want := make(map[string]MorphSize)
		for _, site := range sites {
			for _, v := range site.Variants {
				key, size := site.Name, MorphSize{site.Kernel, site.In, site.Out}
				if sharing == SinglePath {
					key, size = fmt.Sprint(site.Name, v.Key), MorphSize{v.Kernel, v.In, v.Out}
				}
				want[key] = size
			}
		}
		for _, site := range r.Sites {
			key := site.Site + site.Candidate
			if want[key] != site.To {
				t.Errorf("%v: %s with %+v, expected %+v", sharing, key, site.To, want[key])
			}
			delete(want, key)
			if begins := strings.Contains(site.Site, "layer1"); (site.Change == MorphStarted) != begins {
				t.Errorf("%v: %+v", sharing, site)
			}
		}
		if len(want) > 0 {
			t.Errorf("%v: no word of %v", sharing, want)
		}
		if text := r.String(); !strings.Contains(text, "have its function") || strings.Count(text, "\n") != 2 {
			t.Error(text)
		}
	}
}

// TestInheritTeaches: a supernet that inherits and learns with the model as teacher begins far
// nearer to it than one with initial weights.
func TestInheritTeaches(t *testing.T) {
	s, train := tinySpace(t), stripes(t, 128, 16, 1)
	choices := s.Smallest().Choices()
	for i, d := range s.Decisions() {
		if d.Kind != searchspace.KindDepth {
			choices[i] = 1 // some networks have smaller kernels and fewer channels, others more
		}
	}
	a, err := s.New(choices)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(s, a, &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Train(t.Context(), train, short(10)); err != nil {
		t.Fatal(err)
	}
	for _, sharing := range sharings() {
		var losses []float64
		for _, inherits := range []bool{true, false} {
			n := tinyNet(t, sharing)
			if inherits {
				inheritOf(t, n, m, nil)
			}
			o := short(1)
			o.LR = 0.01
			o.Subnets = SubnetOptions{StepsPerDraw: 1}
			o.Teacher = &Teacher{Model: m, Temperature: 2}
			res, err := n.Train(t.Context(), train, o)
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, res.Losses...)
		}
		if !(losses[0] < losses[1]/2) {
			t.Errorf("%v: loss %v, from initial weights %v", sharing, losses[0], losses[1])
		}
	}
}
