package searchspace_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"pgregory.net/rapid"
)

// etnasParts are what the encoding says: layers, skips, stem, and the digits of the stages.
type etnasParts struct {
	block, stem, macro string
	layers, skips      int
	blocks, doublings  int
}

func partsOf(s *searchspace.Space, a searchspace.Arch) (p etnasParts) {
	fields := strings.Split(s.Format(a), "_")
	p.block, p.stem, p.macro = fields[0], fields[1], fields[2]
	layers, skips, _ := strings.Cut(p.block, "-")
	p.layers, p.skips = (len(layers)+1)/2, len(skips)/3
	p.blocks = len(p.macro) - 3
	p.doublings = strings.Count(p.macro, "2") + 2*strings.Count(p.macro, "4")
	return p
}

// Every operator changes what it says, leaves the rest, and gives a valid architecture.
func TestETNASOperators(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{Blocks: 4}))
	blocks := make([]searchspace.Arch, 2)
	for i, text := range []string{"031-_32_1-1-1-1", "10001-_32_1-1-1-1"} {
		blocks[i] = must[searchspace.Arch](t)(s.Parse(text))
	}
	g := must[*searchspace.ETNASGenes](t)(searchspace.NewETNASGenes(s, &searchspace.ETNASGenesOptions{Blocks: blocks}))
	inBlock := map[searchspace.ETNASOperator]bool{searchspace.ETNASExchangeBlock: true}
	for _, op := range searchspace.ETNASBlockOperators() {
		inBlock[op] = true
	}
	all := append(searchspace.ETNASBlockOperators(), searchspace.ETNASMacroOperators()...)
	all = append(all, searchspace.ETNASExchangeBlock)
	applied := map[searchspace.ETNASOperator]int{}
	r := rand.New(rand.NewPCG(3, 7))
	for range 300 {
		a := must[searchspace.Arch](t)(s.Sample(r))
		before := partsOf(s, a)
		for _, op := range all {
			b, ok, err := g.Apply(op, a, r)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			applied[op]++
			if err := s.Valid(b); err != nil {
				t.Fatalf("%v of %s: %v", op, s.Format(a), err)
			}
			after := partsOf(s, b)
			if inBlock[op] && (after.stem != before.stem || after.macro != before.macro) || !inBlock[op] && after.block != before.block {
				t.Fatalf("%v makes %s of %s", op, s.Format(b), s.Format(a))
			}
			var want etnasParts
			switch op {
			case searchspace.ETNASAddLayer:
				want.layers = 1
			case searchspace.ETNASRemoveLayer:
				want.layers, want.skips = -1, after.skips-before.skips
				if want.skips > 0 {
					t.Fatalf("%v makes %s of %s", op, s.Format(b), s.Format(a))
				}
			case searchspace.ETNASAddSkip:
				want.skips = 1
			case searchspace.ETNASRemoveSkip:
				want.skips = -1
			case searchspace.ETNASAddBlock:
				want.blocks = 1
			case searchspace.ETNASRemoveBlock:
				want.blocks = -1
			case searchspace.ETNASAddDoubling:
				want.doublings = 1
			case searchspace.ETNASRemoveDoubling:
				want.doublings = -1
			}
			change := etnasParts{layers: after.layers - before.layers, skips: after.skips - before.skips,
				blocks: after.blocks - before.blocks, doublings: after.doublings - before.doublings}
			if op != searchspace.ETNASExchangeBlock && change != want {
				t.Fatalf("%v makes %s of %s", op, s.Format(b), s.Format(a))
			}
			if b == a {
				t.Fatalf("%v leaves %s as it is", op, s.Format(a))
			}
		}
	}
	for _, op := range all {
		if applied[op] < 30 {
			t.Errorf("%v could be applied %d times of 300", op, applied[op])
		}
	}
}

// Single operators lead from any architecture to any other, here to far ones.
func TestETNASOperatorsReach(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{Blocks: 3}))
	g := must[*searchspace.ETNASGenes](t)(searchspace.NewETNASGenes(s, nil))
	r := rand.New(rand.NewPCG(3, 8))
	operators := append(searchspace.ETNASBlockOperators(), searchspace.ETNASMacroOperators()...)
	for _, want := range []string{"02031-a02_64_111-2-21-2", "23311-a02c12_16_4-1-1-12", "6-_128_1-1-1-1"} {
		a := must[searchspace.Arch](t)(s.Parse("14042-c01a12a02_32_22-11-1-121"))
		for steps, left := 0, 99; left > 0; steps++ {
			if steps == 200000 {
				t.Fatalf("%s is not reached, but %s", want, s.Format(a))
			}
			b, _, err := g.Apply(operators[r.IntN(len(operators))], a, r)
			if err != nil {
				t.Fatal(err)
			}
			d := distance(s.Format(b), want)
			if d <= left || r.IntN(20) == 0 && d <= left+1 {
				a, left = b, d
			}
		}
	}
}

// distance is the number of characters to insert, remove or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Parents and children agree in what they are made of; restricted spaces keep their restrictions.
func TestETNASGenesVary(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{Blocks: 3, InputSize: 32, Classes: 10}))
	small, err := s.Restrict(searchspace.Restriction{Decisions: []string{"channels"}, Values: []int{16, 32}})
	if err != nil {
		t.Fatal(err)
	}
	layout := must[searchspace.Arch](t)(small.Parse("0-_32_1-2-2-11"))
	blocks := []searchspace.Arch{must[searchspace.Arch](t)(small.Parse("031-_16_1-1-1-1"))}
	for _, o := range []*searchspace.ETNASGenesOptions{nil, {Steps: 3}, {Layout: layout, Operators: searchspace.ETNASBlockOperators()},
		{Blocks: blocks, Operators: searchspace.ETNASMacroOperators()}} {
		g := must[*searchspace.ETNASGenes](t)(searchspace.NewETNASGenes(small, o))
		rapid.Check(t, func(t *rapid.T) {
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
			a, err1 := g.Random(r)
			b, err2 := g.Random(r)
			m, err3 := g.Mutate(a, r)
			c, d, err4 := g.Cross(a, b, r)
			if err := errors.Join(err1, err2, err3, err4); err != nil {
				t.Fatal(err)
			}
			for _, x := range []searchspace.Arch{a, b, m, c, d} {
				if err := small.Valid(x); err != nil {
					t.Fatal(err)
				}
				p := partsOf(small, x)
				if o != nil && o.Layout.Len() > 0 && (p.macro != "1-2-2-11" || p.stem != "32") {
					t.Fatalf("%s leaves its layout", small.Format(x))
				}
				if o != nil && o.Blocks != nil && p.block != "031-" {
					t.Fatalf("%s has another block", small.Format(x))
				}
			}
			if m == a || g.Key(m) == g.Key(a) {
				t.Fatalf("%s does not change", small.Format(a))
			}
			parents, children := partsOf(small, a), partsOf(small, c)
			if block := children.block; block != parents.block && block != partsOf(small, b).block {
				t.Fatalf("%s of %s and %s", small.Format(c), small.Format(a), small.Format(b))
			}
		})
	}
}

func TestETNASGenesRefuse(t *testing.T) {
	s := etnas(t)
	of := must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{}))
	for name, o := range map[string]*searchspace.ETNASGenesOptions{
		"steps": {Steps: -1}, "years": {Steps: math.MaxInt}, "operator": {Operators: []searchspace.ETNASOperator{99}},
		"block": {Blocks: []searchspace.Arch{{}}}, "layout": {Layout: of.Smallest()},
	} {
		if _, err := searchspace.NewETNASGenes(s, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := searchspace.NewETNASGenes(of, nil); err == nil {
		t.Error("another space: no error")
	}
	g := must[*searchspace.ETNASGenes](t)(searchspace.NewETNASGenes(s, &searchspace.ETNASGenesOptions{
		Operators: []searchspace.ETNASOperator{searchspace.ETNASRetype}}))
	a := must[searchspace.Arch](t)(s.Parse("0-_32_1-1-1-1"))
	if _, err := g.Mutate(a, rand.New(rand.NewPCG(1, 1))); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("no skip to change: %v", err)
	}
	if _, err := g.Mutate(a, nil); err == nil {
		t.Error("no random numbers: no error")
	}
	if _, err := g.Mutate(of.Smallest(), rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Error("architecture of another space: no error")
	}
}
