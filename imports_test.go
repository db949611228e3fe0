package tendril

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tendril-nas/tendril/"

// allowed says for each package what it may import besides the standard library: packages of this
// module by their path in it, packages of other modules by a prefix. A package that is not listed
// may not exist; one listed with a folder only ("examples/") stands for all below it.
var allowed = map[string][]string{
	"":                            {},
	"searchspace":                 {"internal/jsonfloat", "internal/stream"},
	"supernet":                    {"searchspace", "supernet/dataset", "internal/nn", "internal/tensor", "internal/tensor/cpu", "internal/checkpoint", "internal/stream", "internal/jsonfloat", "internal/onnx", "internal/logistic", "internal/machine", "gorgonia.org/tensor"},
	"supernet/dataset":            {"internal/stream", "internal/checkpoint", "golang.org/x/image", "golang.org/x/text/unicode/norm", "github.com/klauspost/compress"},
	"wasserstein":                 {"internal/kernel", "internal/checkpoint", "internal/stream", "gonum.org/v1/gonum", "gorgonia.org/tensor"},
	"adjuster":                    {"searchspace", "internal/nn", "internal/tensor", "internal/tensor/cpu", "internal/search", "internal/checkpoint", "internal/stream", "internal/jsonfloat"},
	"evolution":                   {"searchspace", "internal/search", "internal/checkpoint", "internal/stream", "internal/jsonfloat"},
	"generator":                   {"searchspace", "internal/kernel", "internal/checkpoint", "internal/stream"},
	"pruning":                     {"searchspace", "internal/checkpoint", "internal/jsonfloat", "internal/rank", "internal/stream"},
	"internal/rank":               {},
	"predictor":                   {"internal/kernel", "internal/checkpoint", "internal/stream"},
	"zoo":                         {"searchspace", "internal/search", "internal/checkpoint", "golang.org/x/exp/mmap"},
	"internal/search":             {"searchspace", "internal/checkpoint", "internal/stream"},
	"internal/stream":             {},
	"internal/jsonfloat":          {},
	"internal/machine":            {},
	"internal/onnx":               {"searchspace", "google.golang.org/protobuf/encoding/protowire"},
	"internal/checkpoint":         {},
	"internal/kernel":             {"golang.org/x/sys"},
	"internal/logistic":           {"internal/kernel", "gonum.org/v1/gonum/optimize"},
	"internal/tensor":             {},
	"internal/tensor/cpu":         {"internal/tensor", "internal/kernel"},
	"internal/tensor/fake":        {"internal/tensor"},
	"internal/tensor/backendtest": {"internal/tensor", "internal/tensor/fake"},
	"internal/nn":                 {"internal/tensor"},
	"examples/": {"searchspace", "supernet", "supernet/dataset", "wasserstein", "adjuster", "evolution", "generator", "predictor", "pruning", "zoo", "internal/checkpoint", "internal/machine", "internal/rank", "internal/search", "internal/stream", "examples/",
		"gonum.org/v1", "gorgonia.org/tensor", "golang.org/x/term", "golang.org/x/image"},
}

// allowedInTests is what test files may import on top: test modules, and for tests of one layer the
// layers it is tested on. Tests of the root may import everything.
var allowedInTests = map[string][]string{
	"":                     {"searchspace", "supernet", "supernet/dataset", "wasserstein", "adjuster", "evolution", "generator", "predictor", "pruning", "zoo", "examples/internal/fashion", "gorgonia.org/tensor"},
	"internal/tensor":      {"internal/tensor/cpu", "internal/tensor/fake"},
	"internal/nn":          {"internal/tensor/cpu", "internal/tensor/fake", "internal/kernel"},
	"supernet":             {"internal/tensor/fake", "google.golang.org/protobuf/encoding/protowire"},
	"internal/tensor/cpu":  {"internal/tensor/backendtest"},
	"internal/tensor/fake": {"internal/tensor/backendtest"},
	"wasserstein":          {"internal/checkpoint"},
	"evolution":            {"internal/machine"},
	"predictor":            {"internal/machine"},
}

var testModules = []string{"pgregory.net/rapid", "github.com/google/go-cmp", "github.com/sbinet/npyio"}

// room gives the entry of the table that speaks for a package.
func room(pkg string) (string, bool) {
	if _, ok := allowed[pkg]; ok {
		return pkg, true
	}
	for key := range allowed {
		if strings.HasSuffix(key, "/") && strings.HasPrefix(pkg+"/", key) {
			return key, true
		}
	}
	return "", false
}

// judge says why a package may not import another; nil when it may.
func judge(pkg, imported string, inTest bool) error {
	inside := strings.HasPrefix(imported+"/", module)
	if !inside && !strings.Contains(strings.Split(imported, "/")[0], ".") {
		return nil // standard library
	}
	name, ok := room(pkg)
	if !ok {
		return fmt.Errorf("package %q is not in the table of this test", pkg)
	}
	target := imported
	if inside {
		target = strings.TrimPrefix(imported, module)
	}
	list := allowed[name]
	if inTest {
		if target == pkg {
			return nil
		}
		list = slices.Concat(list, allowedInTests[name], testModules)
	}
	for _, a := range list {
		switch {
		case target == a:
			return nil
		case inside && !strings.HasSuffix(a, "/"):
			continue // packages of this module are allowed one by one
		case strings.HasPrefix(target, strings.TrimSuffix(a, "/")+"/"):
			return nil
		}
	}
	return fmt.Errorf("package %q may not import %q", pkg, imported)
}

// The packages import what the design lets them import, and nothing else.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); file != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "out" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if pkg == "." {
			pkg = ""
		}
		seen[pkg] = true
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if err := judge(pkg, imported, strings.HasSuffix(file, "_test.go")); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !strings.HasSuffix(pkg, "/") && !seen[pkg] {
			t.Errorf("package %q is in the table and not in the repository", pkg)
		}
	}
}

// The rules refuse what the design forbids.
func TestImportRules(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		test, ok      bool
	}{
		{"adjuster", module + "searchspace", false, true},
		{"adjuster", module + "supernet", false, false},
		{"adjuster", module + "supernet", true, false},
		{"adjuster", module + "wasserstein", false, false},
		{"generator", module + "supernet", false, false},
		{"generator", module + "adjuster", false, false},
		{"pruning", module + "supernet", false, false},
		{"searchspace", module + "internal/tensor", false, false},
		{"searchspace", "gonum.org/v1/gonum/stat", false, false},
		{"internal/tensor", module + "internal/tensor/cpu", false, false},
		{"internal/kernel", module + "internal/tensor", false, false},
		{"wasserstein", module + "searchspace", false, false},
		{"zoo", module + "evolution", false, false},
		{"zoo", module + "supernet", true, false},
		{"wasserstein", "gonum.org/v1/gonum/mat", false, true},
		{"supernet", "gorgonia.org/tensor", false, true},
		{"supernet", "gorgonia.org/tensorflow", false, false},
		{"supernet", module + "supernet/dataset", false, true},
		{"supernet", module + "supernet/other", false, false},
		{"supernet/dataset", "pgregory.net/rapid", false, false},
		{"supernet/dataset", "pgregory.net/rapid", true, true},
		{"supernet/dataset", module + "examples/internal/fashion", false, false},
		{"supernet", module + "examples/internal/lite0", false, false},
		{"supernet", module + "examples/internal/lite0", true, false},
		{"", module + "examples/internal/lite0", false, false},
		{"examples/adaxpert", module + "examples/internal/lite0", false, true},
		{"examples/adaxpert", module + "adjuster", false, true},
		{"examples/internal/plots", "gonum.org/v1/plot/vg", false, true},
		{"unheard/of", module + "searchspace", false, false},
		{"searchspace", "encoding/json", false, true},
	} {
		if err := judge(c.pkg, c.imported, c.test); (err == nil) != c.ok {
			t.Errorf("%s imports %s (test: %v): %v", c.pkg, c.imported, c.test, err)
		}
	}
}
