package tendril

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every piece of Go in the README is, letter by letter, part of code that is tested, and the quick
// start is short.
func TestReadmeCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("examples/service/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, f := range append(files, "example_test.go") {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(data)
	}
	text := strings.ReplaceAll(string(readme), "\r\n", "\n")
	code := strings.ReplaceAll(source.String(), "\r\n", "\n")
	pieces := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(pieces) < 2 {
		t.Fatalf("%d pieces of code in the README", len(pieces))
	}
	for k, p := range pieces {
		// Functions that are apart in the source may stand together here.
		for _, f := range strings.SplitAfter(p[1], "\n}\n") {
			if f = strings.TrimLeft(f, "\n"); !strings.Contains(code, f) {
				t.Errorf("piece %d is not in the tested code:\n%s", k+1, f)
			}
		}
		if n := strings.Count(p[1], "\n"); k == 0 && n > 40 {
			t.Errorf("the quick start has %d lines, want at most 40", n)
		}
	}
}

// Links of the README to files of the repository lead somewhere.
func TestReadmeLinks(t *testing.T) {
	for _, page := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.FromSlash(m[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}
