package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// independent sets networks that were trained from initial weights beside each other.
func (t tables) independent() string {
	runs := t.Of(independentName)
	if len(runs) == 0 {
		return cells.NotRun + "\n"
	}
	var b strings.Builder
	var rows [][]string
	for i, a := range runs[0].Result.Alone {
		row := []string{a.Name, cells.Spread("%.2f", t.Values(independentName, func(r *result) float64 {
			return millions(r.Alone[i].MAdds)
		}))}
		for _, c := range criteria() {
			row = append(row, cells.Spread(c.format, t.alone(independentName, c, i)))
		}
		rows = append(rows, row)
	}
	b.WriteString(cells.Table([]string{"architecture", "M MAdds", "accuracy, %", "cross-entropy"}, rows...))
	planned := t.Planned(independentName)
	for _, c := range []struct {
		beside string
		of     func(*result) float64
	}{
		{"the random architecture", besideRandom},
		{"the line through smallest, middle and largest", besideLine},
	} {
		x := t.Values(independentName, c.of)
		fmt.Fprintf(&b, "\nAdaXpert's last architecture less %s, points: %s. %s.\n", c.beside,
			points(x, planned), clear(x, "it is the better architecture", "it is the worse architecture"))
	}
	return b.String()
}

// named is the network of that name.
func named(list []growth.Alone, name string) *growth.Alone {
	return &list[slices.IndexFunc(list, func(a growth.Alone) bool { return a.Name == name })]
}

func besideRandom(r *result) float64 {
	return accuracyOf(named(r.Alone, growth.Ours)) - accuracyOf(named(r.Alone, growth.Random))
}

// besideLine is how far AdaXpert's architecture is above the line of accuracy on log2 MAdds through
// the fixed ones.
func besideLine(r *result) float64 {
	var fixed []growth.Alone
	for _, name := range []string{growth.Smallest, growth.Middle, growth.Largest} {
		fixed = append(fixed, *named(r.Alone, name))
	}
	intercept, slope := lineOver(fixed, criteria()[0])
	mine := named(r.Alone, growth.Ours)
	return accuracyOf(mine) - intercept - slope*math.Log2(millions(mine.MAdds))
}
