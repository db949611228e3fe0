package supernet

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// openNet is a supernet of a space without a choice graph.
func openNet(t *testing.T) *Net {
	t.Helper()
	space, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 16, Classes: 4, Channels: []int{16}, Blocks: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(space, nil); !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		t.Errorf("elastic sharing: error %v, expected ErrNoChoiceGraph", err)
	}
	n, err := New(space, &Options{Sharing: SinglePath, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOpenSpace trains networks whose tensors come into being as they are drawn, with and without
// an interruption after which a fresh supernet goes on.
func TestOpenSpace(t *testing.T) {
	ctx, ds := context.Background(), stripes(t, 32, 16, 1)
	options := func(checkpoint string) *TrainOptions {
		o := short(3)
		o.Checkpoint, o.Validation, o.ValidationOptions, o.FrozenStages = checkpoint, stripes(t, 8, 16, 2), &EvalOptions{CalibrationImages: 8}, []int{0}
		o.Subnets.Validation = []searchspace.Arch{openNet(t).Space().Smallest()}
		o.Subnets.StepsPerDraw, o.ClipNorm = 1, 1
		return o
	}
	whole := openNet(t)
	if whole.Params() != 0 {
		t.Errorf("%d parameters before any network", whole.Params())
	}
	res, err := whole.Train(ctx, ds, options(""))
	if err != nil || res.Status != searchspace.StatusFinished {
		t.Fatalf("status %v, error %v", res.Status, err)
	}
	if len(whole.store.archs) < 3 {
		t.Errorf("%d networks brought tensors, expected most of 7", len(whole.store.archs))
	}

	path := filepath.Join(t.TempDir(), "train.ckpt")
	stop := errors.New("stop")
	o := options(path)
	o.Recorder = RecorderFunc(func(p Progress) error {
		if p.Phase == PhaseTrain && p.Step == 3 {
			return stop
		}
		return nil
	})
	if _, err := openNet(t).Train(ctx, ds, o); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	resumed := openNet(t)
	if res, err := resumed.Train(ctx, ds, options(path)); err != nil || !res.Resumed {
		t.Fatalf("resumed %v, error %v", res.Resumed, err)
	}
	sameValues(t, resumed.values(), whole.values())

	saved := filepath.Join(t.TempDir(), "net.ckpt")
	if err := whole.Save(t.Context(), saved); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(saved, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, loaded.values(), whole.values())
	if err := loaded.GrowClasses(t.Context(), "ant", "bee"); err != nil {
		t.Fatal(err)
	}

	b := firstBatch(t, ds, 4)
	for seed := range uint64(2) { // one of them new to the supernet
		a := sample(t, loaded.Space(), seed)
		m, err := loaded.Extract(ctx, a, nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.Params() != paramsOf(t, loaded.Space(), a) {
			t.Errorf("%d parameters, the graph says %d", m.Params(), paramsOf(t, loaded.Space(), a))
		}
		p, err := loaded.program(a)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := outputs(t, m.network, m.prog, b), outputs(t, loaded.network, p, b); len(got) != 4*6 || !close32(got, want, 1e-4) {
			t.Errorf("%s: copy gives %v, shared weights %v", loaded.Space().Format(a), got, want)
		}
	}
}
