package main

import (
	"fmt"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/internal/rank"
)

// policy shows what the policy learns beside random search.
func (t tables) policy() string {
	r := t.Get("policy")
	if r == nil {
		return cells.NotRun + "\n"
	}
	var b strings.Builder
	var rows [][]string
	var gain, ahead, falls []float64
	for _, l := range r.Result.Learnt {
		rows = append(rows, []string{fmt.Sprint(l.Seed), fmt.Sprintf("%+.4f", l.First),
			fmt.Sprintf("%+.4f", l.Last), fmt.Sprintf("%.2f → %.2f", l.EntropyFirst, l.EntropyLast),
			fmt.Sprintf("%+.4f", l.Policy), fmt.Sprintf("%+.4f", l.Random),
			fmt.Sprintf("%.2f", l.PolicyMAdds), fmt.Sprintf("%.2f", l.RandomMAdds)})
		gain, ahead, falls = append(gain, l.Last-l.First), append(ahead, l.Policy-l.Random),
			append(falls, l.EntropyFirst-l.EntropyLast)
	}
	b.WriteString(cells.Table([]string{"seed", "mean reward, first 10 %", "last 10 %",
		"entropy, first → last, nats", "final choice: policy", "random search", "M MAdds: policy", "random"},
		rows...))
	g, ge := cells.MeanAndError(gain)
	a, ae := cells.MeanAndError(ahead)
	e, ee := cells.MeanAndError(falls)
	fmt.Fprintf(&b,
		"\nOver the seeds the mean reward rises by %.4f (standard error %.4f, ratio %.1f) and the entropy "+
			"falls by %.2f nats (%.2f). On the whole validation set, the policy's choice has %.4f (standard "+
			"error %.4f) more reward than that of random search with as many evaluations.\n",
		g, ge, g/ge, e, ee, a, ae)
	return b.String()
}

// rank lists inherited and retrained accuracy.
func (t tables) rank() string {
	r := t.Get("rank")
	if r == nil {
		return cells.NotRun + "\n"
	}
	var b strings.Builder
	var rows [][]string
	var x, y, c []float64
	for _, n := range r.Result.Ranked {
		rows = append(rows, []string{"`" + n.Arch + "`", fmt.Sprintf("%.2f", float64(n.MAdds)/1e6),
			fmt.Sprintf("%.2f", 100*n.Inherited), fmt.Sprintf("%.2f", 100*n.Retrained)})
		x, y, c = append(x, n.Inherited), append(y, n.Retrained), append(c, float64(n.MAdds))
	}
	b.WriteString(cells.Table([]string{"architecture", "M MAdds", "inherited, %", "retrained, %"}, rows...))
	rho, verdict := rank.Spearman(x, y), "below"
	if rho >= 0.5 {
		verdict = "not below"
	}
	fmt.Fprintf(&b,
		"\nSpearman's rank correlation of inherited and retrained accuracy is %.2f, %s 0.5; of MAdds and "+
			"retrained accuracy, %.2f. Standard deviations over the architectures: %.2f points inherited, "+
			"%.2f retrained.\n",
		rho, verdict, rank.Spearman(c, y), 100*stat.StdDev(x, nil), 100*stat.StdDev(y, nil))
	return b.String()
}
