package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/tendril-nas/tendril/examples/internal/plots"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/rank"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// compare reports how well the predictions agree, beside what multiply-adds say, and leaves the
// files that the command line asks for.
func (c *config) compare(out io.Writer, space *searchspace.Space,
	rows []supernet.LatencyCheck) (*agreement, error) {
	madds := make([]int64, len(rows))
	for i, r := range rows {
		cost, err := space.Cost(r.Arch)
		if err != nil {
			return nil, err
		}
		madds[i] = cost.MAdds
	}
	a := report(out, rows, madds)
	return a, errors.Join(c.writeList(space, rows, madds), c.draw(space, rows))
}

func report(out io.Writer, rows []supernet.LatencyCheck, madds []int64) *agreement {
	var predicted, measured, work, spreads []float64
	for i, r := range rows {
		predicted, measured, work = append(predicted, r.Predicted), append(measured, r.Measured),
			append(work, float64(madds[i]))
		spreads = append(spreads, r.Spread/r.Measured)
	}
	a := agree(predicted, measured)
	fmt.Fprintf(out,
		"checked %d architectures, measured %.2f to %.2f ms (median %.2f, median spread %.1f %%)\n",
		len(rows),
		1e3*slices.Min(measured), 1e3*slices.Max(measured), 1e3*median(measured), 100*median(spreads))
	fmt.Fprintf(out, "rank correlation: Spearman %.4f, Kendall %.4f; multiply-adds alone: %.4f, %.4f\n",
		a.Spearman, a.Kendall, rank.Spearman(work, measured), rank.Kendall(work, measured))
	fmt.Fprintf(out, "mean relative error %.2f %%, bias %+.2f %%, worst %.2f %%\n", 100*a.Relative,
		100*a.Bias, 100*a.Worst)
	fixed, factor := line(predicted, measured)
	fmt.Fprintf(out, "least squares on these networks, not used: measured = %.3f ms + %.3f · predicted\n",
		1e3*fixed, factor)
	return &a
}

func (c *config) writeList(space *searchspace.Space, rows []supernet.LatencyCheck, madds []int64) error {
	if c.csv == "" {
		return nil
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	lines := [][]string{{"arch", "madds", "predicted_ms", "measured_ms", "spread_ms"}}
	for i, r := range rows {
		lines = append(lines, []string{space.Format(r.Arch), strconv.FormatInt(madds[i], 10), ms(r.Predicted),
			ms(r.Measured), ms(r.Spread)})
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(c.csv, text.Bytes())
}

func (c *config) draw(space *searchspace.Space, rows []supernet.LatencyCheck) error {
	if c.plot == "" {
		return nil
	}
	dots := plots.Series{Name: "architecture", Dots: true}
	for _, r := range rows {
		dots.X, dots.Y = append(dots.X, 1e3*r.Measured), append(dots.Y, 1e3*r.Predicted)
	}
	low, high := min(slices.Min(dots.X), slices.Min(dots.Y)), max(slices.Max(dots.X), slices.Max(dots.Y))
	picture, err := plots.Render(plots.Figure{
		Title:  fmt.Sprintf("%s, %d pixels, batch %d", space.Name(), space.InputSize(), c.batch),
		XLabel: "measured, ms", YLabel: "sum over layers, ms",
		Series: []plots.Series{dots, {Name: "equal", X: []float64{low, high}, Y: []float64{low, high}}},
	}, plots.Ext(c.plot))
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(c.plot, picture)
}

func ms(seconds float64) string { return strconv.FormatFloat(1e3*seconds, 'f', 4, 64) }
