package generator

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSuperclasses(t *testing.T) {
	all := must[[]Superclass](t)(ReadSuperclasses(strings.NewReader(
		`{"goldfish": "fish", "tabby": "cat", "shark": "fish", "teapot": ""}`)))
	if d := cmp.Diff(all, []Superclass{{"fish", []string{"goldfish", "shark"}}, {"cat",
		[]string{"tabby"}}}); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(SuperclassNames(all), []string{"fish", "cat"}); d != "" {
		t.Error(d)
	}
	classes := must[[]string](t)(ClassesOf(all, Scenario{Superclasses: []string{"cat", "fish"}}))
	if d := cmp.Diff(classes, []string{"tabby", "goldfish", "shark"}); d != "" {
		t.Error(d)
	}
	for _, names := range [][]string{{"dog"}, {"cat", "cat"}, {}} {
		if _, err := ClassesOf(all, Scenario{Superclasses: names}); !errors.Is(err, ErrSuperclass) {
			t.Errorf("superclasses %q: %v", names, err)
		}
	}
	if got, err := ReadSuperclasses(strings.NewReader("\ufeff{\"a\": \"x\"}")); err != nil || len(got) != 1 {
		t.Errorf("with a byte order mark: %v, %v", got, err)
	}
	for text, says := range map[string]string{
		``: "", `[]`: "expected {", `{"a": "x", "a": "y"}`: `"a"`, `{"a": 3}`: `superclass of "a"`,
		`{"": "x"}`:     "not empty",
		`{"a": "x"} {}`: "follows", `{"a": ""}`: "no class", "{\"\xff\": \"x\"}": "UTF-8", `{"a": "x"`: "",
	} {
		if got, err := ReadSuperclasses(strings.NewReader(text)); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v, expected an error with %q", text, got, err, says)
		}
	}
	if _, err := ReadSuperclasses(nil); err == nil {
		t.Error("no reader: no error")
	}
}
