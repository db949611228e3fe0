package supernet

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
)

// ClassMasks takes classes out of the softmax, sample by sample: their logits have neither
// probability nor gradient, in the cross entropy (label smoothing spreads over the others only) and
// in distillation.
type ClassMasks interface {
	// Mask sets keep[i·classes + c] to false where class c does not count for sample i of the batch
	// of a step. Classes have their numbers in the network, labels too. All entries arrive true;
	// that of a sample's label must stay so. It must be a function of its arguments.
	Mask(step int, labels []int, keep []bool) error
	// Identity describes everything that Mask depends on, for training checkpoints.
	Identity() string
}

// SuperclassDropout drops superclasses at random: for every sample, the superclass of its label
// stays, and each other one leaves the softmax with probability rate, all its classes together.
// groups[c] is the superclass of class c of the network; each sample has draws of its own. Rate 0
// is plain training; rate 1 trains every superclass alone.
//
// See eqs. (1) and (2) of the EAS paper.
func SuperclassDropout(groups []int, rate float64, seed uint64) (ClassMasks, error) {
	if !(rate >= 0 && rate <= 1) {
		return nil, fmt.Errorf("supernet: superclass dropout at rate %v, expected 0 to 1", rate)
	}
	d := &superclassDropout{rate: rate, seed: seed}
	for c, g := range groups {
		if g < 0 || g > 1<<20 {
			return nil, fmt.Errorf("supernet: class %d belongs to superclass %d, expected 0 to %d", c,
				g, 1<<20)
		}
		d.superclasses = max(d.superclasses, g+1)
	}
	d.groups = append(d.groups, groups...)
	return d, nil
}

// OnlyClasses leaves some classes in the softmax, by their numbers in the network, and takes the
// others out for every sample: for data that have these classes alone, as growing data do.
func OnlyClasses(classes ...int) ClassMasks { return onlyClasses(slices.Clone(classes)) }

type onlyClasses []int

func (only onlyClasses) Identity() string { return fmt.Sprintf("only classes %v", []int(only)) }

// fittingMasks is what masks are that know which networks they are for.
type fittingMasks interface {
	// fit reports a network of another number of classes than masks can be for.
	fit(classes int) error
}

func (only onlyClasses) fit(classes int) error {
	for _, c := range only {
		if c < 0 || c >= classes {
			return fmt.Errorf("class %d is to stay, expected 0 to %d", c, classes-1)
		}
	}
	return nil
}

func (only onlyClasses) Mask(_ int, labels []int, keep []bool) error {
	classes := len(keep) / max(len(labels), 1)
	if err := only.fit(classes); err != nil {
		return err
	}
	clear(keep)
	for _, c := range only {
		for i := range labels {
			keep[i*classes+c] = true
		}
	}
	return nil
}

type superclassDropout struct {
	groups       []int
	superclasses int
	rate         float64
	seed         uint64
}

func (d *superclassDropout) Identity() string {
	return fmt.Sprintf("superclass dropout, rate %v, seed %d, superclasses %v", d.rate, d.seed, d.groups)
}

func (d *superclassDropout) fit(classes int) error {
	if classes != len(d.groups) {
		return fmt.Errorf("superclass dropout for %d classes in a network of %d", len(d.groups), classes)
	}
	return nil
}

func (d *superclassDropout) Mask(step int, labels []int, keep []bool) error {
	classes := len(d.groups)
	if len(keep) != len(labels)*classes {
		return fmt.Errorf("superclass dropout for %d classes, %d entries for %d samples", classes, len(keep),
			len(labels))
	}
	kept := make([]bool, d.superclasses)
	source := rand.NewPCG(0, 0)
	r := rand.New(source)
	for i, label := range labels {
		source.Seed(stream.Key(d.seed, "supernet.superclass", uint64(step), uint64(i)))
		for g := range kept {
			kept[g] = r.Float64() >= d.rate
		}
		if label < 0 || label >= classes {
			return fmt.Errorf("sample %d has label %d, expected 0 to %d", i, label, classes-1)
		}
		kept[d.groups[label]] = true
		for c, g := range d.groups {
			keep[i*classes+c] = kept[g]
		}
	}
	return nil
}
