package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
	"github.com/tendril-nas/tendril/supernet"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(transfer.Program().Start)

// tiny are settings that go through everything as fast as can be.
func tiny(data string, more ...string) []string {
	return append(strings.Fields("-size 32 -val 0.2 -tune-epochs 1 -tune-steps 2 -tune-batch 16 "+
		"-tune-crop 2 -last-epochs 1 "+
		"-last-steps 1 -last-batch 16 -search-images 4 -search-loss 5 -calibration 4 "+
		"-data "+data),
		more...)
}

// striped makes images of four classes.
func striped(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 12, 60, 24); err != nil {
		t.Fatal(err)
	}
	return dir
}

// photos makes a folder of PNG images of plain colours, so many of each class.
func photos(t *testing.T, count map[string]int) string {
	t.Helper()
	dir := t.TempDir()
	for class, n := range count {
		for i := range n {
			img := image.NewRGBA(image.Rect(0, 0, 20, 16))
			for p := range 20 * 16 {
				img.Set(p%20, p/20, color.RGBA{uint8(len(class) * 40), uint8(17 * i), uint8(p), 255})
			}
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, class, string(rune('a'+i))+".png"), b.Bytes())
		}
	}
	return dir
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// report runs the program to its end.
func report(t *testing.T, args ...string) (transfer.Report, string) {
	t.Helper()
	r, out := runtest.Report[transfer.Report](t, start, args...)
	return r.WithoutSeconds(), out
}

// TestKilledRunEndsTheSame kills the program in and after each kind of work, and lets it go
// on each time.
func TestKilledRunEndsTheSame(t *testing.T) {
	data := striped(t)
	want, _ := report(t, tiny(data)...)

	out := filepath.Join(t.TempDir(), "run")
	args := tiny(data, "-out", out, "-resume")
	for _, moment := range []struct {
		file  string
		delay time.Duration
	}{
		{"head.ckpt", 0}, {"tuned.ckpt", time.Millisecond}, {"search.json", 0}, {"adapted.ckpt", 0},
	} {
		runtest.SignalWhen(t, os.Kill, filepath.Join(out, moment.file), moment.delay, args...)
	}
	got, _ := report(t, args...)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the killed run ends otherwise (-whole +killed):\n%s", d)
	}
	for _, name := range []string{"model.onnx", "confusion.svg", "worst.png", "architectures.svg", "report.txt",
		"report.json", "log.txt"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(out, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	m, err := supernet.LoadModel(filepath.Join(out, "model.ckpt"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got.Images.Classes, m.ClassNames()); d != "" {
		t.Errorf("classes of the model (-report +model):\n%s", d)
	}
}

// A stopped run goes on to the same bits, and a folder names its images.
func TestPhotos(t *testing.T) {
	data := photos(t, map[string]int{"a": 8, "bb": 8, "cccc": 8})
	args := tiny(data, "-adapt=false")
	want, out := report(t, args...)
	if !slices.Contains([]string{transfer.StepHead, transfer.StepTuned}, want.Model) || len(want.Steps) != 2 {
		t.Errorf("%+v", want)
	}
	if i := want.Images; i.Train+i.Held+i.Test != 24 || i.Test != 3 || i.Held != 3 {
		t.Errorf("%+v", i)
	}
	for _, w := range want.Worst {
		info, err := os.Stat(w.Image)
		if err != nil || info.IsDir() || filepath.Base(filepath.Dir(w.Image)) != w.True {
			t.Errorf("image %q of class %q: %v", w.Image, w.True, err)
		}
	}
	for _, text := range []string{"18 images to learn from", "linear head: ", "fine-tuned: ", "worst images:",
		"without -out nothing is kept"} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not in what was printed:\n%s", text, out)
		}
	}
	args = append(args, "-out", filepath.Join(t.TempDir(), "run"), "-resume")
	start.Stop(t, "linear head: ", args...)
	got, out := report(t, args...)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the stopped run ends otherwise (-whole +stopped):\n%s", d)
	}
	if !strings.Contains(out, "supernet.LoadModel(") {
		t.Errorf("printed:\n%s", out)
	}
}

// Some images of each class are drawn, and the baseline learns from the same ones in the same
// steps, from initial weights.
func TestScratch(t *testing.T) {
	data := striped(t)
	tuned, _ := report(t, tiny(data, "-per-class", "10", "-adapt=false")...)
	if i := tuned.Images; i.Train != 32 || i.Held != 8 || i.Test != 24 {
		t.Errorf("%+v", i)
	}
	scratch, _ := report(t, tiny(data, "-per-class", "10", "-baseline", "scratch")...)
	if len(scratch.Steps) != 1 || scratch.Steps[0].Name != transfer.StepScratch ||
		scratch.Steps[0].MAdds != tuned.Steps[1].MAdds || scratch.Lengths.Tune != tuned.Lengths.Tune {
		t.Errorf("%+v, fine-tuned %+v", scratch, tuned)
	}
	for args, want := range map[string]transfer.Training{
		"": transfer.Default().Tune,
		"-baseline scratch": func() transfer.Training {
			table := transfer.Default().Tune
			table.LR, table.WeightDecay, table.Inherited, table.KeepNorms, table.Frozen = 0.05, 5e-4, 1, false, 0
			return table
		}(),
	} {
		c, err := transfer.Program().Settings(strings.Fields(args))
		if err != nil || c.Tune != want || c.Adapt != (args == "") {
			t.Errorf("%q: %+v, %v; expected %+v", args, c, err, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	damaged := photos(t, map[string]int{"a": 4, "bb": 4})
	write(t, filepath.Join(damaged, "bb", "z.png"), []byte("no image"))
	good := photos(t, map[string]int{"a": 4, "bb": 4})
	other := t.TempDir()
	write(t, filepath.Join(other, "notes", "a.txt"), []byte("text"))
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"one class": {tiny(photos(t, map[string]int{"a": 9})), run.ExitError,
			`all 9 images are of one class, "a"`},
		"one image": {tiny(photos(t, map[string]int{"a": 9, "bb": 1})), run.ExitError,
			`class "bb" (1 image): a class needs`},
		"two images": {tiny(photos(t, map[string]int{"a": 1, "bb": 1})), run.ExitError,
			`class "a" (1 image), "bb" (1 image): a class needs`},
		"few images": {tiny(photos(t, map[string]int{"a": 2, "bb": 9})), run.ExitError,
			`class "a" (2 images): a class needs`},
		"empty":         {tiny(t.TempDir()), run.ExitError, "no images that are read; expected a folder with"},
		"no images":     {tiny(other), run.ExitError, "expected a folder with"},
		"no folder":     {tiny(filepath.Join(other, "nothing")), run.ExitError, "nothing: no such file"},
		"damaged":       {tiny(damaged), run.ExitError, filepath.Join("bb", "z.png")},
		"out in a file": {tiny(good, "-out", filepath.Join(file, "run")), run.ExitError, "-out: "},
		"out is a file": {tiny(good, "-out", file), run.ExitError, "-out: "},
		"small":         {[]string{"-size", "31"}, run.ExitUsage, "-size 31: expected 32 to 512"},
		"large":         {[]string{"-size", "513"}, run.ExitUsage, "-size 513: expected 32 to 512"},
		"frozen":        {[]string{"-tune-frozen", "8"}, run.ExitUsage, "-tune-frozen 8: expected 0 to 7"},
		"baseline":      {[]string{"-baseline", "none"}, run.ExitUsage, `-baseline "none": expected scratch`},
		"no third step": {[]string{"-baseline", "scratch", "-adapt"}, run.ExitUsage, "has no third step"},
		"per class":     {[]string{"-per-class", "-1"}, run.ExitUsage, "-per-class -1"},
		"rate":          {[]string{"-last-inherited", "-1"}, run.ExitUsage, "-last-inherited -1"},
		"minutes":       {[]string{"-minutes", "0"}, run.ExitUsage, "-minutes 0"},
		"val":           {[]string{"-val", "1"}, run.ExitUsage, "-val 1"},
		"batch": {[]string{"-last-batch", "1"}, run.ExitUsage,
			"-last-batch 1: expected at least 2"},
		"resume no folder": {[]string{"-resume"}, run.ExitUsage, "-resume needs -out"},
	} {
		if code, _, errs := start.Run(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, %q; want %d, %q", name, code, errs, c.code, c.want)
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, transfer.Program(), nil) }
