package supernet

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// openGates keeps squeeze-and-excitation where all of it has a gradient: hidden units that ReLU
// shuts for all images, and gates at their ends, have none in any network.
func openGates(t testing.TB, n *network) {
	t.Helper()
	values := n.values()
	for key, v := range values {
		for i := range v {
			switch {
			case strings.HasSuffix(key, "se.fc.reduce.bias"):
				v[i] = 1
			case strings.Contains(key, "se.fc."):
				v[i] *= 0.1
			}
		}
	}
	if err := n.setValues(values); err != nil {
		t.Fatal(err)
	}
}

// TestMorphLearns: every number has had a gradient after two steps, those of layers that start as
// the identity (in ResNet50's stem with ReLU after the branch) and of channels that nothing reads
// at first included. At 64 pixels no kernel is larger than what it sees.
func TestMorphLearns(t *testing.T) {
	options := tinyOptions
	options.InputSize = 64
	mobile, err := searchspace.MobileNetV3(options)
	if err != nil {
		t.Fatal(err)
	}
	residual, err := searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 64, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	choices := residual.Smallest().Choices()
	for _, name := range []string{"stem.depth", "stem.mid.width", "stem.width", "stage1.depth", "stage1.width", "stage2.layer0.expand"} {
		choices[residual.DecisionIndex(name)]++
	}
	larger, err := residual.New(choices)
	if err != nil {
		t.Fatal(err)
	}
	net, err := New(mobile, &Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, net.network, 3)
	openGates(t, net.network)
	learns(t, mobile, mobile.Largest(), net)
	learns(t, residual, larger, nil)
}

// learns grows the smallest network of a space and trains two steps.
func learns(t *testing.T, space *searchspace.Space, to searchspace.Arch, net *Net) {
	m, err := NewModel(space, space.Smallest(), &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 7)
	openGates(t, m.network)
	grown, report := morphOf(t, m, to, &MorphOptions{Supernet: net, Classes: Unnamed(6)})
	if !report.Preserved || report.Count(MorphStarted) == 0 || report.Count(MorphGrown) == 0 {
		t.Fatalf("nothing to learn:\n%v", report)
	}
	learnt := make(map[string][]bool)
	st := grown.runner.tape.Stream()
	steps := 0
	record := func(Progress) error {
		steps++
		for _, s := range grown.store.list {
			if s.kind.statistic() {
				continue
			}
			gradient := make([]float32, s.size())
			st.Read(grown.store.set.Lookup(s.key).Grad(), 0, gradient)
			if learnt[s.key] == nil {
				learnt[s.key] = make([]bool, s.size())
			}
			for i, v := range gradient {
				learnt[s.key][i] = learnt[s.key][i] || v != 0
			}
		}
		return nil
	}
	_, err = grown.Train(t.Context(), stripes(t, 32, 64, 1), &TrainOptions{Epochs: 2, BatchSize: 32, LR: 0.05,
		Recorder: RecorderFunc(record)})
	if err != nil || steps != 2 {
		t.Fatalf("%d steps, error %v", steps, err)
	}
	for key, moves := range learnt {
		still := 0
		for _, moved := range moves {
			if !moved {
				still++
			}
		}
		if still > 0 {
			t.Errorf("%d of %d numbers of %s never had a gradient", still, len(moves), key)
		}
	}
}

// TestMorphCalibrates shrinks a network: with images its statistics are those of a recalibration,
// without they are what was there, and the report says which.
func TestMorphCalibrates(t *testing.T) {
	space := tinySpace(t)
	m, err := NewModel(space, space.Largest(), &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 7)
	train := stripes(t, 60, 16, 1)
	plain, report := morphOf(t, m, space.Smallest(), nil)
	if report.Preserved || report.Recalibrated {
		t.Errorf("without images:\n%v", report)
	}
	calibrated, report := morphOf(t, m, space.Smallest(), &MorphOptions{Calibration: train})
	if plan, err := m.PlanMorph(space.Smallest(), &MorphOptions{Calibration: train}); err != nil || !plan.Recalibrated || !report.Recalibrated {
		t.Errorf("with images: plan error %v\n%v", err, report)
	}
	if slices.Equal(plain.values()["first_conv.bn.running_mean"], calibrated.values()["first_conv.bn.running_mean"]) {
		t.Error("statistics stayed")
	}
	if err := plain.Recalibrate(t.Context(), train, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, calibrated.values(), plain.values())
	for key, v := range calibrated.values() {
		for _, x := range v {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("%s holds %v", key, x)
			}
		}
	}

	// What keeps the function keeps its statistics.
	small := plain
	grown, report := morphOf(t, small, space.Largest(), &MorphOptions{Calibration: train})
	if !report.Preserved || report.Recalibrated {
		t.Errorf("growth:\n%v", report)
	}
	if !slices.Equal(grown.values()["first_conv.bn.running_mean"], small.values()["first_conv.bn.running_mean"]) {
		t.Error("growth changed statistics")
	}
	for name, o := range map[string]*MorphOptions{
		"one image":  {Calibration: stripes(t, 1, 16, 1)},
		"other size": {Calibration: stripes(t, 10, 32, 1)},
	} {
		if _, _, err := m.Morph(t.Context(), space.Smallest(), o); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v, expected ErrData", name, err)
		}
	}
}

// TestMorphBits: neither the number of processors nor classification meanwhile changes a bit, and
// the model stays as it is.
func TestMorphBits(t *testing.T) {
	net := tinyNet(t, Elastic)
	enliven(t, net.network, 1)
	space := net.space
	train, val := stripes(t, 40, 16, 1), stripes(t, 20, 16, 2)
	m, err := NewModel(space, sample(t, space, 5), &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 7)
	before, version := m.values(), m.WeightVersion()
	img := picture(t, val, 0)
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	to := sample(t, space, 9)
	var want map[string][]float32
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		stop := make(chan struct{})
		var serving sync.WaitGroup
		serving.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if _, _, err := m.Classify(img); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
		out, _ := morphOf(t, m, to, &MorphOptions{Supernet: net, Calibration: train})
		close(stop)
		serving.Wait()
		if want == nil {
			want = out.values()
		}
		sameValues(t, out.values(), want)
	}
	sameValues(t, m.values(), before)
	if m.WeightVersion() != version {
		t.Error("the model's weight version moved")
	}
}
