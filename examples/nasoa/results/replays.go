package main

import (
	"context"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/predictor"
)

// orders is in how many orders a log is replayed.
const orders = 50

// ordersSeed draws them.
const ordersSeed = run.Seed(1)

// replays is how well learners foretold the log of random regimes.
type replays struct {
	Outcomes int           `json:"outcomes"`
	Rivals   []rivalErrors `json:"rivals"`
}

// rivalErrors are those of one learner, of every order; fractions.
type rivalErrors struct {
	Name    string    `json:"name"`
	MAE     []float64 `json:"mae"`
	MSE     []float64 `json:"mse"`
	LastMAE []float64 `json:"last_mae"` // of the last fifth
	LastMSE []float64 `json:"last_mse"`
	Covered []float64 `json:"covered"` // part of the accuracies inside their 90 % intervals
	// Restarts are how often the learner diverged, in all orders together.
	Restarts int `json:"restarts,omitempty"`
	// Logs are the mean absolute errors on the cells of the log alone, each the mean of a fifth of
	// the orders.
	Logs []float64 `json:"logs"`
	// Regret is the average regret of a hedge, Evenness its smallest weight over its largest; nil
	// of others. Bound is what Theorem 1 says of the regret of the one that has its discount.
	Regret   []float64 `json:"regret,omitempty"`
	Evenness []float64 `json:"evenness,omitempty"`
	Bound    float64   `json:"bound,omitempty"`
}

// modelsOf are the models of the zoo.
func (t tables) modelsOf() (list []predictor.Model) {
	if r := t.Get(zooCell); r != nil {
		for _, m := range r.Result.Zoo {
			list = append(list, predictor.Model{Name: m.Name, Accuracy: m.Accuracy})
		}
	}
	return list
}

func (p *places) replayCell(name string) cell {
	return arithmetic(name, func(r *cells.Results[result]) error {
		if _, err := r.Need(zooCell); err != nil {
			return err
		}
		return needAll(r, random, logs)
	}, func(ctx context.Context, t tables) (r result, err error) {
		var parts []outcomes
		for _, one := range t.Of(random) {
			parts = append(parts, one.Result.Log)
		}
		r.Replays, err = replayAll(ctx, t.modelsOf(), parts, orders)
		return r, err
	})
}

// replayAll replays logs, together in n orders, and each by itself.
func replayAll(ctx context.Context, models []predictor.Model, parts []outcomes, n int) (*replays, error) {
	var all outcomes
	for _, p := range parts {
		all = append(all, p...)
	}
	out := &replays{Outcomes: len(all)}
	for _, rival := range nasoa.Rivals(len(all)) {
		e := rivalErrors{Name: rival.Name}
		for k := range n {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			t, err := rival.Replay(models, all, ordersSeed.Stream("nasoa.order", k).Perm(len(all)))
			if err != nil {
				return nil, err
			}
			e.add(t)
		}
		if rival.Name == nasoa.Theorem {
			e.Bound = predictor.RegretBound(10, len(all), 0)
		}
		for i, p := range parts {
			sum, few := 0.0, max(1, n/5)
			for k := range few {
				t, err := rival.Replay(models, p, ordersSeed.Stream("nasoa.order.part", i, k).Perm(len(p)))
				if err != nil {
					return nil, err
				}
				sum += t.MAE / float64(few)
			}
			e.Logs = append(e.Logs, sum)
		}
		out.Rivals = append(out.Rivals, e)
	}
	return out, nil
}

// add takes in the trace of an order.
func (e *rivalErrors) add(t *nasoa.Trace) {
	mae, mse := t.Last()
	e.MAE, e.MSE = append(e.MAE, t.MAE), append(e.MSE, t.MSE)
	e.LastMAE, e.LastMSE = append(e.LastMAE, mae), append(e.LastMSE, mse)
	e.Covered, e.Restarts = append(e.Covered, t.Covered), e.Restarts+t.Restarts
	if len(t.Regret.Weights) > 0 {
		e.Regret, e.Evenness = append(e.Regret, t.Regret.Average), append(e.Evenness, t.Regret.Evenness)
	}
}

// streamErrors are the mean absolute errors of learners on a stream of others, as it comes.
type streamErrors struct {
	Name     string    `json:"name"`
	Examples int       `json:"examples"`
	Learners []string  `json:"learners"`
	MAE      []float64 `json:"mae"`
}

// streamNames are those of the files in predictor/testdata.
func streamNames() []string {
	return []string{"concrete.npy", "diabetes.npy", "ames.npy.gz", "chicago.npy.gz"}
}

func streamsCell(name string) cell {
	return arithmetic(name, func(*cells.Results[result]) error { return nil },
		func(context.Context, tables) (r result, err error) {
			for _, stream := range streamNames() {
				rows, err := readRows("predictor/testdata/stream_" + stream)
				if err != nil {
					return r, err
				}
				name, _, _ := strings.Cut(stream, ".")
				one, err := learnRows(name, rows)
				if err != nil {
					return r, err
				}
				r.Streams = append(r.Streams, *one)
			}
			return r, nil
		})
}

// learnRows has all learners learn rows, the target of each being its last number.
func learnRows(name string, rows [][]float64) (*streamErrors, error) {
	e := &streamErrors{Name: name, Examples: len(rows)}
	for _, rival := range nasoa.Rivals(len(rows)) {
		mae, err := rival.Learn(rows)
		if err != nil {
			return nil, err
		}
		e.Learners, e.MAE = append(e.Learners, rival.Name), append(e.MAE, mae)
	}
	return e, nil
}
