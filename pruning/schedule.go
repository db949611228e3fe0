package pruning

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Order says in which order classes come into a search.
type Order string

// Orders of section 5.3 (Table 4), and classes in random order as a control.
const (
	EasyToAll   Order = "easy-to-all"
	HardToAll   Order = "hard-to-all"
	RandomToAll Order = "random-to-all"
	SmallOnly   Order = "small" // the easiest classes of the first phase in all phases
	AllClasses  Order = "all"   // all classes in all phases
)

// Orders lists the orders.
func Orders() []Order { return []Order{EasyToAll, HardToAll, RandomToAll, SmallOnly, AllClasses} }

// Phase is a part of a search with the same classes and the same candidates.
type Phase struct {
	Name    string `json:"name"`
	Classes []int  `json:"classes"` // numbers, ascending
	Epochs  int    `json:"epochs"`
	// Learn says that the architecture is trained beside the weights, Prune that the least probable
	// candidates are removed at the end.
	Learn bool `json:"learn"`
	Prune bool `json:"prune"`
}

// Schedule makes the phases of a search. The zero value of a field is its default.
type Schedule struct {
	Order Order // "" = EasyToAll
	// Ranking is the numbers of all classes, easiest first, as Easiness.Ranking has it. AllClasses
	// and RandomToAll do with any order.
	Ranking []int
	// Shares is the share of the classes that warm-up and each step see, rising, at most 1; nil =
	// 0.1, 0.3, 0.6, 1, as published. A share that is no whole number of classes is rounded, to at
	// least two classes (one where there is only one).
	Shares []float64
	// Warmup is the number of epochs of the first share, in which only weights are trained; 0 = 10,
	// negative = none: then the search begins with the second.
	Warmup int
	// Epochs of every step; 0 = 20.
	Epochs int
	// NoPruning leaves all candidates to the end.
	NoPruning bool
	// Seed of RandomToAll.
	Seed uint64
}

// Phases is the schedule.
func (s Schedule) Phases() ([]Phase, error) {
	order, err := s.order()
	if err != nil {
		return nil, err
	}
	shares := s.Shares
	if shares == nil {
		shares = []float64{0.1, 0.3, 0.6, 1}
	}
	if len(shares) < 2 {
		return nil,
			fmt.Errorf("pruning: %d shares of classes, expected one of the warm-up and at least one more",
				len(shares))
	}
	epochs := cmp.Or(s.Epochs, 20)
	if epochs < 1 {
		return nil, fmt.Errorf("pruning: steps of %d epochs, expected at least 1", epochs)
	}
	var out []Phase
	for i, share := range shares {
		if !(share > 0 && share <= 1) || i > 0 && share < shares[i-1] {
			return nil, fmt.Errorf("pruning: shares of classes %v, expected rising ones up to 1", shares)
		}
		switch s.Order {
		case SmallOnly:
			share = shares[0]
		case AllClasses:
			share = 1
		}
		n := min(max(int(math.Round(share*float64(len(order)))), 2), len(order))
		p := Phase{Name: fmt.Sprintf("step %d", i), Epochs: epochs, Learn: true, Prune: !s.NoPruning,
			Classes: slices.Sorted(slices.Values(order[:n]))}
		if i == 0 {
			if s.Warmup < 0 {
				continue
			}
			p.Name, p.Epochs, p.Learn, p.Prune = "warm-up", cmp.Or(s.Warmup, 10), false, false
		}
		out = append(out, p)
	}
	return out, nil
}

// order is the classes in the order in which they come in.
func (s Schedule) order() ([]int, error) {
	order := slices.Clone(s.Ranking)
	seen := map[int]bool{}
	for _, c := range order {
		if c < 0 || seen[c] {
			return nil, fmt.Errorf("pruning: class %d in a ranking, expected different numbers from 0", c)
		}
		seen[c] = true
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("pruning: a ranking without classes")
	}
	switch s.Order {
	case "", EasyToAll, SmallOnly, AllClasses:
	case HardToAll:
		slices.Reverse(order)
	case RandomToAll:
		slices.Sort(order) // the same classes for any ranking
		stream.New(s.Seed, "pruning.order").Shuffle(len(order), func(i, j int) {
			order[i], order[j] = order[j], order[i]
		})
	default:
		return nil, fmt.Errorf("pruning: order %q, expected one of %q", s.Order, Orders())
	}
	return order, nil
}

// RelativeWork is how much of the work of a search without schedule and pruning this one does in
// layers with so many candidates: Σ epochs · classes · candidates over the phases, with classes
// alike in images and candidates alike in cost, by that of the same epochs with all classes and all
// candidates. fraction is Options.Prune, see there. The published schedule with 6 candidates gives
// 0.36, without pruning 0.56.
func RelativeWork(phases []Phase, classes, candidates int, fraction float64) float64 {
	left := candidates
	var sum, all float64
	for _, p := range phases {
		sum += float64(p.Epochs) * float64(len(p.Classes)) * float64(left)
		all += float64(p.Epochs) * float64(classes) * float64(candidates)
		if p.Prune {
			left -= removals(left, cmp.Or(fraction, defaultPrune))
		}
	}
	return sum / all
}

// removals is how many of so many candidates are removed: the fraction, rounded down, at least one,
// and never the last.
func removals(left int, fraction float64) int {
	if fraction < 0 || left < 2 {
		return 0
	}
	return min(max(int(fraction*float64(left)+1e-9), 1), left-1)
}
