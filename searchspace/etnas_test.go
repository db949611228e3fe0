package searchspace_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func etnas(t testing.TB) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{}))
}

// TestETNASEncodings: published encodings print back exactly.
func TestETNASEncodings(t *testing.T) {
	s := etnas(t)
	n := 0
	for _, p := range readPublished(t) {
		if p.Space != "etnas" {
			continue
		}
		n++
		var text string
		if err := json.Unmarshal(p.Encoding, &text); err != nil {
			t.Fatal(err)
		}
		if got := s.Format(must[searchspace.Arch](t)(s.Parse(text))); got != text {
			t.Errorf("%s prints back as %s", text, got)
		}
	}
	if n != 12 {
		t.Errorf("%d published encodings, expected 12", n)
	}
	// The order of skips is kept, and is part of the architecture.
	for _, text := range []string{"02031-a02a01_64_1-1-1-1", "23311-c12a02_64_211-2-2-1", "0-c01a01_16_1-1-1-1", "04142-_32_4-2-2-21"} {
		a, err := s.Parse(text)
		if err != nil || s.Format(a) != text {
			t.Errorf("%s prints back as %s, %v", text, s.Format(a), err)
		}
	}
}

func TestETNASBadText(t *testing.T) {
	s := etnas(t)
	for _, c := range []struct {
		text string
		at   int
		want string
	}{
		{"", 0, "operation of layer 1"},
		{"7-_32_1-1-1-1", 0, "operation of layer 1"},
		{"0", 1, "channels of layer 1"},
		{"05-_32_1-1-1-1", 1, "channels of layer 1"},
		{"031_32_1-1-1-1", 3, "channels of layer 2"},
		{"0303030-_32_1-1-1-1", 5, "'-' after 3 layers"},
		{"0-x_32_1-1-1-1", 2, "'_' after the block"},
		{"0-a02_32_1-1-1-1", 2, "ascending places from 0 to 1"},
		{"03031-a21_32_1-1-1-1", 6, "ascending places"},
		{"0-a01a01a01a01_32_1-1-1-1", 11, "'_' after 3 skips"},
		{"0-a0", 2, "ascending places"},
		{"0-_33_1-1-1-1", 3, "channels, 16, 32"},
		{"0-_32", 3 + 2, "'_' after the channels"},
		{"0-_32_", 6, "block 1 of stage 1"},
		{"0-_32_13-1-1-1", 7, "block 2 of stage 1"},
		{"0-_32_1-1-1", 11, "'-' before stage 4"},
		{"0-_32_1--1-1-1", 8, "block 1 of stage 2"},
		{"0-_32_1-1-1-1-1", 13, "end of text after 4 stages"},
		{"0-_32_" + strings.Repeat("1", 33) + "-1-1-1", 38, "at most 32 blocks"},
	} {
		_, err := s.Parse(c.text)
		var syntax *searchspace.SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != c.at || !strings.Contains(syntax.Want, c.want) {
			t.Errorf("%q gives %v, expected position %d and %q", c.text, err, c.at, c.want)
		}
	}
	for text, want := range map[string]string{
		"0-_32_4-4-4-2":       "7 doublings",
		"0-c01c01_32_1-1-1-1": "its input 2 times",
	} {
		if _, err := s.Parse(text); !errors.Is(err, searchspace.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, expected %q", text, err, want)
		}
	}
	for _, o := range []searchspace.ETNASOptions{{Channels: []int{30}}, {Channels: []int{64, 32}}, {Channels: []int{1024}}, {Blocks: -1}, {Blocks: 1000}} {
		if _, err := searchspace.ETNAS(o); err == nil {
			t.Errorf("options %+v accepted", o)
		}
	}
}

// TestETNASBlock compares weight names and shapes with those of the authors' block, stride 1 and 2.
func TestETNASBlock(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{Channels: []int{8}, InputSize: 28}))
	g := lowerText(t, s, "23311-a02c12_8_1-1-1-1")
	var got []string
	for _, w := range weights(g) {
		if strings.HasPrefix(w, "layers.6.") && !strings.Contains(w, ".1.weight [") && !strings.Contains(w, "bias") {
			got = append(got, strings.TrimPrefix(w, "layers.6.module_list."))
		}
	}
	want := "0.0.0.weight [16,4,3,3]|1.0.0.weight [4,4,3,3]|1.1.conv.0.weight [4,8,1,1]|2.0.0.weight [8,20,1,1]"
	if strings.Join(got, "|") != want {
		t.Errorf("weights %s, expected %s", strings.Join(got, "|"), want)
	}
}

// The stem shrinks images by its stride, and nothing else of a network depends on that.
func TestETNASStem(t *testing.T) {
	var params, madds []int64
	for _, stride := range []int{0, 4, 2, 1} {
		s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{StemStride: stride, InputSize: 32}))
		a := must[searchspace.Arch](t)(s.Parse("031-_32_1-1-221-11"))
		g := must[*searchspace.Graph](t)(s.Lower(a))
		first := slices.IndexFunc(g.Nodes, func(n searchspace.Node) bool { return n.Block != "" })
		if got, want := g.Nodes[first].In.H, 32/max(stride, 1); stride > 0 && got != want {
			t.Errorf("stride %d: blocks begin with %d pixels, expected %d", stride, got, want)
		}
		c := must[searchspace.Cost](t)(s.Cost(a))
		params, madds = append(params, c.Params), append(madds, c.MAdds)
		again := must[*searchspace.Space](t)(searchspace.FromSpec(s.Spec()))
		if got := must[searchspace.Cost](t)(again.Cost(must[searchspace.Arch](t)(again.Parse(s.Format(a))))); got.MAdds != c.MAdds {
			t.Errorf("stride %d: the space by its specification has %d multiply-adds, itself %d", stride, got.MAdds, c.MAdds)
		}
	}
	if params[0] != params[1] || params[1] != params[2] || params[2] != params[3] || madds[0] != madds[1] ||
		madds[2] < 3*madds[1] || madds[3] < 3*madds[2] {
		t.Errorf("parameters %d, multiply-adds %d", params, madds)
	}
	for _, stride := range []int{-1, 3, 8} {
		if _, err := searchspace.ETNAS(searchspace.ETNASOptions{StemStride: stride}); err == nil {
			t.Errorf("a stem of stride %d", stride)
		}
	}
}

// TestETNASVariants: site and variant together say what shape weights have.
func TestETNASVariants(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{Blocks: 3, Channels: []int{32}, InputSize: 64}))
	type place struct{ site, variant string }
	type shape struct{ kernel, groups, in, out int }
	seen := map[place]shape{}
	r := newRand(8)
	for range 200 {
		g := must[*searchspace.Graph](t)(s.Lower(must[searchspace.Arch](t)(s.Sample(r))))
		for i := range g.Nodes {
			n := &g.Nodes[i]
			if n.Op != searchspace.OpConv || n.Block == "" {
				continue
			}
			key, is := place{n.Site, n.Variant}, shape{n.Kernel, n.Groups, n.In.C, n.Out.C}
			if was, ok := seen[key]; ok && was != is {
				t.Fatalf("%v has weights of shape %v and %v", key, was, is)
			}
			seen[key] = is
		}
	}
}

// TestFoundBlocks restricts the block design to a list of found ones.
func TestFoundBlocks(t *testing.T) {
	s := etnas(t)
	decisions := s.Decisions()
	var names []string
	for _, d := range decisions {
		if strings.HasPrefix(d.Name, "block.") {
			names = append(names, d.Name)
		}
	}
	var found [][]int
	for _, block := range []string{"2-", "031-", "02031-a02", "23311-a02c12"} {
		a := must[searchspace.Arch](t)(s.Parse(block + "_32_1-1-1-1"))
		var combo []int
		for _, name := range names {
			combo = append(combo, a.At(s.DecisionIndex(name)))
		}
		found = append(found, combo)
	}
	narrow := must[*searchspace.Space](t)(s.Restrict(searchspace.Restriction{Decisions: names, Combinations: found}))
	r := newRand(4)
	seen := map[string]int{}
	a := must[searchspace.Arch](t)(narrow.Sample(r))
	for range 60 {
		text := narrow.Format(a)
		seen[text[:strings.IndexByte(text, '_')]]++
		a = must[searchspace.Arch](t)(narrow.Mutate(a, r, searchspace.MutateOptions{}))
	}
	if len(seen) != 4 {
		t.Errorf("blocks drawn: %v, expected the four found ones", seen)
	}
	blocks := must[*searchspace.Space](t)(s.Restrict(searchspace.Restriction{Decisions: []string{"stage*.*", "channels"}, Keep: []int{0}}))
	if blocks.Size().Int64() < 1e6 {
		t.Errorf("%v block designs", blocks.Size())
	}
	if one := must[*searchspace.Space](t)(narrow.Restrict(searchspace.Restriction{Decisions: []string{"stage*.*", "channels"}, Keep: []int{0}})); one.Size().Int64() != 4 {
		t.Errorf("%v networks of one block a stage out of four designs", one.Size())
	}
}

// TestETNASGrowth counts macro layouts: with at most six doublings in stages of at most two blocks.
func TestETNASGrowth(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{Channels: []int{32}, Blocks: 2}))
	macro := must[*searchspace.Space](t)(s.Restrict(searchspace.Restriction{Decisions: []string{"block.*"}, Keep: []int{0}}))
	want := 0
	var rec func(stage, doublings int)
	rec = func(stage, doublings int) {
		if stage == 4 {
			want += asInt(doublings <= 6)
			return
		}
		for first := range 3 {
			rec(stage+1, doublings+first)
			for second := range 3 {
				rec(stage+1, doublings+first+second)
			}
		}
	}
	rec(0, 0)
	if macro.Size().Int64() != int64(want) {
		t.Errorf("%v macro layouts, counted %d", macro.Size(), want)
	}
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestNoChoiceGraph(t *testing.T) {
	s := etnas(t)
	if _, err := s.LowerChoices(); !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		t.Errorf("choice graph: %v", err)
	}
	if _, err := s.Sites(); !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		t.Errorf("sites: %v", err)
	}
	low, high := must[searchspace.Cost](t)(s.Cost(s.Smallest())), must[searchspace.Cost](t)(s.Cost(s.Largest()))
	r := newRand(9)
	for range 20 {
		c := must[searchspace.Cost](t)(s.Cost(must[searchspace.Arch](t)(s.Sample(r))))
		if c.MAdds < low.MAdds || c.MAdds > high.MAdds {
			t.Errorf("sampled %d multiply-adds outside %d to %d", c.MAdds, low.MAdds, high.MAdds)
		}
	}
}
