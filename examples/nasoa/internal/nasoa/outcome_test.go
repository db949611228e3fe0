package nasoa

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/predictor"
)

func someOutcome(t *rapid.T) Outcome {
	part := rapid.Float64Range(0, 1)
	o := Outcome{Kind: rapid.SampledFrom([]string{kindRandom, kindChosen}).Draw(t, "kind"),
		Number: rapid.IntRange(1, 1e6).Draw(t, "number"), Source: rapid.StringMatching(`[a-z ,"é]*`).Draw(t,
			"source"),
		Classes: rapid.IntRange(1, 10).Draw(t, "classes"), Similarity: part.Draw(t, "similarity"),
		Model: rapid.SampledFrom([]string{"A", "B, \"b\"", ""}).Draw(t, "model"), Pretrained: part.Draw(t,
			"pretrained"),
		Rate: rapid.Float64Range(1e-3, 1).Draw(t, "rate"), Frozen: rapid.IntRange(0, 4).Draw(t, "frozen"),
		Steps: rapid.IntRange(1, 500).Draw(t, "steps"), Seconds: rapid.Float64Range(0, 1e3).Draw(t, "seconds"),
		Accuracy: part.Draw(t, "accuracy"), Predicted: part.Draw(t, "predicted"), Low: part.Draw(t, "low"),
		High: part.Draw(t, "high")}
	o.Images = o.Classes * rapid.IntRange(1, 100).Draw(t, "images")
	o.Iterations = o.Steps
	return o
}

// A log reads back as it was written.
func TestLogReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(someOutcome), 1, 5).Draw(t, "log")
		var b bytes.Buffer
		if err := WriteLog(&b, log); err != nil {
			t.Fatal(err)
		}
		got, err := ReadLog(&b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(log, got); d != "" {
			t.Error(d)
		}
	})
}

const lineOfLog = "random,1,x,2,20,0.9,A,0.5,0.01,0,5,5,8,0,0.1,0.2,0.1,0.5,0.4,0.6,0.75,16"

func TestBadLogs(t *testing.T) {
	head := strings.Join(columns(), ",") + "\n"
	if log, err := ReadLog(strings.NewReader(head + lineOfLog + "\n")); err != nil || len(log) != 1 ||
		log[0].Accuracy != 0.75 || log[0].Regime().Iterations != 5 {
		t.Fatalf("%+v, %v", log, err)
	}
	for name, text := range map[string]string{
		"empty": "", "another head": strings.Replace(head, "steps", "stages", 1), "few fields": head + "random,1\n",
		"kind":      head + strings.Replace(lineOfLog, "random", "other", 1),
		"no steps":  head + strings.Replace(lineOfLog, "5,5,8", "5,0,8", 1),
		"accuracy":  head + strings.Replace(lineOfLog, "0.75", "1.75", 1),
		"no number": head + strings.Replace(lineOfLog, "0.75", "NaN", 1),
		"negative":  head + strings.Replace(lineOfLog, "5,5,8", "5,-5,8", 1),
		"classes":   head + strings.Replace(lineOfLog, "x,2,20", "x,2,1", 1),
	} {
		if log, err := ReadLog(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %+v", name, log)
		}
	}
}

// Whatever a log is, reading it gives an error or outcomes that a learner takes.
func FuzzReadLog(f *testing.F) {
	f.Add(strings.Join(columns(), ",") + "\n" + lineOfLog + "\n")
	f.Add(strings.Join(columns(), ",") + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		log, err := ReadLog(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, o := range log {
			if o.Refused() {
				continue
			}
			g, err := predictor.NewGenerator(predictor.Options{Models: []predictor.Model{{Name: o.Model}},
				Learner: func(n int) (predictor.Learner, error) { return predictor.NewMean(n) }})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.Learn(o.Task(), o.Regime(), o.Accuracy); err != nil {
				t.Fatalf("%+v: %v", o, err)
			}
		}
	})
}

// The schedule without a clock is that of one whose clock shows nothing unforeseen.
func TestFalling(t *testing.T) {
	for _, c := range []struct{ n, fall int }{{1, 20}, {7, 20}, {20, 20}, {50, 20}, {100, 1}} {
		now := time.Unix(0, 0)
		a, err := predictor.NewAnytime(&predictor.AnytimeOptions{Limit: time.Hour, Steps: c.n,
			Step: time.Millisecond, Fall: c.fall, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		p := counted(falling(c.n, c.fall))
		for step := range c.n + 1 {
			want, more := a.Pace(step)
			got, goes := p(0)
			if more != goes || math.Abs(got-want) > 1e-6 {
				t.Errorf("%d steps, falling over %d: step %d has %g, %v; with a clock %g, %v", c.n, c.fall, step, got,
					goes,
					want, more)
			}
			now = now.Add(time.Millisecond)
		}
	}
}

// Models of a zoo are on the front as long as it has some, from the fastest to the slowest.
func TestChoose(t *testing.T) {
	points := []Point{{Arch: "slow", Step: 4, Accuracy: 0.9}, {Arch: "fast", Step: 1, Accuracy: 0.5},
		{Arch: "beaten", Step: 3, Accuracy: 0.6}, {Arch: "middle", Step: 2, Accuracy: 0.7},
		{Arch: "over", Step: 9, Accuracy: 0.99, Over: true}}
	for n, want := range map[int]string{1: "slow", 2: "fast slow", 3: "fast middle slow",
		4: "fast middle beaten slow",
		9: "fast middle beaten slow"} {
		var names []string
		for _, p := range choose(points, n) {
			names = append(names, p.Arch)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestPunctual(t *testing.T) {
	log := []Outcome{{Kind: kindRandom, Model: "A", Seconds: 9}, {Kind: kindChosen, Limit: 1},
		{Kind: kindChosen, Model: "A", Limit: 1, Seconds: 1.5, Accuracy: 0.5, Low: 0.4, High: 0.6},
		{Kind: kindChosen, Model: "A", Limit: 1, Seconds: 0.5, Accuracy: 0.5, Low: 0.6, High: 0.7}}
	want := &InTime{Tasks: 3, Refused: 1, Late: 1, Worst: 0.5, Covered: 0.5}
	if d := cmp.Diff(want, Punctual(log)); d != "" {
		t.Error(d)
	}
	if got := Punctual(log[:1]); got != nil {
		t.Errorf("%+v", got)
	}
}

// The order of a replay is the one that is asked for, and learners that see more do better.
func TestReplay(t *testing.T) {
	models := []predictor.Model{{Name: "A", Accuracy: 0.5}}
	var log []Outcome
	var order []int
	for i := range 60 {
		log = append(log, Outcome{Kind: kindRandom, Classes: 2, Images: 20 + i, Similarity: 0.9, Model: "A",
			Rate:  0.01,
			Steps: 5 + i%7, Accuracy: 0.5 + 0.05*float64(i%7)})
		order = append(order, 59-i)
	}
	for _, r := range Rivals(len(log)) {
		a, err := r.Replay(models, log, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Replay(models, log, order)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Errors) != 60 || a.MAE == b.MAE || a.Restarts > 0 {
			t.Errorf("%s: %g, in another order %g", r.Name, a.MAE, b.MAE)
		}
		if (a.Alphas != nil) != (strings.HasPrefix(r.Name, "hedge") || r.Name == Ours) {
			t.Errorf("%s: weights of layers: %v", r.Name, a.Alphas != nil)
		}
		if mae, _ := a.Last(); r.Name == Ours && mae > a.MAE {
			t.Errorf("%s: %g in the last fifth, %g in all", r.Name, mae, a.MAE)
		}
	}
}

// A learner that diverges begins anew.
func TestPupilRestarts(t *testing.T) {
	r := Rival{Name: "wild", plain: true, make: func(n int) (predictor.Learner, error) {
		return predictor.NewMLP(n, &predictor.MLPOptions{Layers: 3, Rate: 1e6})
	}}
	var log []Outcome
	for i := range 30 {
		log = append(log, Outcome{Kind: kindRandom, Classes: 2, Images: 20 + i, Model: "A", Rate: 0.01, Steps: 5 +
			i%7,
			Accuracy: 0.1 + 0.8*float64(i%2)})
	}
	got, err := r.Replay([]predictor.Model{{Name: "A"}}, log, nil)
	if err != nil || got.Restarts == 0 || len(got.Errors) != 30 || got.MAE > 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is kept free is the first guess until something was measured, and what the guess was counts
// as one measurement then.
func TestMeanTime(t *testing.T) {
	var m meanTime
	if got := m.of(answerRest); got != answerRest {
		t.Errorf("%v, want the first guess, %v", got, answerRest)
	}
	m.add(100 * time.Millisecond)
	m.add(-time.Second) // sooner than thought
	if got := m.of(200 * time.Millisecond); got != 100*time.Millisecond {
		t.Errorf("%v", got)
	}
}
