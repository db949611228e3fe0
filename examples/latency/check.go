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
	"github.com/tendril-nas/tendril/examples/internal/rank"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// checkedNetwork is an architecture with its predicted and measured seconds.
type checkedNetwork struct {
	arch                searchspace.Arch
	graph               *searchspace.Graph
	predicted, measured float64
	spread              float64 // half the distance between the quartiles
}

// predictable are those of the architectures whose layers are in the table or
// in the networks chosen to extend it.
func (s *session) predictable(archs, chosen []searchspace.Arch) ([]*checkedNetwork, error) {
	will := map[searchspace.LatencyLayer]bool{}
	for _, a := range chosen {
		g, err := s.space.Lower(a)
		if err != nil {
			return nil, err
		}
		for _, l := range g.Latencies() {
			will[l] = true
		}
	}
	var out []*checkedNetwork
	for _, a := range archs {
		g, err := s.space.Lower(a)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(s.table.Missing(g), func(l searchspace.LatencyLayer) bool { return !will[l] }) {
			out = append(out, &checkedNetwork{arch: a, graph: g})
		}
	}
	return out, nil
}

// compare predicts the measured networks, reports, and leaves the files that
// the command line asks for.
func (s *session) compare(out io.Writer, rows []*checkedNetwork) (*agreement, error) {
	for _, r := range rows {
		var err error
		if r.predicted, err = s.table.Seconds(r.graph); err != nil {
			return nil, err
		}
	}
	a := report(out, rows)
	return a, errors.Join(s.writeList(rows), s.draw(rows))
}

// report prints how well the predictions agree, beside what multiply-adds say.
func report(out io.Writer, rows []*checkedNetwork) *agreement {
	var predicted, measured, madds, spreads []float64
	for _, r := range rows {
		predicted, measured, madds = append(predicted, r.predicted), append(measured, r.measured), append(madds, float64(r.graph.Cost().MAdds))
		spreads = append(spreads, r.spread/r.measured)
	}
	a := agree(predicted, measured)
	fmt.Fprintf(out, "checked %d architectures, measured %.2f to %.2f ms (median %.2f, median spread %.1f %%)\n", len(rows),
		1e3*slices.Min(measured), 1e3*slices.Max(measured), 1e3*quantile(measured, 0.5), 100*quantile(spreads, 0.5))
	fmt.Fprintf(out, "rank correlation: Spearman %.4f, Kendall %.4f; multiply-adds alone: %.4f, %.4f\n",
		a.Spearman, a.Kendall, rank.Spearman(madds, measured), rank.Kendall(madds, measured))
	fmt.Fprintf(out, "mean relative error %.2f %%, bias %+.2f %%, worst %.2f %%\n", 100*a.Relative, 100*a.Bias, 100*a.Worst)
	fixed, factor := line(predicted, measured)
	fmt.Fprintf(out, "least squares on these networks, not used: measured = %.3f ms + %.3f · predicted\n", 1e3*fixed, factor)
	return &a
}

func (s *session) writeList(rows []*checkedNetwork) error {
	if s.csv == "" {
		return nil
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	lines := [][]string{{"arch", "madds", "predicted_ms", "measured_ms", "spread_ms"}}
	for _, r := range rows {
		lines = append(lines, []string{s.space.Format(r.arch), strconv.FormatInt(r.graph.Cost().MAdds, 10), ms(r.predicted), ms(r.measured), ms(r.spread)})
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(s.csv, text.Bytes())
}

func (s *session) draw(rows []*checkedNetwork) error {
	if s.plot == "" {
		return nil
	}
	dots := plots.Series{Name: "architecture", Dots: true}
	for _, r := range rows {
		dots.X, dots.Y = append(dots.X, 1e3*r.measured), append(dots.Y, 1e3*r.predicted)
	}
	low, high := min(slices.Min(dots.X), slices.Min(dots.Y)), max(slices.Max(dots.X), slices.Max(dots.Y))
	picture, err := plots.Render(plots.Figure{
		Title:  fmt.Sprintf("%s, %d pixels, batch %d", s.space.Name(), s.space.InputSize(), s.batch),
		XLabel: "measured, ms", YLabel: "sum over layers, ms",
		Series: []plots.Series{dots, {Name: "equal", X: []float64{low, high}, Y: []float64{low, high}}},
	}, plots.Ext(s.plot))
	if err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(s.plot, picture)
}

func ms(seconds float64) string { return strconv.FormatFloat(1e3*seconds, 'f', 4, 64) }
