package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/tendril-nas/tendril/examples/internal/plots"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// checkedNetwork is an architecture with its predicted and measured seconds.
type checkedNetwork struct {
	text                string
	madds               int64
	predicted, measured float64
	spread              float64 // half the distance between the quartiles
}

// compare predicts architectures, measures them and reports.
func (c *config) compare(ctx context.Context, out io.Writer, space *searchspace.Space, archs []searchspace.Arch, table *searchspace.LatencyTable, t timer) error {
	var known []searchspace.Arch
	var rows []checkedNetwork
	for _, a := range archs {
		g, err := space.Lower(a)
		if err != nil {
			return err
		}
		s, err := table.Seconds(g)
		if errors.Is(err, searchspace.ErrNoLatency) {
			continue
		}
		if err != nil {
			return err
		}
		known = append(known, a)
		rows = append(rows, checkedNetwork{text: space.Format(a), madds: g.Cost().MAdds, predicted: s})
	}
	if len(known) < len(archs) {
		fmt.Fprintf(out, "%d of %d architectures have layers that the table lacks and are left out\n", len(archs)-len(known), len(archs))
	}
	if len(known) < 2 {
		return fmt.Errorf("the table predicts %d of %d architectures, expected at least 2: -samples and -networks widen it", len(known), len(archs))
	}
	done := 0
	for group := range slices.Chunk(known, c.group) {
		networks, err := c.openAll(ctx, space, group, table, t)
		if err != nil {
			return err
		}
		runs := make([][]float64, len(networks))
		err = c.inRounds(ctx, networks, func(i int) error {
			s, err := networks[i].whole()
			runs[i] = append(runs[i], s)
			return err
		})
		if err != nil {
			return err
		}
		for i, r := range runs {
			rows[done+i].measured = quantile(r, 0.5)
			rows[done+i].spread = (quantile(r, 0.75) - quantile(r, 0.25)) / 2
		}
		done += len(group)
	}
	report(out, rows)
	return c.write(rows)
}

// report prints how well the predictions agree, beside what multiply-adds say.
func report(out io.Writer, rows []checkedNetwork) {
	var predicted, measured, madds, spreads []float64
	for _, r := range rows {
		predicted, measured, madds = append(predicted, r.predicted), append(measured, r.measured), append(madds, float64(r.madds))
		spreads = append(spreads, r.spread/r.measured)
	}
	a := agree(predicted, measured)
	fmt.Fprintf(out, "checked %d architectures, measured %.2f to %.2f ms (median %.2f, median spread %.1f %%)\n", len(rows),
		1e3*slices.Min(measured), 1e3*slices.Max(measured), 1e3*quantile(measured, 0.5), 100*quantile(spreads, 0.5))
	fmt.Fprintf(out, "rank correlation: Spearman %.4f, Kendall %.4f; multiply-adds alone: %.4f, %.4f\n",
		a.spearman, a.kendall, spearman(madds, measured), kendall(madds, measured))
	fmt.Fprintf(out, "mean relative error %.2f %%, bias %+.2f %%, worst %.2f %%\n", 100*a.relative, 100*a.bias, 100*a.worst)
	fixed, factor := line(predicted, measured)
	fmt.Fprintf(out, "least squares on these networks, not used: measured = %.3f ms + %.3f · predicted\n", 1e3*fixed, factor)
}

// write leaves the files that the command line asks for.
func (c *config) write(rows []checkedNetwork) error {
	if c.csv != "" {
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		lines := [][]string{{"arch", "madds", "predicted_ms", "measured_ms", "spread_ms"}}
		for _, r := range rows {
			lines = append(lines, []string{r.text, strconv.FormatInt(r.madds, 10), ms(r.predicted), ms(r.measured), ms(r.spread)})
		}
		if err := w.WriteAll(lines); err != nil {
			return err
		}
		if err := checkpoint.WriteBytesAtomic(c.csv, text.Bytes()); err != nil {
			return err
		}
	}
	if c.plot == "" {
		return nil
	}
	dots := plots.Series{Name: "architecture", Dots: true}
	for _, r := range rows {
		dots.X, dots.Y = append(dots.X, 1e3*r.measured), append(dots.Y, 1e3*r.predicted)
	}
	low, high := min(slices.Min(dots.X), slices.Min(dots.Y)), max(slices.Max(dots.X), slices.Max(dots.Y))
	picture, err := plots.Render(plots.Figure{
		Title:  fmt.Sprintf("%s, batch %d: sum over layers and whole network", c.space.Name, c.batch),
		XLabel: "measured, ms", YLabel: "predicted, ms",
		Series: []plots.Series{dots, {Name: "equal", X: []float64{low, high}, Y: []float64{low, high}}},
	}, plots.Ext(c.plot))
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(c.plot, picture)
}

func ms(seconds float64) string { return strconv.FormatFloat(1e3*seconds, 'f', 4, 64) }
