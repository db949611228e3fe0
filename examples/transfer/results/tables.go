package main

import (
	"fmt"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
)

// The primary endpoint.
const (
	floor      = 80.0 // percent
	mostTime   = 300  // seconds, of two idle cores
	coresOfAll = 2
)

// primary says in sentences how the primary endpoint came out.
func (t tables) primary() string {
	config := cifar().config(primaryVolume(), primarySize)
	head := "Fine-tuned, test accuracy on all test images, %: "
	x := t.values(config, of(transfer.StepTuned, accuracy))
	if len(x) == 0 {
		return head + cells.NotRun + ".\n"
	}
	text := head + cells.Contrast("%.2f", x, t.Planned(config)) + ". " + verdict(stat.Mean(x, nil) >= floor,
		fmt.Sprintf("The floor of %.0f %% is reached", floor), fmt.Sprintf("The floor of %.0f %% is missed", floor))
	if mean, half := cells.Interval(x); len(x) > 1 {
		text += verdict(mean-half >= floor, ", by the whole interval", verdict(mean+half < floor,
			", by the whole interval", "; the interval includes it"))
	}
	return text + ".\n" + t.primaryTime(config)
}

// primaryTime says how long the linear head and fine-tuning took.
func (t tables) primaryTime(config string) string {
	both := func(f func(*transfer.StepReport) float64) []float64 {
		return t.values(config, func(r *result) float64 {
			return of(transfer.StepHead, f)(r) + of(transfer.StepTuned, f)(r)
		})
	}
	wall, cpu := both(seconds), both(cpuSeconds)
	text := "Linear head and fine-tuning took " + cells.Spread("%.0f", wall) + " s of wall time"
	if len(cpu) == 0 {
		return text + "; the time of processors is not known.\n"
	}
	inTime := stat.Mean(cpu, nil) <= mostTime*coresOfAll
	return text + " and " + cells.Spread("%.0f", cpu) + fmt.Sprintf(" s of processors, which is %.0f s of two cores "+
		"that do nothing else and are never idle. ", stat.Mean(cpu, nil)/coresOfAll) +
		verdict(stat.Mean(wall, nil) <= mostTime, "Wall time is within five minutes", verdict(inTime,
			"Wall time is beyond five minutes, the time of processors within those of two cores",
			"That is more than five minutes")) + ".\n"
}

func verdict(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// rows calls f for every configuration on a data set, with what names it in a table.
func (d dataSet) rows(f func(config string) []string) (rows [][]string) {
	for _, v := range d.volumes {
		for _, size := range sizes() {
			rows = append(rows, append([]string{fmt.Sprint(v.perClass), fmt.Sprint(size)}, f(d.config(v, size))...))
		}
	}
	return rows
}

func heads(more ...string) []string { return append([]string{"images a class", "px"}, more...) }

// accuracies of all arms.
func (t tables) accuracies(d dataSet) string {
	return cells.Table(heads("linear head, %", "fine-tuned, %", "kept, %", "adapted, %", "from nothing, %"),
		d.rows(func(config string) []string {
			at := func(config string, f figure) string { return cells.Spread("%.2f", t.values(config, f)) }
			return []string{at(config, of(transfer.StepHead, accuracy)), at(config, of(transfer.StepTuned, accuracy)),
				at(config, of(transfer.StepKept, accuracy)), at(config, adaptedOr(accuracy)),
				at(scratched(config), of(transfer.StepScratch, accuracy))}
		})...)
}

// madds of Lite0 and of what the search found.
func (t tables) madds(d dataSet) string {
	return cells.Table(heads("Lite0, M MAdds", "adapted, M MAdds", "ratio"), d.rows(func(config string) []string {
		return []string{cells.Spread("%.1f", t.values(config, of(transfer.StepTuned, madds))),
			cells.Spread("%.1f", t.values(config, adaptedOr(madds))),
			t.ratio(config, adaptedOr(madds), of(transfer.StepTuned, madds))}
	})...)
}

// times are those of the steps.
func (t tables) times(d dataSet) string {
	return cells.Table(heads("linear head, s", "fine-tuning, s", "of processors, s", "last training (kept), s",
		"search and last training (adapted), s", "from nothing, s", "of processors, s"),
		d.rows(func(config string) []string {
			at := func(config, step string, f func(*transfer.StepReport) float64) string {
				return cells.Spread("%.0f", t.values(config, of(step, f)))
			}
			return []string{at(config, transfer.StepHead, seconds), at(config, transfer.StepTuned, seconds),
				at(config, transfer.StepTuned, cpuSeconds), at(config, transfer.StepKept, seconds),
				at(config, transfer.StepAdapted, seconds), at(scratched(config), transfer.StepScratch, seconds),
				at(scratched(config), transfer.StepScratch, cpuSeconds)}
		})...)
}

// differences are paired by seed.
func (t tables) differences(d dataSet) string {
	tuned := of(transfer.StepTuned, accuracy)
	return cells.Table(heads("fine-tuned less linear head", "fine-tuned less from nothing", "adapted less kept",
		"M MAdds, adapted over kept"), d.rows(func(config string) []string {
		n := t.Planned(config)
		return []string{points(t.within(config, tuned, of(transfer.StepHead, accuracy)), n),
			points(t.between(config, scratched(config), tuned, of(transfer.StepScratch, accuracy)), n),
			points(t.within(config, adaptedOr(accuracy), of(transfer.StepKept, accuracy)), n),
			t.ratio(config, adaptedOr(madds), of(transfer.StepKept, madds))}
	})...)
}

// jobs are the runs of examples/adaxpert.
func (t tables) jobs() string {
	var rows [][]string
	for _, one := range []struct{ config, title string }{
		{jobPretrained, "AdaXpert from pretrained, 64 px"}, {jobNothing, "main job from nothing, 32 px"},
	} {
		at := func(format string, f figure) string { return cells.Spread(format, t.values(one.config, f)) }
		rows = append(rows, []string{one.title,
			at("%.2f", func(r *result) float64 { return 100 * r.Job.First }),
			at("%.2f", func(r *result) float64 { return 100 * r.Job.Accuracy }),
			at("%.2f", func(r *result) float64 { return 100 * r.Job.Rival }),
			points(t.values(one.config, func(r *result) float64 { return 100 * (r.Job.Accuracy - r.Job.Rival) }),
				t.Planned(one.config)),
			at("%.1f", func(r *result) float64 { return millions(r.Job.MAdds) }),
			at("%.1f", func(r *result) float64 { return millions(r.Job.RivalMAdds) }),
			at("%.1f", func(r *result) float64 { return float64(r.Job.Changes) }),
			at("%.0f", func(r *result) float64 { return r.Job.Seconds })})
	}
	return cells.Table([]string{"run", "first snapshot, %", "at the end, %", "first network kept and trained on, %",
		"difference", "M MAdds", "M MAdds, kept", "changes", "training and searching, s"}, rows...) + "\n" +
		t.besideTuned()
}

// besideTuned sets them beside fine-tuning on the same images.
func (t tables) besideTuned() string {
	tuned := of(transfer.StepTuned, accuracy)
	served := func(r *result) float64 { return 100 * r.Job.Accuracy }
	line := func(title, config string, size int) string {
		other := cifar().config(primaryVolume(), size)
		return fmt.Sprintf("- %s less fine-tuned at %d px on the same images, points: %s.\n", title, size,
			points(t.between(config, other, served, tuned), t.Planned(config)))
	}
	return line("AdaXpert from pretrained", jobPretrained, 64) + line("Main job from nothing", jobNothing, 64)
}

// peers are the trainings beside PyTorch.
func (t tables) peers() string {
	var rows [][]string
	for _, size := range peerSizes() {
		var x struct{ wall, cpu, theirWall, theirCPU, wallRatio, cpuRatio, acc, theirAcc []float64 }
		for _, r := range t.Of(peerConfig(size)) {
			for _, one := range r.Result.Rounds {
				a, b := one.Tendril, one.PyTorch
				x.wall, x.theirWall = append(x.wall, a.Seconds), append(x.theirWall, b.Seconds)
				x.cpu, x.theirCPU = append(x.cpu, a.CPU), append(x.theirCPU, b.CPU)
				x.acc, x.theirAcc = append(x.acc, 100*a.Accuracy), append(x.theirAcc, 100*b.Accuracy)
				x.wallRatio = append(x.wallRatio, a.Seconds/b.Seconds)
				if a.CPU > 0 {
					x.cpuRatio = append(x.cpuRatio, a.CPU/b.CPU)
				}
			}
		}
		rows = append(rows, []string{fmt.Sprint(size), cells.Spread("%.2f", x.acc), cells.Spread("%.2f", x.theirAcc),
			cells.Spread("%.0f", x.wall), cells.Spread("%.0f", x.theirWall), cells.Spread("%.2f", x.wallRatio),
			cells.Spread("%.0f", x.cpu), cells.Spread("%.0f", x.theirCPU), cells.Spread("%.2f", x.cpuRatio)})
	}
	return cells.Table([]string{"px", "Tendril, %", "PyTorch, %", "wall time, s", "PyTorch's, s", "ratio",
		"of processors, s", "PyTorch's, s", "ratio"}, rows...)
}
