package supernet

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// A training begins with the weights of the checkpoint of another one, and with nothing else of it.
func TestTrainFrom(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	o := short(2)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	n, again, weights := tinyNet(t, Elastic), tinyNet(t, Elastic), tinyNet(t, Elastic)
	if _, err := n.Train(t.Context(), train, o); err != nil {
		t.Fatal(err)
	}
	jitter(t, again.network, 5) // of these weights nothing may stay
	further := short(1)
	further.LR, further.From = 0.01, o.Checkpoint
	result, err := again.Train(t.Context(), stripes(t, 48, 16, 2), further)
	if err != nil || result.Resumed || result.Steps != 3 {
		t.Fatalf("%+v: %v", result, err)
	}
	if err := weights.SetClassNames(t.Context(), n.ClassNames()...); err != nil {
		t.Fatal(err)
	}
	if err := weights.setValues(n.values()); err != nil {
		t.Fatal(err)
	}
	further.From = ""
	if _, err := weights.Train(t.Context(), stripes(t, 48, 16, 2), further); err != nil {
		t.Fatal(err)
	}
	sameValues(t, again.values(), weights.values())

	// One that resumes reads its own checkpoint only.
	further.From, further.Checkpoint = o.Checkpoint, filepath.Join(t.TempDir(), "further.ckpt")
	if _, err := again.Train(t.Context(), train, further); err != nil {
		t.Fatal(err)
	}
	further.From = filepath.Join(t.TempDir(), "none")
	if result, err := tinyNet(t, Elastic).Train(t.Context(), train, further); err != nil || !result.Resumed {
		t.Errorf("%+v: %v", result, err)
	}
	further.Checkpoint = ""
	if _, err := n.Train(t.Context(), train, further); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}

// Weights of another network leave the network as it is.
func TestTrainFromOther(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	o := short(1)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	if _, err := tinyNet(t, Elastic).Train(t.Context(), train, o); err != nil {
		t.Fatal(err)
	}
	o.From, o.Checkpoint = o.Checkpoint, ""
	m := tinyModel(t)
	before := m.values()
	_, err := m.Train(t.Context(), train, o)
	if !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), `Network is "supernet elastic"`) {
		t.Errorf("weights of a supernet for a model: %v", err)
	}
	sameValues(t, m.values(), before)
	if names := m.ClassNames(); names != nil {
		t.Errorf("classes %q of a training that did not begin", names)
	}
	names := []string{"direction 3", "direction 2", "direction 1", "direction 0"}
	n, err := New(tinySpace(t), &Options{Classes: names})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Train(t.Context(), train, o); !errors.Is(err, ErrCheckpointMismatch) ||
		!strings.Contains(err.Error(), "ClassNames is ") {
		t.Errorf("weights for classes in another order: %v", err)
	}
}
