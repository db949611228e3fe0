package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(growth.Program().Start)

// tinyData makes images of four classes.
func tinyData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 12, 240, 80); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tiny is a configuration that goes through everything in about a second.
func tiny(data string, more ...string) []string {
	if !slices.Contains(more, "II") {
		more = append([]string{"-volumes", "20,60,100"}, more...)
	}
	return append([]string{"-data", data, "-width", "0.2", "-val", "0.25", "-epsilon", "0.1",
		"-supernet-epochs", "2", "-supernet-later-epochs", "1", "-supernet-steps", "8", "-supernet-batch",
		"16",
		"-retrain-epochs", "4", "-retrain-later-epochs", "3", "-retrain-steps", "10", "-retrain-batch", "16",
		"-iterations", "12", "-candidates", "3", "-reward-images", "12", "-calibration", "24", "-adjuster-lr",
		"0.01"}, more...)
}

// report runs the program to its end.
func report(t *testing.T, args ...string) (growth.Report, string) {
	t.Helper()
	r, out := runtest.Report[growth.Report](t, start, args...)
	return r.WithoutSeconds(), out
}

// TestKilledRunEndsTheSame kills the program whenever a certain file appears, which is just before,
// in or after each kind of work, and at odd moments between, and lets it go on each time.
func TestKilledRunEndsTheSame(t *testing.T) {
	data := tinyData(t)
	want, _ := report(t, tiny(data, "-final-epochs", "2")...)

	out := filepath.Join(t.TempDir(), "run")
	args := tiny(data, "-final-epochs", "2", "-out", out, "-resume")
	for _, moment := range []struct {
		file  string
		delay time.Duration
	}{
		{"settings.json", 0}, {"supernet-1.part", 0}, {"supernet-1.ckpt", time.Millisecond},
		{"retrain-1.part", 2 * time.Millisecond},
		{"serve-1.json", 0}, {"measure-2.json", 20 * time.Millisecond},
		{"supernet-2.ckpt", 60 * time.Millisecond},
		{"trial-2.*.part", 0}, {"trial-2.*.ckpt", 0}, {"retrain-2.part", 5 * time.Millisecond},
		{"retrain-2.ckpt", 0}, {"keep-2.part", 0}, {"keep-2.ckpt", 0}, {"serve-2.json", 0},
		{"against-serve-2.json", 0},
		{"supernet-3.ckpt", 150 * time.Millisecond},
		{"against-*3.part", 0}, {"final.part", 0}, {"model.ckpt", 0}, {"final.json", 0},
		{"against-final.part", 0},
	} {
		runtest.SignalWhen(t, os.Kill, filepath.Join(out, moment.file), moment.delay, args...)
	}
	got, _ := report(t, args...)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the killed run ends otherwise (-whole +killed):\n%s", d)
	}
	for _, name := range []string{"accuracy.png", "madds.png", "architectures.svg", "model.ckpt", "log.txt"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, pattern := range []string{"*.part", "trial-*.ckpt"} {
		left, err := filepath.Glob(filepath.Join(out, pattern))
		if err != nil || len(left) > 0 {
			t.Errorf("left over: %v %v", left, err)
		}
	}
	// A finished run can be shown again, without its settings.
	again, _ := report(t, "-resume", "-out", out)
	if d := cmp.Diff(got, again); d != "" {
		t.Errorf("shown again (-first +again):\n%s", d)
	}
	if err := os.Truncate(filepath.Join(out, "model.ckpt"), 1000); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := start.Run(t, "-resume", "-out", out); code != run.ExitError ||
		!strings.Contains(errs, "model.ckpt") {
		t.Errorf("with a damaged model: exit code %d, %q", code, errs)
	}
}

func TestBaselinesAndScenarios(t *testing.T) {
	data := tinyData(t)
	// Where it matters not how well networks do, trainings are short.
	brief := func(args ...string) []string {
		return append([]string{"-supernet-epochs", "1", "-supernet-steps", "4", "-retrain-epochs", "1",
			"-retrain-later-epochs", "1", "-retrain-steps", "4", "-iterations", "6"}, args...)
	}
	for name, c := range map[string]struct {
		args  []string
		check func(t *testing.T, r growth.Report)
	}{
		"fixed": {brief("-baseline", "fixed"), func(t *testing.T, r growth.Report) {
			for _, s := range r.Snapshots[1:] {
				if s.Decision != growth.Kept || s.ArchAfter != r.Snapshots[0].ArchAfter {
					t.Errorf("fixed: %s, %s", s.Decision, s.ArchAfter)
				}
			}
		}},
		"largest": {brief("-baseline", "largest", "-volumes", "20,50"), func(t *testing.T, r growth.Report) {
			if !strings.HasPrefix(r.Final.Arch, "4,4,4,4,4:7,7,7,7") {
				t.Errorf("largest is %s", r.Final.Arch)
			}
		}},
		"scratch": {brief("-baseline", "scratch", "-volumes", "20,50"), func(t *testing.T, r growth.Report) {
			for _, s := range r.Snapshots[1:] {
				if s.Decision != growth.Adjusted {
					t.Errorf("scratch: %s", s.Decision)
				}
			}
		}},
		"random": {brief("-baseline", "random", "-madds", "0.5,0.5,0.8"),
			func(t *testing.T, r growth.Report) {
				for i, want := range []float64{0.5e6, 0.5e6, 0.8e6} {
					if got := float64(r.Snapshots[i].MAddsAfter); math.Abs(got/want-1) > 0.03 {
						t.Errorf("snapshot %d: %.0f multiply-adds, want about %.0f", i+1, got, want)
					}
				}
				if s := r.Snapshots; s[1].ArchAfter != s[0].ArchAfter || s[2].Decision != growth.Adjusted {
					t.Errorf("random: %+v", s)
				}
			}},
		"middle": {brief("-baseline", "middle", "-volumes", "20,50"), func(t *testing.T, r growth.Report) {
			if !strings.HasPrefix(r.Final.Arch, "3,3,3,3,3:5,5,5,") {
				t.Errorf("middle is %s", r.Final.Arch)
			}
		}},
		"classes": {[]string{"-scenario", "II", "-classes", "2,4", "-compare=false", "-supernet-steps", "4",
			"-iterations", "6", "-retrain-later-epochs", "1"}, func(t *testing.T, r growth.Report) {
			if r.Snapshots[0].Classes != 2 || r.Snapshots[1].Classes != 4 || r.Snapshots[1].H < 20 ||
				r.Snapshots[1].Decision != growth.Adjusted {
				t.Errorf("classes: %+v", r.Snapshots)
			}
			if before := r.Snapshots[1].AccBefore; before > 0.5 {
				t.Errorf("a model of two classes is right on %.2f of four", before)
			}
		}},
		"copies kept": {brief("-volumes", "100", "-copies", "-epsilon", "100", "-keep-training=false"),
			func(t *testing.T, r growth.Report) {
				s := r.Snapshots[1]
				if s.Images != 2*r.Snapshots[0].Images || s.Decision != growth.Kept ||
					s.ArchBefore != s.ArchAfter || s.AccBefore != s.AccAfter {
					t.Errorf("copies: %+v", s)
				}
			}},
	} {
		t.Run(name, func(t *testing.T) {
			r, out := report(t, tiny(data, c.args...)...)
			c.check(t, r)
			last := r.Snapshots[len(r.Snapshots)-1]
			if r.Final.Arch != last.ArchAfter || r.Final.MAdds != last.MAddsAfter ||
				r.Final.TestAccuracy != last.AccAfter {
				t.Errorf("final %+v after %+v", r.Final, last)
			}
			if name == "fixed" || name == "largest" || name == "middle" {
				return // another network; they go on as random does
			}
			args := tiny(data, append(c.args, "-out", filepath.Join(t.TempDir(), "stopped"), "-resume")...)
			start.Stop(t, "snapshot 1/", args...)
			resumed, _ := report(t, args...)
			if d := cmp.Diff(r, resumed); d != "" {
				t.Errorf("stopped and resumed (-whole +resumed):\n%s", d)
			}
			if !strings.Contains(out, "snapshot 2/") || !strings.Contains(out, "H_t = ") ||
				!strings.Contains(out, "test accuracy") {
				t.Errorf("printed:\n%s", out)
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "run")
	if err := os.MkdirAll(saved, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(saved, "settings.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-scenario", "III"}, run.ExitUsage, `-scenario "III"`},
		{[]string{"-baseline", "worst"}, run.ExitUsage, "fixed, middle, largest, random, scratch"},
		{[]string{"-resume"}, run.ExitUsage, "-resume needs -out"},
		{[]string{"-resume", "-out", saved}, run.ExitError, "damaged"},
		{[]string{"-wat"}, run.ExitUsage, "-wat"},
		{[]string{"extra"}, run.ExitUsage, `unexpected argument "extra"`},
		{[]string{"-json", filepath.Join(saved, "no", "r.json")}, run.ExitUsage, "no such directory"},
		{[]string{"-data", filepath.Join(saved, "nothing")}, run.ExitError, "nothing"},
		{[]string{"-start", "foo"}, run.ExitUsage, "-start"},
		{[]string{"-pretrained", "-retrain-frozen", "8"}, run.ExitUsage, "-retrain-frozen 8: expected at most 7"},
		{[]string{"-supernet-frozen", "99"}, run.ExitUsage, "-supernet-frozen 99: expected at most 6"},
		{[]string{"-epsilon", "NaN"}, run.ExitUsage, "-epsilon NaN: expected a finite number"},
		{[]string{"-supernet-crop", "5000"}, run.ExitUsage, "-supernet-crop 5000: expected 0 to 4096"},
		{[]string{"-retrain-cutout", "5000"}, run.ExitUsage, "-retrain-cutout 5000: expected 0 to 4096"},
		{[]string{"-reward-images", "-5"}, run.ExitUsage, "-reward-images -5: expected at least 0"},
		{[]string{"-calibration", "-1"}, run.ExitUsage, "-calibration -1: expected at least 0"},
		{[]string{"-classes", "2,4"}, run.ExitUsage, "-classes belongs to -scenario II"},
		{[]string{"-scenario", "II", "-volumes", "50,100"}, run.ExitUsage, "-volumes belongs to -scenario I"},
		{[]string{"-scenario", "II", "-classes", "4,2"}, run.ExitUsage, "-classes: snapshot 2 is smaller"},
		{[]string{"-volumes", "50,20"}, run.ExitUsage, "-volumes: snapshot 2 is smaller"},
	} {
		if code, _, errs := start.Run(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", c.args, code, errs, c.code, c.want)
		}
	}
	if code, out, errs := start.Run(t, "-help"); code != run.ExitOK || !strings.Contains(out, "-baseline") ||
		errs != "" {
		t.Errorf("-help: %d, %q", code, errs)
	}
}

func TestFailedStartBlocksNothing(t *testing.T) {
	data, dir := tinyData(t), filepath.Join(t.TempDir(), "run")
	for _, args := range [][]string{{"-scenario", "II", "-classes", "2,99"},
		{"-baseline", "random", "-madds", "1000"}} {
		if code, _, errs := start.Run(t, tiny(data, append(args, "-out", dir)...)...); code != run.ExitError {
			t.Errorf("%v: exit code %d, %q", args, code, errs)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v left a folder: %v", args, err)
		}
	}
}

// A run goes on with its own data only: with other images, or classes of other names, it is refused
// by what differs, also when it is over.
func TestOtherData(t *testing.T) {
	place, dir := t.TempDir(), filepath.Join(t.TempDir(), "run")
	write := func(seed byte, classes ...string) {
		t.Helper()
		for _, part := range []string{"train", "test"} {
			for k, class := range classes {
				folder := filepath.Join(place, part, class)
				if err := os.MkdirAll(folder, 0o755); err != nil {
					t.Fatal(err)
				}
				for i := range 20 {
					img := image.NewGray(image.Rect(0, 0, 12, 12))
					for p := range img.Pix {
						img.Pix[p] = byte(p*(k+1)*7+i*31) + seed
					}
					var file bytes.Buffer
					if err := png.Encode(&file, img); err != nil {
						t.Fatal(err)
					}
					name := filepath.Join(folder, fmt.Sprintf("%02d.png", i))
					if err := os.WriteFile(name, file.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	write(0, "cat", "dog")
	args := []string{"-resume", "-out", dir}
	first, _ := report(t, tiny(place, append(args, "-volumes", "100", "-baseline", "fixed")...)...)
	refused := func(want ...string) {
		t.Helper()
		code, _, errs := start.Run(t, args...)
		for _, w := range append(want, "holds a run on other data") {
			if code != run.ExitError || !strings.Contains(errs, w) {
				t.Errorf("exit code %d, %q; want %q", code, errs, w)
			}
		}
	}
	write(1, "cat")
	refused("training.pixels is", "test.pixels is")
	write(0, "cat")
	for _, part := range []string{"train", "test"} {
		if err := os.Rename(filepath.Join(place, part, "dog"), filepath.Join(place, part, "fox")); err != nil {
			t.Fatal(err)
		}
	}
	refused(`classes is ["cat","dog"] there and ["cat","fox"] here`)
	write(0, "dog")
	refused(`["cat","dog","fox"] here`, "training.images is 40 there and 60 here")
	for _, part := range []string{"train", "test"} {
		dog := filepath.Join(place, part, "dog")
		err := errors.Join(os.RemoveAll(dog), os.Rename(filepath.Join(place, part, "fox"), dog))
		if err != nil {
			t.Fatal(err)
		}
	}
	again, _ := report(t, args...)
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("with its own data again (-first +again):\n%s", d)
	}
}

// A table of settings follows the data: with few classes too it is a run that others can go on
// with.
func TestQuickFollowsTheData(t *testing.T) {
	args := tiny(tinyData(t), "-quick", "-scenario", "II")
	r, out := report(t, args...)
	if s := r.Snapshots; len(s) != 2 || s[0].Classes != 2 || s[1].Classes != 4 || s[1].Images <= s[0].Images {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(out, "first network, kept and fine-tuned") {
		t.Errorf("no word about keeping the first network:\n%s", out)
	}
}

// Ctrl-C while a network trains: one line that says how to go on, and the exit code of shells.
func TestInterrupt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := tiny(tinyData(t), "-retrain-steps", "100000", "-out", dir)
	code, errs := runtest.SignalWhen(t, os.Interrupt, filepath.Join(dir, "retrain-1.part"), 0, args...)
	if want := "adaxpert: stopped; go on with: go run ./examples/adaxpert -resume -out " + dir + "\n"; code != run.ExitInterrupted || errs != want {
		t.Errorf("exit code %d, %q; want %d, %q", code, errs, run.ExitInterrupted, want)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, growth.Program(), nil) }
