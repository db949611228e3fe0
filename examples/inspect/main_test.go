package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

const want = `form    folder
part    train of ["train" "test"]
size    8×8
images  3 of 2 classes
  cat   2
  dog   1
passed over: 1 left by a system
  lost+found
passed over: 12 not an image
  train/cat/note00.txt
  train/cat/note01.txt
  train/cat/note02.txt
  train/cat/note03.txt
  train/cat/note04.txt
  train/cat/note05.txt
  train/cat/note06.txt
  train/cat/note07.txt
  train/cat/note08.txt
  train/cat/note09.txt
  and 2 more
passed over: 1 outside the parts
  docs/plan.png
passed over: 1 not readable
  train/dog/2.png: empty file
`

func start(args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	code = program().Start(context.Background(), args, run.Streams{Out: &out, Err: &errs})
	return code, out.String(), errs.String()
}

// A folder with what folders have in them, as text and as JSON.
func TestInspect(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	add := func(name string, data []byte) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "test/cat/1.png", "docs/plan.png"} {
		add(name, b.Bytes())
	}
	add("train/dog/2.png", nil)
	add("lost+found/1.png", nil)
	for i := range 12 {
		add(fmt.Sprintf("train/cat/note%02d.txt", i), nil)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	code, out, errs := start("-data", dir, "-skip", "-json", file)
	if code != 0 || out != want {
		t.Errorf("exit code %d, %s, printed\n%s", code, errs, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got dataset.Report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	r, err := dataset.Inspect(context.Background(), dir, &dataset.Options{Skip: true})
	if err != nil || !reflect.DeepEqual(got, *r) {
		t.Errorf("JSON %+v, want %+v, %v", got, r, err)
	}
}

// Mistakes have their exit codes and messages.
func TestMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"":                      "2 inspect: -data is missing",
		"-data x -part all":     "2 inspect: -part",
		"-data x -size -1":      "2 inspect: -size",
		"-data /no/such/folder": "1 inspect: dataset: ",
		"-data . -part test":    "1 inspect: dataset: ",
	} {
		code, _, errs := start(strings.Fields(args)...)
		if got := fmt.Sprint(code, " ", errs); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}
