package supernet

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"pgregory.net/rapid"
)

// phaseText is a phase in one line, with the labels that a decision of each kind has in it.
func phaseText(p *ShrinkPhase) string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "%s %.4f ×%d %.4f %.4f", p.Name, p.Share, p.Subnets, p.LR, p.Warmup)
	shown := make(map[searchspace.Kind]bool)
	for _, d := range p.Space.Decisions() {
		if shown[d.Kind] || d.Len() < 2 {
			continue
		}
		shown[d.Kind] = true
		fmt.Fprintf(b, " %v", d.Kind)
		for _, c := range d.Allowed {
			b.WriteString(" " + d.Labels[c])
		}
	}
	if p.Teaches {
		b.WriteString(", teaches")
	}
	if p.Sort {
		b.WriteString(", sorts")
	}
	return b.String()
}

// TestShrinkPhases spells out the phases of spaces that decide everything, or not.
func TestShrinkPhases(t *testing.T) {
	space := func(s *searchspace.Space, err error) *searchspace.Space {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	mobile := space(searchspace.MobileNetV3(searchspace.MobileNetV3Options{}))
	for name, c := range map[string]struct {
		space *searchspace.Space
		want  []string
	}{
		"published": {mobile, []string{
			"full 1.0000 ×1 10.0000 0.0000 depth 4 expand 6 kernel 7, teaches",
			"kernel 0.3000 ×1 1.0000 0.0417 depth 4 expand 6 kernel 3 5 7",
			"depth 1 0.0600 ×2 0.0833 0.0000 depth 3 4 expand 6 kernel 3 5 7",
			"depth 2 0.3000 ×2 0.2500 0.0417 depth 2 3 4 expand 6 kernel 3 5 7",
			"width 1 0.0600 ×4 0.0833 0.0000 depth 2 3 4 expand 4 6 kernel 3 5 7, sorts",
			"width 2 0.2800 ×4 0.2500 0.0417 depth 2 3 4 expand 3 4 6 kernel 3 5 7, sorts"}},
		"fewer choices": {space(mobile.Restrict(
			searchspace.Restriction{Decisions: []string{"*.depth"}, Values: []int{2, 3}},
			searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{5}})), []string{
			"full 1.0000 ×1 10.0000 0.0000 depth 3 expand 6 kernel 5, teaches",
			"depth 0.5143 ×2 0.2500 0.0417 depth 2 3 expand 6 kernel 5",
			"width 1 0.0857 ×4 0.0833 0.0000 depth 2 3 expand 4 6 kernel 5, sorts",
			"width 2 0.4000 ×4 0.2500 0.0417 depth 2 3 expand 3 4 6 kernel 5, sorts"}},
		"without kernels": {space(searchspace.ResNet50(searchspace.ResNet50Options{})), []string{
			"full 1.0000 ×1 10.0000 0.0000 depth 2 width 2 expand 0.35, teaches",
			"depth 1 0.0857 ×2 0.0833 0.0000 depth 0 2 width 2 expand 0.35",
			"depth 2 0.4286 ×2 0.2500 0.0417 depth 0 2 width 2 expand 0.35",
			"width 1 0.0857 ×4 0.0833 0.0000 depth 0 2 width 1 2 expand 0.25 0.35, sorts",
			"width 2 0.4000 ×4 0.2500 0.0417 depth 0 2 width 0 1 2 expand 0.2 0.25 0.35, sorts"}},
	} {
		phases, err := ShrinkPhases(c.space)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for i := range phases {
			got = append(got, phaseText(&phases[i]))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: phases\n%s\nexpected\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	fixed := space(mobile.Restrict(searchspace.Restriction{Decisions: []string{"*"}, Keep: []int{0}}))
	for _, s := range []*searchspace.Space{nil, fixed} {
		if phases, err := ShrinkPhases(s); err == nil {
			t.Errorf("phases %v of nothing to decide", phases)
		}
	}
}

// TestShrinkPhasesWiden: from phase to phase choices are added, never taken, from one network to
// the whole space; shares add up to 1.
func TestShrinkPhasesWiden(t *testing.T) {
	spaces := lightSpaces(t)
	for _, name := range slices.Sorted(maps.Keys(spaces)) {
		s := spaces[name]
		phases, err := ShrinkPhases(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if first := phases[0].Space; first.Smallest() != s.Largest() || first.Largest() != s.Largest() {
			t.Errorf("%s: full network %s, expected %s", name, s.Format(first.Smallest()), s.Format(s.Largest()))
		}
		share := 0.0
		for i, p := range phases[1:] {
			share += p.Share
			before := phases[i].Space.Decisions()
			for d, now := range p.Space.Decisions() {
				for _, c := range before[d].Allowed {
					if !slices.Contains(now.Allowed, c) {
						t.Errorf("%s, phase %s: %s has lost choice %d", name, p.Name, now.Name, c)
					}
				}
			}
			if p.Space.Size().Cmp(phases[i].Space.Size()) <= 0 {
				t.Errorf("%s, phase %s: no more networks than before", name, p.Name)
			}
		}
		if last := phases[len(phases)-1].Space; last.Size().Cmp(s.Size()) != 0 {
			t.Errorf("%s: %v networks in the end, expected %v", name, last.Size(), s.Size())
		}
		if math.Abs(share-1) > 1e-12 {
			t.Errorf("%s: shares of %v in all", name, share)
		}
	}
}

// TestShrinkEpochs: every phase has an epoch, they add up, and none is farther from its share than
// what that costs.
func TestShrinkEpochs(t *testing.T) {
	six, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	published, err := ShrinkPhases(six)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		phases []ShrinkPhase
		epochs int
		want   []int
	}{
		{published, 15, []int{15, 5, 1, 4, 1, 4}},
		{published, 120, []int{120, 36, 7, 36, 7, 34}},
		{published, 5, []int{5, 1, 1, 1, 1, 1}},
		{published, 4, nil},
		{published, 1 << 30, []int{1 << 30, 322122547, 64424510, 322122547, 64424509, 300647711}},
		{published, math.MaxInt, nil},
		{[]ShrinkPhase{{Share: 1e300}}, 4, nil},
		{[]ShrinkPhase{{Share: 0.6}, {Share: 0.6}}, 1<<31 - 1, nil},
		{published[:1], 4, []int{4}},
		{[]ShrinkPhase{{Share: 0}}, 4, nil},
		{[]ShrinkPhase{{Share: math.NaN()}}, 4, nil},
		{[]ShrinkPhase{{Share: 0.01, Teaches: true}}, 4, []int{1}},
	} {
		got, err := ShrinkEpochs(c.phases, c.epochs)
		if (err == nil) != (c.want != nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%d epochs: %v, error %v, expected %v", c.epochs, got, err, c.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		shares := rapid.SliceOfN(rapid.Float64Range(0.001, 1), 1, 6).Draw(rt, "shares")
		list := make([]ShrinkPhase, len(shares))
		sum := 0.0
		for i, share := range shares {
			list[i].Share = share
			sum += share
		}
		epochs := rapid.IntRange(1, 300).Draw(rt, "epochs")
		got, err := ShrinkEpochs(list, epochs)
		total := int(math.Round(sum * float64(epochs)))
		if (err != nil) != (total < len(list)) {
			rt.Fatalf("error %v for %d epochs", err, total)
		}
		if err != nil {
			return
		}
		all := 0
		for i, n := range got {
			all += n
			if quota := shares[i] * float64(epochs); n < 1 || float64(n) > quota+1 {
				rt.Errorf("%d epochs for a share of %v", n, quota)
			}
		}
		if all != total {
			rt.Errorf("%v: %d epochs, expected %d", got, all, total)
		}
	})
}
