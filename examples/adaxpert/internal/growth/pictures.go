package growth

import (
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/archdraw"
	"github.com/tendril-nas/tendril/examples/internal/plots"
)

// draw writes the pictures of a finished run.
func (e *engine) draw(rep *Report, outcomes []*adjuster.Outcome) error {
	if e.job.Path("") == "" {
		return nil
	}
	var names []string
	var before, after, rival, madds []float64
	var columns []archdraw.Column
	for _, s := range rep.Snapshots {
		label := fmt.Sprintf("%d images", s.Images)
		if e.cfg.Scenario == "II" {
			label = fmt.Sprintf("%d classes", s.Classes)
		}
		names = append(names, label)
		before, after = append(before, 100*s.AccBefore), append(after, 100*s.AccAfter)
		if s.Against != nil {
			rival = append(rival, 100*s.Against.Accuracy)
		}
		madds = append(madds, float64(s.MAddsAfter)/1e6)
		a, err := e.full.Parse(s.ArchAfter)
		if err != nil {
			return err
		}
		columns = append(columns, archdraw.NewColumn(e.full, a, label,
			fmt.Sprintf("%.2f M MAdds, %.1f %%", float64(s.MAddsAfter)/1e6, 100*s.AccAfter), s.Decision))
	}
	figures := map[string]plots.Figure{
		"accuracy.png": {Title: "Test accuracy", XLabel: "snapshot", YLabel: "percent", XTicks: names,
			Series: []plots.Series{
				{Name: "before", Y: before}, {Name: "after", Y: after}}},
		"madds.png": {Title: "Multiply-adds of the network in service", XLabel: "snapshot",
			YLabel: "millions", XTicks: names, YFromZero: true,
			Series: []plots.Series{{Y: madds}}},
	}
	if rival != nil {
		f := figures["accuracy.png"]
		f.Series = append(f.Series, plots.Series{Name: "first network, kept", Y: rival})
		figures["accuracy.png"] = f
	}
	rewards := plots.Figure{Title: "Reward while the adjuster learns (moving mean of 20)", XLabel: "proposal",
		YLabel: "reward"}
	for i, o := range outcomes {
		if o.Search == nil {
			continue
		}
		var y []float64
		for _, p := range o.Search.History {
			y = append(y, p.Reward)
		}
		rewards.Series = append(rewards.Series, plots.Series{Name: names[i], Y: plots.MovingMean(y, 20)})
	}
	if len(rewards.Series) > 0 {
		figures["reward.png"] = rewards
	}
	for name, f := range figures {
		data, err := plots.Render(f, plots.Ext(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := e.job.WriteFile(name, data); err != nil {
			return err
		}
	}
	return e.job.WriteFile("architectures.svg", archdraw.SVG("Architectures in service", columns))
}
