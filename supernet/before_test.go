package supernet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// Before is called between updates; it may evaluate, but neither train nor grow the network.
func TestBefore(t *testing.T) {
	n := tinyNet(t, Elastic)
	train := stripes(t, 32, 16, 1)
	judge, err := n.On(train, &EvalOptions{Calibration: train, CalibrationImages: 16})
	if err != nil {
		t.Fatal(err)
	}
	plainRun := tinyNet(t, Elastic)
	if _, err := plainRun.Train(t.Context(), train, short(1)); err != nil {
		t.Fatal(err)
	}
	var steps []int
	o := short(1)
	o.Before = func(ctx context.Context, step int) error {
		steps = append(steps, step)
		if _, err := judge.Evaluate(ctx, n.space.Smallest()); err != nil {
			return err
		}
		if _, err := n.Train(ctx, train, short(1)); !errors.Is(err, ErrTraining) {
			return fmt.Errorf("training inside a training: %w", err)
		}
		if err := n.GrowClasses(ctx, Unnamed(6)...); !errors.Is(err, ErrTraining) {
			return fmt.Errorf("growing inside a training: %w", err)
		}
		return nil
	}
	if _, err := n.Train(t.Context(), train, o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []int{0, 1}) {
		t.Errorf("called before steps %v, expected 0 and 1", steps)
	}
	sameValues(t, n.values(), plainRun.values())
	o.Before = func(context.Context, int) error { return errors.New("enough") }
	if res, err := n.Train(t.Context(), train, o); err == nil || res.Status != searchspace.StatusStopped {
		t.Errorf("status %v, error %v", res.Status, err)
	}
	if err := n.GrowClasses(t.Context(), "ant", "bee"); err != nil {
		t.Errorf("after the training: %v", err)
	}
}

// Between the steps of its training a model gets neither other weights nor other statistics.
func TestBeforeChangesNothing(t *testing.T) {
	m := tinyModel(t)
	train := stripes(t, 32, 16, 1)
	path := filepath.Join(t.TempDir(), "weights")
	if err := m.WriteSafetensors(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	calls := 0
	o := short(1)
	o.Before = func(ctx context.Context, step int) error {
		calls++
		for name, err := range map[string]error{
			"recalibrate": m.Recalibrate(ctx, train, nil),
			"read":        m.ReadSafetensors(ctx, path, nil),
			"grow":        m.GrowClasses(ctx, Unnamed(6)...),
			"names":       m.SetClassNames(ctx, "a", "b", "c", "d"),
		} {
			if !errors.Is(err, ErrTraining) {
				t.Errorf("%s before step %d: %v, expected ErrTraining", name, step, err)
			}
		}
		return nil
	}
	if _, err := m.Train(t.Context(), train, o); err != nil || calls != 2 {
		t.Fatalf("%d calls, error %v", calls, err)
	}
	if err := m.ReadSafetensors(t.Context(), path, nil); err != nil {
		t.Errorf("after the training: %v", err)
	}
}
