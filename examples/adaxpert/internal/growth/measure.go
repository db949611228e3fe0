package growth

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// Tally counts the images of ds that m classifies right. Labels that m has not learnt count as
// wrong.
func Tally(ctx context.Context, m *supernet.Model, ds dataset.Dataset) (adjuster.Tally, error) {
	t := adjuster.Tally{Total: ds.Len()}
	known, err := knownLabels(ds, m.Classes())
	if err != nil || known.Len() == 0 {
		return t, err
	}
	r, err := m.Evaluate(ctx, known, nil)
	if err != nil {
		return t, fmt.Errorf("evaluate: %w", err)
	}
	t.Correct = r.Correct
	return t, nil
}

// knownLabels holds the images of ds whose label is below k.
func knownLabels(ds dataset.Dataset, k int) (dataset.Dataset, error) {
	if len(ds.Classes()) <= k {
		return ds, nil
	}
	return dataset.ByClass(ds, firstLabels(k)...)
}

// AddMoments adds the embeddings of ds under m to what moments hold.
func AddMoments(ctx context.Context, moments *wasserstein.Moments, m *supernet.Model,
	ds dataset.Dataset) error {
	if ds.Len() == 0 {
		return nil
	}
	err := m.Embed(ctx, ds, func(features *tensor.Dense, _ []int) error { return moments.Add(features) })
	if err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	return nil
}
