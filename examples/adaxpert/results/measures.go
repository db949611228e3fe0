package main

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// What contrasts are of: accuracies in percent, multiply-adds in millions.
func finalAccuracy(r *result) float64 { return 100 * r.Report.Final.TestAccuracy }

func finalMAdds(r *result) float64 { return millions(r.Report.Final.MAdds) }

func meanAccuracy(r *result) float64 {
	return overSnapshots(r, func(s *growth.SnapshotReport) float64 { return 100 * s.AccAfter })
}

func meanMAdds(r *result) float64 {
	return overSnapshots(r, func(s *growth.SnapshotReport) float64 { return millions(s.MAddsAfter) })
}

func searchSeconds(r *result) float64 { return r.Report.SearchSeconds() }

func compareSeconds(r *result) float64 { return seconds(r, growth.SecondsCompare) }

func retrainSeconds(r *result) float64 { return seconds(r, growth.SecondsRetrain) }

func seconds(r *result, kind string) (sum float64) {
	for _, s := range r.Report.Snapshots {
		sum += s.Seconds[kind]
	}
	return sum
}

// overSnapshots is the mean of a figure over the snapshots.
func overSnapshots(r *result, f func(*growth.SnapshotReport) float64) float64 {
	var x []float64
	for i := range r.Report.Snapshots {
		x = append(x, f(&r.Report.Snapshots[i]))
	}
	return stat.Mean(x, nil)
}

func millions(madds int64) float64 { return float64(madds) / 1e6 }

// ratios are those of a figure between runs of the same seed.
func (t tables) ratios(a, b string, f func(*result) float64) (out []float64) {
	for _, p := range t.Together(a, b) {
		out = append(out, f(p[0])/f(p[1]))
	}
	return out
}

// ratio is the mean of ratios, "–" where there is none: that of a search to none.
func ratio(x []float64) string {
	if m := stat.Mean(x, nil); !math.IsNaN(m) && !math.IsInf(m, 0) {
		return fmt.Sprintf("%.2f", m)
	}
	return "–"
}

// points is a contrast of accuracies.
func points(differences []float64, planned int) string {
	return cells.Contrast("%+.2f", differences, planned)
}
