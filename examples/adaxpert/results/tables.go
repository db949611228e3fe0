package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/rank"
)

func sqrt(n int) float64 { return math.Sqrt(float64(n)) }

// table3 sets small differences beside large ones.
func (p *page) table3() string {
	var b strings.Builder
	b.WriteString("| second snapshot | H_t | d_t | not adjusted, % | adjusted, % | gain, points | M MAdds, not adjusted → adjusted |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, v := range [][2]string{{"copies", "shifted and mirrored copies"}, {"unseen", "unseen images of the same classes"}} {
		adjusted, fixed := p.runs("table3-"+v[0]+"-adjusted"), p.runs("table3-"+v[0]+"-fixed")
		acc := func(s *growth.SnapshotReport) float64 { return 100 * s.AccAfter }
		cost := func(s *growth.SnapshotReport) float64 { return float64(s.MAddsAfter) / 1e6 }
		a, f := column(adjusted, 1, acc), column(fixed, 1, acc)
		var gain []float64
		for i := range min(len(a), len(f)) {
			gain = append(gain, a[i]-f[i])
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s → %s |\n", v[1],
			spread("%.2f", column(adjusted, 1, func(s *growth.SnapshotReport) float64 { return s.H })),
			spread("%.3g", column(adjusted, 1, func(s *growth.SnapshotReport) float64 { return s.D })),
			spread("%.2f", f), spread("%.2f", a), spread("%+.2f", gain),
			spread("%.2f", column(fixed, 1, cost)), spread("%.2f", column(adjusted, 1, cost)))
	}
	return b.String()
}

// policy shows what the policy learns beside random search.
func (p *page) policy() string {
	r, ok := p.records["policy"]
	if !ok {
		return notRun + "\n"
	}
	var b strings.Builder
	b.WriteString("| seed | mean reward, first 10 % | last 10 % | entropy, first → last, nats | final choice: policy | random search | M MAdds: policy | random |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	var gain, ahead, falls []float64
	for _, l := range r.Learnt {
		fmt.Fprintf(&b, "| %d | %+.4f | %+.4f | %.2f → %.2f | %+.4f | %+.4f | %.2f | %.2f |\n", l.Seed, l.First, l.Last, l.EntropyFirst, l.EntropyLast, l.Policy, l.Random, l.PolicyMAdds, l.RandomMAdds)
		gain, ahead, falls = append(gain, l.Last-l.First), append(ahead, l.Policy-l.Random), append(falls, l.EntropyFirst-l.EntropyLast)
	}
	g, ge := growth.MeanAndError(gain)
	a, ae := growth.MeanAndError(ahead)
	e, ee := growth.MeanAndError(falls)
	fmt.Fprintf(&b, "\nOver the seeds the mean reward rises by %.4f (standard error %.4f, ratio %.1f) and the entropy falls by %.2f nats (%.2f). On the whole validation set, the policy's choice has %.4f (standard error %.4f) more reward than that of random search with as many evaluations.\n",
		g, ge, g/ge, e, ee, a, ae)
	return b.String()
}

// rank lists inherited and retrained accuracy.
func (p *page) rank() string {
	r, ok := p.records["rank"]
	if !ok {
		return notRun + "\n"
	}
	var b strings.Builder
	b.WriteString("| architecture | M MAdds | inherited, % | retrained, % |\n| --- | --- | --- | --- |\n")
	var x, y, c []float64
	for _, n := range r.Ranked {
		fmt.Fprintf(&b, "| `%s` | %.2f | %.2f | %.2f |\n", n.Arch, float64(n.MAdds)/1e6, 100*n.Inherited, 100*n.Retrained)
		x, y, c = append(x, n.Inherited), append(y, n.Retrained), append(c, float64(n.MAdds))
	}
	rho, verdict := rank.Spearman(x, y), "below"
	if rho >= 0.5 {
		verdict = "not below"
	}
	fmt.Fprintf(&b, "\nSpearman's rank correlation of inherited and retrained accuracy is %.2f, %s 0.5; of MAdds and retrained accuracy, %.2f. Standard deviations over the architectures: %.2f points inherited, %.2f retrained.\n",
		rho, verdict, rank.Spearman(c, y), 100*stat.StdDev(x, nil), 100*stat.StdDev(y, nil))
	return b.String()
}

func (p *page) linear() string {
	r, ok := p.records["tiny-linear"]
	if !ok {
		return notRun
	}
	return fmt.Sprintf("%.1f %%", 100*r.Linear.TestAccuracy)
}

// commands lists what repeats the cells by hand.
func (p *page) commands() string {
	var b strings.Builder
	b.WriteString("| cell | command | wall time, s |\n| --- | --- | --- |\n")
	for _, c := range cells() {
		time := notRun
		if r, ok := p.records[c.name]; ok {
			time = fmt.Sprintf("%.0f", r.Seconds)
			c.args = r.Args
		}
		command := "go run ./examples/adaxpert/results -run '^" + c.name + "$'"
		if c.kind == kindGrowth {
			command = (&record{Args: c.args, Data: c.data}).command()
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.name, command, time)
	}
	return b.String()
}
