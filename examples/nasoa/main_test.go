package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/zoo"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(nasoa.Program().Start)

// tiny are settings that go through everything as fast as can be.
func tiny(data string, more ...string) []string {
	return append(append(strings.Fields("-size 16 -known 2 -models 2 -candidates 3 "+
		"-search-population 2 -search-block 2 -search-macro 5 "+
		"-search-images 16 -search-judged 8 -search-batch 8 -search-layout 0-_8_1-1-1-1 -search-channels 8,16 "+
		"-search-blocks 1 -pretrain-epochs 1 -pretrain-batch 8 -tune-batch 8 -tune-judged 16 -task-fewest 4 "+
		"-task-most 8 "+
		"-shortest 0.5 -longest 1 -tune-rates 0.01,0.1"), "-data", data, "-more", data), more...)
}

// striped makes images of four classes.
func striped(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 16, 60, 24); err != nil {
		t.Fatal(err)
	}
	return dir
}

// report runs the program to its end.
func report(t *testing.T, args ...string) (nasoa.Report, string) {
	t.Helper()
	return runtest.Report[nasoa.Report](t, start, args...)
}

// withoutSeconds leaves out of outcomes what the clock says.
func withoutSeconds(log []nasoa.Outcome) []nasoa.Outcome {
	out := append([]nasoa.Outcome(nil), log...)
	for i := range out {
		out[i].Seconds, out[i].Training = 0, 0
	}
	return out
}

// The program is killed before, in and after each kind of work, and goes on each time; what came of
// it serves other runs.
func TestKilledRunGoesOn(t *testing.T) {
	data := striped(t)
	out := filepath.Join(t.TempDir(), "run")
	args := tiny(data, "-random", "3", "-chosen", "2", "-out", out, "-resume")
	for _, moment := range []struct {
		file  string
		delay time.Duration
	}{
		{"settings.json", 0}, {"search-block.part", 0}, {"search-block.json", 0}, {"search-macro.json", 0},
		{"zoo/index*", 0}, {"pretrain-1.json", 0}, {"times.json", 0},
		{"candidates.json", 0}, {"library.json", 0}, {"outcomes.csv", 0}, {"outcomes.csv", 200 * time.Millisecond},
	} {
		runtest.SignalWhen(t, os.Kill, filepath.Join(out, moment.file), moment.delay, args...)
	}
	got, _ := report(t, args...)
	if len(got.Zoo) != 2 || len(got.Candidates) < 2 || len(got.Candidates) > 3 || len(got.Outcomes) != 5 ||
		got.InTime == nil || got.InTime.Tasks != 2 || len(got.Points) == 0 || len(got.Learners) != len(nasoa.Rivals(5)) {
		t.Errorf("%+v", got)
	}
	for _, m := range got.Zoo {
		if !slices.ContainsFunc(got.Candidates, func(p nasoa.Point) bool {
			return p.Arch == m.Arch && p.Step == m.Steps[0]
		}) {
			t.Errorf("model %+v is none of those pretrained, %+v", m, got.Candidates)
		}
	}
	for _, name := range []string{"front.svg", "alpha.svg", "alpha-ours.svg", "error.svg", "report.txt",
		"report.json",
		"outcomes.csv",
		"generator", "log.txt"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(out, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	z, err := zoo.Open(filepath.Join(out, "zoo"), nil)
	if err != nil || z.Len() != len(got.Zoo) {
		t.Fatalf("%d models, %v", z.Len(), err)
	}
	if err := z.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	again, _ := report(t, "-out", out, "-resume")
	if d := cmp.Diff(got.Outcomes, again.Outcomes); d != "" {
		t.Errorf("a finished run finds something else (-first +second):\n%s", d)
	}
	t.Run("stream", func(t *testing.T) { sameStream(t, data, out) })
	t.Run("refused", func(t *testing.T) { allRefused(t, data, out) })
	t.Run("answer", func(t *testing.T) { answers(t, data, out) })
}

// sameStream: with one zoo, outcomes whose regimes are drawn are the same however often a run was
// interrupted.
func sameStream(t *testing.T, data, from string) {
	args := tiny(data, "-run", "stream", "-from", from, "-random", "4", "-chosen", "0", "-seed", "7")
	want, _ := report(t, args...)
	args = append(args, "-out", filepath.Join(t.TempDir(), "run"), "-resume")
	start.Stop(t, "random 2:", args...)
	got, _ := report(t, args...)
	if d := cmp.Diff(withoutSeconds(want.Outcomes), withoutSeconds(got.Outcomes)); d != "" {
		t.Errorf("the stopped run ends otherwise (-whole +stopped):\n%s", d)
	}
	if got.Outcomes[0].Accuracy == 0 || got.Outcomes[0].Steps != got.Outcomes[0].Iterations {
		t.Errorf("%+v", got.Outcomes[0])
	}
	// A run does not go on with another zoo.
	z, err := zoo.Open(filepath.Join(from, "zoo"), nil)
	if err != nil {
		t.Fatal(err)
	}
	entry := z.Entries()[0]
	changed := entry
	changed.Accuracy = 1 - entry.Accuracy/2
	if err := z.Describe(changed); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := start.Run(t, args...); code != run.ExitError ||
		!strings.Contains(errs, "holds a run on other data: zoo is ") {
		t.Errorf("with another zoo: exit code %d, %q", code, errs)
	}
	if err := z.Describe(entry); err != nil {
		t.Fatal(err)
	}
	// The generator may have learnt from a log before.
	log := filepath.Join(args[len(args)-2], "outcomes.csv")
	taught, _ := report(t, tiny(data, "-run", "stream", "-from", from, "-random", "1", "-chosen", "0", "-seed",
		"7",
		"-pretaught", log, "-plain-hedge")...)
	if taught.Outcomes[0].Predicted == want.Outcomes[0].Predicted ||
		taught.Outcomes[0].Accuracy != want.Outcomes[0].Accuracy {
		t.Errorf("%+v, without a log %+v", taught.Outcomes[0], want.Outcomes[0])
	}
}

// answers: a fresh process answers a task from the zoo, and the generator learns of it.
func answers(t *testing.T, data, from string) {
	count := func() int {
		t.Helper()
		g, err := predictor.LoadGenerator(filepath.Join(from, "generator"))
		if err != nil {
			t.Fatal(err)
		}
		return g.Score().Count
	}
	before := count()
	out := filepath.Join(t.TempDir(), "answer")
	told, begin := filepath.Join(t.TempDir(), "answer.json"), time.Now()
	code, errs := runtest.SignalWhen(t, nil, "", 0, "-from", from, "-task", data, "-limit", "20s", "-out", out,
		"-json", told)
	if code != run.ExitOK {
		t.Fatalf("exit code %d, %s", code, errs)
	}
	// What the answer says it took is all of the program's time, but for its very beginning and
	// end.
	took := time.Since(begin).Seconds()
	var rep nasoa.Report
	text, err := os.ReadFile(told)
	if err == nil {
		err = json.Unmarshal(text, &rep)
	}
	if err != nil || rep.Answer == nil {
		t.Fatalf("%s, %v", text, err)
	}
	if s := rep.Answer.Seconds; s > took || s < 0.5*took || s > rep.Answer.Limit {
		t.Errorf("%g s of %g s, and %g s went by", s, rep.Answer.Limit, took)
	}
	m, err := supernet.LoadModel(filepath.Join(out, "model.ckpt"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Classes() != 4 {
		t.Errorf("%d classes", m.Classes())
	}
	if after := count(); after != before+1 {
		t.Errorf("the generator has learnt %d outcomes, before %d", after, before)
	}
	// The limit that would do is one that does: rounded up.
	code, _, errs = start.Run(t, "-from", from, "-task", data, "-limit", "1ms")
	if code != run.ExitError || !regexp.MustCompile(
		`no regime fits the time limit: .* took \d+\.\d\d s, .* would do is \d+\.\d\d s`).MatchString(errs) {
		t.Errorf("1 ms: exit code %d, %q", code, errs)
	}
}

// Where no limit can be kept there is nothing to foretell, and nothing is said of learners.
func allRefused(t *testing.T, data, from string) {
	got, _ := report(t, tiny(data, "-run", "stream", "-from", from, "-random", "0", "-chosen", "3", "-shortest", "0.01",
		"-longest", "0.011", "-out", filepath.Join(t.TempDir(), "run"))...)
	if got.InTime == nil || got.InTime.Refused != 3 || got.Learners != nil {
		t.Errorf("%+v, %+v", got.InTime, got.Learners)
	}
	for _, o := range got.Outcomes {
		if !o.Refused() || o.Planned <= o.Limit {
			t.Errorf("%+v", o)
		}
	}
}

func TestMistakes(t *testing.T) {
	empty := t.TempDir()
	data := striped(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"part": {[]string{"-run", "all"}, run.ExitUsage,
			`-run "all": expected one of everything, zoo, stream`},
		"no zoo":       {[]string{"-run", "stream"}, run.ExitUsage, "-run stream needs -from"},
		"two zoos":     {[]string{"-run", "zoo", "-from", empty}, run.ExitUsage, "-run zoo builds a zoo"},
		"no limit":     {[]string{"-task", data, "-from", empty}, run.ExitUsage, "-task and -limit"},
		"task, no zoo": {[]string{"-task", data, "-limit", "1s"}, run.ExitUsage, "-task needs -from"},
		"limits": {[]string{"-shortest", "2", "-longest", "1"}, run.ExitUsage,
			"-longest 1: expected at least"},
		"images": {[]string{"-task-fewest", "5", "-task-most", "4"}, run.ExitUsage,
			"-task-most 4: expected at least"},
		"empty":        {[]string{"-run", "stream", "-from", empty}, run.ExitError, "holds no zoo"},
		"no such data": {tiny(filepath.Join(empty, "nothing")), run.ExitError, "no such file"},
		"layout":       {tiny(data, "-search-layout", "xyz"), run.ExitError, "-search-layout"},
		"fast steps": {tiny(data, "-search-step", "0.0001"), run.ExitError,
			"-search-step 0.0001: the fastest step took"},
		"known":        {tiny(data, "-known", "5"), run.ExitError, "-known 5: expected 2 to 4"},
		"one is known": {tiny(data, "-known", "1"), run.ExitError, "-known 1: expected 2 to 4"},
		"nothing left": {append(tiny(data, "-known", "4"), "-task-fewest", "500", "-task-most", "500"),
			run.ExitError, "left for tasks"},
		"channels":      {[]string{"-search-channels", "0"}, run.ExitUsage, "whole numbers from 1"},
		"rates":         {[]string{"-tune-rates", "0"}, run.ExitUsage, "numbers above 0"},
		"resume":        {[]string{"-resume"}, run.ExitUsage, "-resume needs -out"},
		"empty path":    {[]string{"-more", "a,,b"}, run.ExitUsage, "-more: an empty path"},
		"pretraining":   {[]string{"-pretrain-batch", "1"}, run.ExitUsage, "-pretrain-batch 1"},
		"no limit zero": {[]string{"-limit", "1s"}, run.ExitUsage, "-task and -limit"},
	} {
		if code, _, errs := start.Run(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, %q; want %d, %q", name, code, errs, c.code, c.want)
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, nasoa.Program(), nil) }
