package growth

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Step describes one snapshot of a scenario: the first Classes classes, and of each of them the
// fraction Volume of its images.
type Step struct {
	Volume  float64 `json:"volume"`
	Classes int     `json:"classes"`
}

// Scenario holds the growing data D_1 ⊂ D_2 ⊂ … and the test images that every snapshot is judged
// on.
//
// Each training image arrives at one snapshot and stays. Whether it trains or validates the
// supernet is decided once too, so that a supernet carried over from one snapshot to the next has
// never trained on an image that judges it.
type Scenario struct {
	steps   []Step
	pool    dataset.Dataset
	test    dataset.Dataset
	arrives []int // per pool image: the snapshot it arrives at, from 1; 0 = never
	judges  []bool
}

// NewScenario assigns the images of pool to the steps, each of which must bring something. val is
// the fraction of images that validate the supernet; the draw depends on the seed and on each class
// alone.
func NewScenario(pool, test dataset.Dataset, steps []Step, val float64, seed run.Seed) (*Scenario, error) {
	classes := len(pool.Classes())
	if classes < 2 {
		return nil, fmt.Errorf("data have %d class, expected at least 2", classes)
	}
	if got := len(test.Classes()); got != classes {
		return nil, fmt.Errorf("test data have %d classes, the training data %d", got, classes)
	}
	if err := checkGrowth(steps); err != nil {
		return nil, err
	}
	if got := steps[len(steps)-1].Classes; got > classes {
		return nil, fmt.Errorf("snapshot %d: %d classes, expected 2 to %d", len(steps), got, classes)
	}
	if !(val > 0 && val < 1) {
		return nil, fmt.Errorf("validation fraction %v, expected between 0 and 1", val)
	}
	s := &Scenario{steps: slices.Clone(steps), pool: pool, test: test, arrives: make([]int, pool.Len()),
		judges: make([]bool, pool.Len())}
	byClass := make([][]int, classes)
	for i := range pool.Len() {
		byClass[pool.Label(i)] = append(byClass[pool.Label(i)], i)
	}
	for label, list := range byClass {
		r := seed.Stream("adaxpert.scenario", label)
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for p, image := range list {
			s.arrives[image] = arrival(steps, label, p, len(list))
			// Every 1/val-th image of the shuffled class: each prefix, and so each snapshot, holds
			// its share.
			s.judges[image] = math.Floor(float64(p+1)*val) > math.Floor(float64(p)*val)
		}
	}
	for t := range steps {
		train, judges, err := s.parts(0, t+1)
		if err != nil {
			return nil, err
		}
		if train.Len() == 0 || judges.Len() == 0 {
			return nil, fmt.Errorf("snapshot %d: %d training and %d validation images are too few; "+
				"-volumes (scenario I) and -val say how many there are", t+1, train.Len(), judges.Len())
		}
	}
	return s, nil
}

// checkGrowth checks that each step is possible and brings something, whatever the data are.
func checkGrowth(steps []Step) error {
	if len(steps) == 0 {
		return errors.New("no snapshot")
	}
	for i, s := range steps {
		if !(s.Volume > 0 && s.Volume <= 1) {
			return fmt.Errorf("snapshot %d: volume %v, expected a fraction above 0 and at most 1", i+1, s.Volume)
		}
		if s.Classes < 2 {
			return fmt.Errorf("snapshot %d: number of classes %d, expected at least 2", i+1, s.Classes)
		}
		if i > 0 && (s.Volume < steps[i-1].Volume || s.Classes < steps[i-1].Classes) {
			return fmt.Errorf("snapshot %d is smaller than the one before it", i+1)
		}
		if i > 0 && s == steps[i-1] {
			return fmt.Errorf("snapshot %d brings nothing new", i+1)
		}
	}
	return nil
}

// arrival is the first snapshot that holds image p of n of a class.
func arrival(steps []Step, label, p, n int) int {
	for t, s := range steps {
		if label < s.Classes && p < max(1, int(math.Round(s.Volume*float64(n)))) {
			return t + 1
		}
	}
	return 0
}

// Len is the number of snapshots T; they are numbered from 1.
func (s *Scenario) Len() int { return len(s.steps) }

// Classes are the names of the classes known at snapshot t.
func (s *Scenario) Classes(t int) []string { return s.pool.Classes()[:s.steps[t-1].Classes] }

// All is D_t.
func (s *Scenario) All(t int) (dataset.Dataset, error) { return s.Arrived(0, t) }

// Arrived holds the images that came after snapshot from, up to and with snapshot t, labelled as in
// D_t.
func (s *Scenario) Arrived(from, t int) (dataset.Dataset, error) {
	return s.choose(t, func(i int) bool { return s.arrives[i] > from && s.arrives[i] <= t })
}

// Train and Val are the parts of D_t that train and judge the supernet.
func (s *Scenario) Train(t int) (dataset.Dataset, error) {
	a, _, err := s.parts(0, t)
	return a, err
}

// Val is the part of D_t that judges sub-networks.
func (s *Scenario) Val(t int) (dataset.Dataset, error) {
	_, b, err := s.parts(0, t)
	return b, err
}

// Test holds the test images of the classes known at snapshot t.
func (s *Scenario) Test(t int) (dataset.Dataset, error) {
	return dataset.ByClass(s.test, firstLabels(s.steps[t-1].Classes)...)
}

func (s *Scenario) parts(from, t int) (train, val dataset.Dataset, err error) {
	in := func(i int) bool { return s.arrives[i] > from && s.arrives[i] <= t }
	if train, err = s.choose(t, func(i int) bool { return in(i) && !s.judges[i] }); err != nil {
		return nil, nil, err
	}
	val, err = s.choose(t, func(i int) bool { return in(i) && s.judges[i] })
	return train, val, err
}

func (s *Scenario) choose(t int, keep func(i int) bool) (dataset.Dataset, error) {
	var index []int
	for i := range s.pool.Len() {
		if s.arrives[i] > 0 && keep(i) {
			index = append(index, i)
		}
	}
	ds, err := dataset.Subset(s.pool, index)
	if err != nil {
		return nil, err
	}
	return dataset.ByClass(ds, firstLabels(s.steps[t-1].Classes)...)
}

func firstLabels(k int) []int {
	l := make([]int, k)
	for i := range l {
		l[i] = i
	}
	return l
}

// Volumes is scenario I: all classes from the start, more and more of their images.
func Volumes(classes int, fractions ...float64) []Step {
	steps := make([]Step, len(fractions))
	for i, f := range fractions {
		steps[i] = Step{Volume: f, Classes: classes}
	}
	return steps
}

// Labels is scenario II: all images of more and more classes.
func Labels(counts ...int) []Step {
	steps := make([]Step, len(counts))
	for i, c := range counts {
		steps[i] = Step{Volume: 1, Classes: c}
	}
	return steps
}

// LabelCounts is the growth of the label space by shares of the classes, each step by at least one
// class and none below two. Without shares they are a tenth, two, four, eight tenths and all of the
// classes, as in the paper, or fifths where a tenth would be fewer than two classes.
func LabelCounts(classes int, shares ...float64) []int {
	if shares == nil {
		shares = []float64{0.1, 0.2, 0.4, 0.8, 1}
		if classes < 20 {
			shares = []float64{0.2, 0.4, 0.6, 0.8, 1}
		}
	}
	var counts []int
	for _, s := range shares {
		c := max(2, int(math.Round(s*float64(classes))))
		if len(counts) == 0 || c > counts[len(counts)-1] {
			counts = append(counts, c)
		}
	}
	return counts
}
