package tendril

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// commentWidth is where comments wrap; a tab counts as four.
const commentWidth = 100

// Comments wrap at one width throughout, generated files, code and output of examples aside.
func TestCommentWidth(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); file != "." && (name[0] == '.' || name == "testdata" || name == "out") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		lines := strings.Split(string(text), "\n")
		if strings.HasPrefix(lines[0], "// Code generated") {
			return nil
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, text, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range parsed.Comments {
			if strings.HasPrefix(group.Text(), "Output:") {
				continue // of an example
			}
			for _, c := range group.List {
				line := fset.Position(c.Pos()).Line
				whole := strings.TrimSpace(lines[line-1])
				if !strings.HasPrefix(whole, "//") || strings.HasPrefix(whole, "//\t") || strings.HasPrefix(whole, "//go:") {
					continue // behind code, code in a comment, a directive
				}
				width := utf8.RuneCountInString(strings.ReplaceAll(lines[line-1], "\t", "    "))
				if width > commentWidth {
					t.Errorf("%s:%d: a comment of %d columns, expected at most %d", file, line, width, commentWidth)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
