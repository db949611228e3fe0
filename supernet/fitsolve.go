package supernet

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/internal/logistic"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// extract computes the features of all passes over the training images and of validation images.
func (f *fitting) extract(ctx context.Context, train dataset.Dataset, labels []int) error {
	q, passes := f.FeatureLen(), 1+f.opts.Passes
	rows := passes * train.Len()
	if v := f.opts.Validation; v != nil {
		rows += v.Len()
	}
	f.data = logistic.Data{X: make([]float32, 0, rows*q), Features: q, Classes: len(f.fitted)}
	for pass := range passes {
		loader := dataset.LoaderOptions{Epoch: pass}
		if pass > 0 {
			loader.Augment = f.opts.Augment
		}
		if err := f.features(ctx, train, loader); err != nil {
			return err
		}
		f.data.Y = append(f.data.Y, labels...)
	}
	v := f.opts.Validation
	if v == nil {
		return nil
	}
	if err := f.features(ctx, v, dataset.LoaderOptions{}); err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	known := make([]int, v.Len())
	for i := range known {
		known[i] = v.Label(i)
	}
	f.classes.number(v.Classes()).apply(known)
	f.compactLabels(known)
	f.data.Y = append(f.data.Y, known...)
	return nil
}

// features appends the features of images.
func (f *fitting) features(ctx context.Context, ds dataset.Dataset, loader dataset.LoaderOptions) error {
	loader.BatchSize, loader.Seed = f.opts.BatchSize, f.opts.Seed
	loader.Normalization, loader.Workers = f.norm, f.opts.LoaderWorkers
	q, done := f.data.Features, 0
	for b, err := range dataset.Batches(ctx, ds, loader) {
		if err != nil {
			return err
		}
		from := len(f.data.X)
		f.data.X = f.data.X[:from+b.N*q]
		if err := f.featuresOf(b, f.data.X[from:]); err != nil {
			return err
		}
		for i, v := range f.data.X[from:] {
			if v-v != 0 {
				return fmt.Errorf("feature %d of image %d: %w", i%q, done+i/q, ErrNotFinite)
			}
		}
		done += b.N
	}
	return nil
}

// solve chooses the strength, fits to all training images and replaces the classifier.
func (f *fitting) solve(ctx context.Context, labels []int) error {
	fit, held := f.split(labels)
	p, err := logistic.New(&f.data, fit)
	if err != nil {
		return err
	}
	strength := float64(blindStrength)
	if len(f.opts.Strengths) == 1 {
		strength = f.opts.Strengths[0]
	}
	var best *logistic.Fit
	if len(held) > 0 {
		if best, err = f.choose(ctx, p, held); err != nil {
			return err
		}
		strength = best.Strength
	}
	if all := (1 + f.opts.Passes) * len(labels); len(fit) < all {
		if p, err = logistic.New(&f.data, interval(0, all)); err != nil {
			return err
		}
	}
	final, err := p.Minimize(ctx, strength, best)
	if err != nil {
		return err
	}
	f.result.Strength = strength
	f.result.Iterations += final.Iterations
	f.result.Gradient = final.Gradient
	return f.replace(p.Weights(final))
}

// choose tries the strengths and notes how they do.
func (f *fitting) choose(ctx context.Context, p *logistic.Problem, held []int) (*logistic.Fit, error) {
	r := f.result
	best, points, err := p.Choose(ctx, f.opts.Strengths, held)
	r.HeldOut = len(held)
	for _, at := range points {
		r.Tried = append(r.Tried, FitPoint{Strength: at.Strength, Accuracy: at.Accuracy, Loss: at.Loss})
		r.Iterations += at.Iterations
		if best != nil && at.Strength == best.Strength {
			r.Strength, r.Accuracy, r.Loss = at.Strength, at.Accuracy, at.Loss
		}
	}
	return best, err
}

// split says which rows of features a strength is fitted to and which judge it.
func (f *fitting) split(labels []int) (fit, held []int) {
	n, all := len(labels), (1+f.opts.Passes)*len(labels)
	if f.opts.Validation != nil {
		return interval(0, all), interval(all, len(f.data.Y))
	}
	out := make([]bool, n)
	if f.opts.HeldOut > 0 {
		of := make([][]int, len(f.fitted))
		for i, c := range labels {
			of[c] = append(of[c], i)
		}
		for c, images := range of {
			most := min(max(int(f.opts.HeldOut*float64(len(images))), 1), len(images)-1)
			order := stream.New(f.opts.Seed, "supernet.fit.held", uint64(f.fitted[c])).Perm(len(images))
			for _, i := range order[:most] {
				out[images[i]] = true
			}
		}
	}
	for row := range all {
		switch {
		case !out[row%n]:
			fit = append(fit, row)
		case row < n:
			held = append(held, row)
		}
	}
	return fit, held
}

// replace gives the classes that were fitted their weights [features][classes] and biases.
func (f *fitting) replace(w, b []float64) (err error) {
	defer tensor.Recover(&err)
	head := &f.prog.graph.Nodes[f.prog.logits]
	weight, bias := f.store.place(head, kindWeight).key, f.store.place(head, kindBias).key
	values, err := f.store.download(f.runner.tape.Stream(), map[string]bool{weight: true, bias: true})
	if err != nil {
		return err
	}
	weights, biases := values[weight].data, values[bias].data
	k := len(f.fitted)
	for j, c := range f.fitted {
		biases[c] = float32(b[j])
		for i := range f.data.Features {
			weights[i*len(biases)+c] = float32(w[i*k+j])
		}
	}
	changed := map[string][]float32{weight: weights, bias: biases}
	if err := f.store.checkFinite(changed); err != nil {
		return err
	}
	if err := f.setValues(changed); err != nil {
		return err
	}
	f.version.Add(1)
	return nil
}
