package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// drawn says whether searching, whatever the arm, found better networks than drawing does, and how
// what mixtures found differs from what was drawn.
func (t tables) drawn() string {
	var d []float64
	configs := []string{"headroom"}
	for _, a := range arms() {
		configs = append(configs, a.name)
	}
	for _, row := range t.Together(configs...) {
		mean := 0.0
		for _, r := range row[1:] {
			mean += accuracy(r) / float64(len(row)-1)
		}
		d = append(d, mean-meanAccuracy(row[0]))
	}
	text := fmt.Sprintf("All %d arms together less random architectures, points: %s.", len(arms()),
		cells.Contrast("%+.2f", d, headroomSeeds))
	if len(d) > 1 {
		switch mean, half := cells.Interval(d); {
		case mean+half < 0:
			text += " **Searching cost accuracy here.**"
		case mean-half <= 0:
			text += " **Nothing shows that searching paid here.**"
		}
	}
	if found, random := t.middle(); !math.IsNaN(found) && !math.IsNaN(random) {
		text += fmt.Sprintf(" Of the layers that mixtures found, %.0f %% have the middle expand ratio, 3; of those "+
			"that were drawn, %.0f %%.", 100*found, 100*random)
	}
	return text + "\n"
}

// middle is how many layers of those that mixtures found, and of those that were drawn, have the
// middle expand ratio. NaN stands for no layers.
func (t tables) middle() (found, random float64) {
	var f, r share
	for _, a := range arms() {
		if a.name == singlePath {
			continue
		}
		for _, one := range t.Of(a.name) {
			f.add(one.Result.Trained.Arch)
		}
	}
	for _, one := range t.Of("headroom") {
		for _, x := range one.Result.Alike {
			r.add(x.Arch)
		}
	}
	return f.part / f.all, r.part / r.all
}

// share counts layers with expand ratio 3.
type share struct{ part, all float64 }

func (s *share) add(arch string) {
	for layer := range strings.SplitSeq(arch, ",") {
		if strings.HasPrefix(layer, "ir3k") {
			s.part++
		}
		s.all++
	}
}
