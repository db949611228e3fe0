package main

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
)

// findings say in sentences what holds here and what does not, over all configurations that were
// run.
func (t tables) findings() string {
	var head, nothing, adapted tally
	tuned := of(transfer.StepTuned, accuracy)
	for _, d := range []dataSet{cifar(), fashion()} {
		d.rows(func(config string) []string {
			head.add(t.within(config, tuned, of(transfer.StepHead, accuracy)))
			nothing.add(t.between(config, scratched(config), tuned, of(transfer.StepScratch, accuracy)))
			adapted.add(t.within(config, adaptedOr(accuracy), of(transfer.StepKept, accuracy)))
			return nil
		})
	}
	text := "- Fine-tuning beside the linear head: " + head.String() + ".\n" +
		"- Fine-tuning beside the same network from nothing, at equal steps: " + nothing.String() + ".\n" +
		"- The adapted network beside the kept one: " + adapted.String() + "."
	if r := t.cheaper(); len(r) > 0 {
		text += fmt.Sprintf(" It takes %.2f times the multiply-adds on average.", stat.Mean(r, nil))
		if adapted.above == 0 {
			text += " No row shows a gain of accuracy: what a search from here buys is cheaper inference, at that price."
		}
	}
	return text + "\n" + t.unchanged()
}

// cheaper are the multiply-adds of adapted networks over those of the kept ones, a mean of each
// configuration.
func (t tables) cheaper() (ratios []float64) {
	for _, d := range []dataSet{cifar(), fashion()} {
		d.rows(func(config string) []string {
			x := t.values(config, func(r *result) float64 {
				return adaptedOr(madds)(r) / of(transfer.StepKept, madds)(r)
			})
			if len(x) > 0 {
				ratios = append(ratios, stat.Mean(x, nil))
			}
			return nil
		})
	}
	return ratios
}

// unchanged says whether AdaXpert found anything to change in a pretrained network.
func (t tables) unchanged() string {
	changes := t.values(jobPretrained, func(r *result) float64 { return float64(r.Job.Changes) })
	if len(changes) == 0 {
		return "- AdaXpert from pretrained: " + cells.NotRun + ".\n"
	}
	changed := 0
	for _, n := range changes {
		if n > 0 {
			changed++
		}
	}
	return fmt.Sprintf("- AdaXpert from pretrained changed the architecture in %d of %d runs. Where no change won "+
		"its contest, the published architecture goes on serving.\n", changed, len(changes))
}

// tally counts intervals of differences on either side of zero.
type tally struct {
	means                   []float64
	least, most             float64
	intervals, above, below int
}

func (t *tally) add(differences []float64) {
	if len(differences) == 0 {
		return
	}
	mean := stat.Mean(differences, nil)
	if len(t.means) == 0 {
		t.least, t.most = mean, mean
	}
	t.means, t.least, t.most = append(t.means, mean), math.Min(t.least, mean), math.Max(t.most, mean)
	if len(differences) < 2 {
		return
	}
	t.intervals++
	switch cells.Sign(differences) {
	case 1:
		t.above++
	case -1:
		t.below++
	}
}

func (t *tally) String() string {
	if len(t.means) == 0 {
		return cells.NotRun
	}
	return fmt.Sprintf("%+.1f points on average over %d rows of the tables (%+.1f to %+.1f); of %d intervals %d lie above "+
		"zero and %d below", stat.Mean(t.means, nil), len(t.means), t.least, t.most, t.intervals, t.above, t.below)
}
