package pruning

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// toySpace has layers of six candidates, 3×3 convolutions in six numbers of groups.
func toySpace(t testing.TB, layers int) *searchspace.Space {
	t.Helper()
	space, err := searchspace.NewSpace(searchspace.Family{Name: fmt.Sprint("toy", layers), InputSize: 8,
		Classes: 10,
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
// of the image's own, and an update adds a little of its rows to the weights. Image k is of class
// k%10.
type toy struct {
	space    *searchspace.Space // of the phase
	base     searchspace.Relaxed
	classes  []int
	weights  searchspace.Relaxed
	perEpoch int
	every    int // updates between two files

	done      int         // updates of the phase
	phase     int         // how often Narrow was called
	kill      func() bool // ends as a killed program does, without writing
	fails     error       // of the first update
	touched   func(rows searchspace.Relaxed)
	gradients int
	answer    func(rows searchspace.Relaxed) (float64, searchspace.Relaxed) // instead of its own
}

// toyFile is what it saves.
type toyFile struct {
	Done     int
	Weights  searchspace.Relaxed
	Source   []byte
	Identity string
}

var errKilled = errors.New("killed")

// newToy prefers the dear candidates: each step to the right saves 0.1 nats, times 0, 1, 2, … by
// layer.
func newToy(space *searchspace.Space) *toy {
	t := &toy{base: space.Zeros(), perEpoch: 10, every: 10, weights: space.Zeros(), phase: -1}
	for i, row := range t.base {
		for c := range row {
			row[c] = 1 - 0.1*float64(i)*float64(c)
		}
	}
	return t
}

func (t *toy) Narrow(_ context.Context, space *searchspace.Space, classes []int) error {
	t.space, t.classes = space, classes
	t.phase++
	return nil
}

func (t *toy) Labels() []int {
	labels := make([]int, 200)
	for k := range labels {
		labels[k] = k % 10
	}
	return labels
}

func (t *toy) Steps(epochs int) int { return epochs * t.perEpoch }

func (t *toy) Train(ctx context.Context, epochs int, file string, source RowSource) ([]float64, error) {
	t.done = 0
	if err := t.read(file, source); err != nil {
		return nil, err
	}
	for t.done < t.Steps(epochs) {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, t.write(file, source))
		}
		if t.fails != nil {
			return nil, t.fails
		}
		r, err := source.Rows(ctx, t.done)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("toy: %w", err), t.write(file, source))
		}
		if t.kill != nil && t.kill() {
			return nil, errKilled
		}
		if err := t.space.CheckRelaxed(r); err != nil {
			return nil, err
		}
		if t.touched != nil {
			t.touched(r)
		}
		for i, row := range r {
			for c, v := range row {
				t.weights[i][c] += 0.001 * v
			}
		}
		t.done++
		if t.done%t.every == 0 || t.done == t.Steps(epochs) {
			if err := t.write(file, source); err != nil {
				return nil, err
			}
		}
	}
	return make([]float64, epochs), nil
}

func (t *toy) read(file string, source RowSource) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var f toyFile
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err == nil && f.Identity != source.Identity() {
		err = errors.New("toy: another training")
	}
	if err != nil {
		return err
	}
	t.done, t.weights = f.Done, f.Weights
	return source.UnmarshalBinary(f.Source)
}

func (t *toy) write(file string, source RowSource) error {
	if file == "" {
		return nil
	}
	learnt, err := source.MarshalBinary()
	if err != nil {
		return err
	}
	text, err := json.Marshal(toyFile{t.done, t.weights, learnt, source.Identity()})
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func (t *toy) Gradient(_ context.Context, rows searchspace.Relaxed, images []int) (float64,
	searchspace.Relaxed,
	error) {
	if err := t.space.CheckRelaxed(rows); err != nil {
		return 0, nil, err
	}
	t.gradients++
	if t.answer != nil {
		loss, grad := t.answer(rows)
		return loss, grad, nil
	}
	loss, grad := 8.0, t.space.Zeros()
	for _, k := range images {
		if !slices.Contains(t.classes, k%10) {
			return 0, nil, fmt.Errorf("image %d is not of classes %v", k, t.classes)
		}
		loss += 0.001 * float64(k) / float64(len(images))
	}
	for i, row := range rows {
		for c, v := range row {
			g := t.base[i][c] - t.weights[i][c]
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
