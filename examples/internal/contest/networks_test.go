package contest

import (
	"context"
	"errors"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// small is a space of tiny networks for five grey images of two classes, and the images.
func small(t *testing.T) (*searchspace.Space, dataset.Dataset) {
	t.Helper()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.1, InputSize: 8, Classes: 2})
	if err != nil {
		t.Fatal(err)
	}
	pixels := make([]uint8, 5*64)
	for i := range pixels {
		pixels[i] = uint8(i * i)
	}
	ds, err := dataset.FromPixels(8, []string{"a", "b"}, []int{0, 1, 1, 0, 1}, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return space, ds
}

// A network is made once, ranges add up to the whole, and a clock runs meanwhile.
func TestNetworks(t *testing.T) {
	space, ds := small(t)
	made, started, stopped := 0, 0, 0
	n := &Networks{Space: space, Held: ds, Stage: 3,
		Network: func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
			made++
			return supernet.NewModel(space, a, &supernet.Options{Classes: ds.Classes()})
		},
		Clock: func() func() { started++; return func() { stopped++ } },
	}
	a := space.Smallest()
	whole, err := n.Evaluate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Samples != 5 || whole.Arch != a || whole.Stage != 3 || !(whole.Loss > 0) {
		t.Errorf("%+v", whole)
	}
	correct, loss := 0, 0.0
	for i := range n.Len() {
		m, err := n.EvaluateRange(t.Context(), a, i, i+1)
		if err != nil {
			t.Fatal(err)
		}
		correct += m.Correct
		loss += m.Loss
	}
	if correct != whole.Correct || loss/5-whole.Loss > 1e-12 || whole.Loss-loss/5 > 1e-12 {
		t.Errorf("%d right and loss %v in single images, %+v as a whole", correct, loss/5, whole)
	}
	if made != 1 || started != 1 || stopped != 1 {
		t.Errorf("%d networks made, clock started %d and stopped %d times", made, started, stopped)
	}
	for _, r := range [][2]int{{-1, 2}, {2, 2}, {3, 6}} {
		if _, err := n.EvaluateRange(t.Context(), a, r[0], r[1]); err == nil {
			t.Errorf("images %v were judged", r)
		}
	}
}

func TestNetworksFail(t *testing.T) {
	space, ds := small(t)
	want := errors.New("no network")
	n := &Networks{Space: space, Held: ds,
		Network: func(context.Context, searchspace.Arch) (*supernet.Model, error) { return nil, want }}
	if _, err := n.Evaluate(t.Context(), space.Smallest()); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}
