package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
)

const adaxpert1000 = "4,4,3,3,3:7,3,7,3,7,7,5,7,7,5,5,7,5,7,7,7,7,7,7,5:6,6,6,3,4,6,6,6,4,4,6,4,4,4,6,4,6,6,6,4"

func start(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	status = program().Start(t.Context(), args, run.Streams{In: strings.NewReader(stdin), Out: &out,
		Err: &errs})
	return status, out.String(), errs.String()
}

func TestOneLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-space", "mobilenetv3", "-arch", adaxpert1000, "-size", "224", "-classes", "1000"},
			"madds=395937440 conv_madds=394657440 params=5928728\n"},
		{[]string{"-arch", "2,4,4,4,2:5,3,5,3,3,7,7,5,7,3,5,3,7,5,5,7,5,3,5,7:4,4,3,3,3,4,6,3,4,4,3,4,6,3,4,6,4,6,6,4", "-width", "1.2"},
			"madds=427485248 conv_madds=425949248 params=6909208\n"},
		{[]string{"-arch", "3,3,2,2,2:3,5,3,5,7,3,3,3,5,7,3,7,5,7,3,5,3,5,7,3:6,3,4,4,6,4,4,4,3,6,3,3,4,3,3,6,4,3,3,4", "-size", "32", "-classes", "10"},
			"madds=5750848 conv_madds=5738048 params=2407634\n"},
	} {
		status, out, errs := start(t, "", c.args...)
		if status != 0 || out != c.want || errs != "" {
			t.Errorf("%v: status %d, printed %q and %q, expected %q", c.args, status, out, errs, c.want)
		}
	}
}

func TestStandardInput(t *testing.T) {
	status, out, errs := start(t, adaxpert1000+"\n\n"+adaxpert1000+"\r\n")
	want := "madds=395937440 conv_madds=394657440 params=5928728\n"
	if status != 0 || out != want+want || errs != "" {
		t.Errorf("status %d, printed %q and %q", status, out, errs)
	}
	status, out, errs = start(t, adaxpert1000+"\n2,2,2,2,9:\n")
	if status != 1 || out != want || !strings.Contains(errs, "line 2") ||
		!strings.Contains(errs, "position 8") {
		t.Errorf("bad second line: status %d, printed %q and %q", status, out, errs)
	}
}

func TestBadText(t *testing.T) {
	kernels := strings.Repeat("3,", 19) + "3"
	for _, c := range []struct{ arch, position, want string }{
		{"", "position 0", "end of text"},
		{"2,2,2,2", "position 7", "entry 5 of 5 of the depths"},
		{"2,2,5,2,2:" + kernels + ":" + kernels, "position 4", `"5", expected 2, 3 or 4`},
		{"2,2,2,2,2:" + kernels + ",3,3,3,3,3:" + kernels, "position 49",
			"':' after the 20 entries of the kernels"},
		{"2,2,2,2,2:" + kernels + ":" + kernels + ",3", "position 89", "end of text"},
		{"2,2,2,2,2:x" + kernels[1:] + ":" + kernels, "position 10", `"x", expected 3, 5 or 7`},
	} {
		status, out, errs := start(t, "", "-arch", c.arch)
		if status != 1 || out != "" || !strings.Contains(errs, c.position+":") ||
			!strings.Contains(errs, c.want) {
			t.Errorf("%q: status %d, printed %q and %q, expected status 1, %q and %q", c.arch, status, out,
				errs, c.position, c.want)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-space", "none"}, {"-size", "x"}, {"stray"},
		{"-width", "-1"}, {"-size", "-3"}, {"-classes", "-1"}, {"-stem-stride", "3"}} {
		if status, _, errs := start(t, "", args...); status != 2 || errs == "" {
			t.Errorf("%v: status %d, message %q, expected 2 and a message", args, status, errs)
		}
	}
}

func TestLayersAndPicture(t *testing.T) {
	file := filepath.Join(t.TempDir(), "arch.svg")
	status, out, errs := start(t, "", "-arch", adaxpert1000, "-layers", "-memory", "-svg", file)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2+132 {
		t.Errorf("%d lines, expected the costs, a heading and 132 layers", len(lines))
	}
	if !strings.Contains(lines[0], " activation_train=") {
		t.Errorf("first line %q has no activation memory", lines[0])
	}
	got := strings.Join(strings.Fields(lines[2]), " ")
	if got != "first_conv.conv Conv2d 3×224×224 16×112×112 5419008 432" {
		t.Errorf("first layer printed as %q", got)
	}
	svg, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(svg), "stage 5") {
		t.Errorf("picture of %d bytes, error %v", len(svg), err)
	}
}

func TestJSON(t *testing.T) {
	status, out, errs := start(t, "", "-arch", adaxpert1000, "-json", "-")
	var found []counted
	if err := json.Unmarshal([]byte(out), &found); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s", status, err, out)
	}
	if len(found) != 1 || found[0].Name != adaxpert1000 || found[0].MAdds != 395937440 {
		t.Errorf("%+v", found)
	}
	if !strings.HasPrefix(errs, "madds=395937440 ") {
		t.Errorf("lines for people: %q", errs)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, program(), nil) }
