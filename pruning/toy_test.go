package pruning

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// toySpace has layers of six candidates, 3×3 convolutions in six numbers of groups.
func toySpace(t testing.TB, layers int) *searchspace.Space {
	t.Helper()
	space, err := searchspace.NewSpace(searchspace.Family{Name: fmt.Sprint("toy", layers), InputSize: 8, Classes: 10,
		Build: func(b *searchspace.Builder) {
			x := b.ConvBN("stem", b.Input(), searchspace.Conv{Out: searchspace.Const(32),
				Kernel: searchspace.Const(3)}, searchspace.ActReLU)
			b.Stage("", func() {
				for i := range layers {
					b.Block("blocks", i, func() {
						op := b.Symbol("op", searchspace.KindOp, "g32", "g16", "g8", "g4", "g2", "g1")
						x = b.Switch(op, func(v int) (y searchspace.Ref) {
							b.ScopeAs("", fmt.Sprint("c", v), func() {
								y = b.ConvBN("conv", x, searchspace.Conv{Out: searchspace.Const(32),
									Kernel: searchspace.Const(3), Groups: searchspace.Const(32 >> v)},
									searchspace.ActReLU)
							})
							return y
						})
					})
				}
			})
			b.Classifier("linear", b.GlobalAvgPool("pool", x), 0)
		}})
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// toy is a supernet in closed form: the loss of rows on image k is Σ rows·(base − weights) + a part
// of the image's own, and an update adds a little of its rows to the weights. It keeps a file as a
// supernet does.
type toy struct {
	space *searchspace.Space // of the phase
	base  searchspace.Relaxed
	dir   string // "" keeps no file
	state toyState
	at    int // the phase begun

	perEpoch, images int
	kill             func(phase, n int) bool // ends as a killed program does, without writing
	touched          func(rows searchspace.Relaxed)
	gradients        int
}

type toyState struct {
	Phase, N int // the phase, and its updates that are done
	Weights  searchspace.Relaxed
}

var errKilled = errors.New("killed")

// newToy prefers the dear candidates: each step to the right saves 0.1 nats, times 0, 1, 2, … by
// layer.
func newToy(space *searchspace.Space, dir string) *toy {
	t := &toy{dir: dir, base: space.Zeros(), perEpoch: 10, images: 40, state: toyState{Phase: -1,
		Weights: space.Zeros()}}
	for i, row := range t.base {
		for c := range row {
			row[c] = 1 - 0.1*float64(i)*float64(c)
		}
	}
	return t
}

func (t *toy) Begin(_ context.Context, phase int, space *searchspace.Space, _ []int) (int, int, error) {
	t.space, t.at = space, phase
	if t.dir != "" {
		text, err := os.ReadFile(filepath.Join(t.dir, "toy.json"))
		if err == nil {
			err = json.Unmarshal(text, &t.state)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, 0, err
		}
	}
	if t.state.Phase != phase {
		t.state.Phase, t.state.N = phase, 0
	}
	return t.perEpoch, t.images, nil
}

func (t *toy) write() error {
	if t.dir == "" {
		return nil
	}
	text, err := json.Marshal(t.state)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(t.dir, "toy.json"), text, 0o600)
}

func (t *toy) Train(ctx context.Context, epochs, every int,
	rows func(ctx context.Context, n int) (searchspace.Relaxed, error)) error {
	for t.state.N < epochs*t.perEpoch {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, t.write())
		}
		r, err := rows(ctx, t.state.N)
		if err != nil {
			return errors.Join(fmt.Errorf("toy: %w", err), t.write())
		}
		if t.kill != nil && t.kill(t.at, t.state.N) {
			return errKilled
		}
		if err := t.space.CheckRelaxed(r); err != nil {
			return err
		}
		if t.touched != nil {
			t.touched(r)
		}
		for i, row := range r {
			for c, v := range row {
				t.state.Weights[i][c] += 0.001 * v
			}
		}
		t.state.N++
		if t.state.N%every == 0 || t.state.N == epochs*t.perEpoch {
			if err := t.write(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *toy) Gradient(_ context.Context, rows searchspace.Relaxed, images []int) (float64, searchspace.Relaxed,
	error) {
	if err := t.space.CheckRelaxed(rows); err != nil {
		return 0, nil, err
	}
	t.gradients++
	loss, grad := 8.0, t.space.Zeros()
	for _, k := range images {
		loss += 0.01 * float64(k) / float64(len(images))
	}
	for i, row := range rows {
		for c, v := range row {
			g := t.base[i][c] - t.state.Weights[i][c]
			loss += v * g
			grad[i][c] = g
		}
	}
	return loss, grad, nil
}

// toyPhases is a short schedule on ten classes.
func toyPhases(t testing.TB, epochs int) []Phase {
	t.Helper()
	phases, err := Schedule{Ranking: []int{3, 1, 4, 0, 5, 9, 2, 6, 8, 7}, Warmup: 2, Epochs: epochs}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	return phases
}

// toyTarget is half-way between the cheapest and the dearest.
func toyTarget(t testing.TB, space *searchspace.Space) float64 {
	t.Helper()
	low, high, err := space.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	return (low + high) / 2
}
