package generator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Superclass is a group of classes.
type Superclass struct {
	Name    string   `json:"name"`
	Classes []string `json:"classes"` // names, in the order of the file
}

// maxSuperclassFile bounds a file of superclasses, in bytes.
const maxSuperclassFile = 16 << 20

// ReadSuperclasses reads which class belongs to which superclass: a JSON object from class names to
// names of superclasses,
//
//	{"goldfish": "fish", "shark": "fish", "tabby": "cat", "teapot": ""}
//
// where a class with an empty superclass belongs to none. Superclasses come in the order in which
// the file names them first. A class that is named twice is an error.
func ReadSuperclasses(r io.Reader) ([]Superclass, error) {
	if r == nil {
		return nil, errors.New("generator: superclasses: no reader")
	}
	out, err := readSuperclasses(io.LimitReader(r, maxSuperclassFile+1))
	if err != nil {
		return nil, fmt.Errorf("generator: superclasses: %w", err)
	}
	return out, nil
}

func readSuperclasses(r io.Reader) ([]Superclass, error) {
	text, err := io.ReadAll(r)
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxSuperclassFile:
		return nil, fmt.Errorf("more than %d bytes", maxSuperclassFile)
	case !utf8.Valid(text):
		return nil, errors.New("text that is not UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as some editors write it
	d := &superclassDecoder{index: map[string]int{}, seen: map[string]bool{}}
	return d.decode(json.NewDecoder(bytes.NewReader(text)))
}

// superclassDecoder reads token by token, since an object in a map would hide names that stand
// twice.
type superclassDecoder struct {
	out   []Superclass
	index map[string]int
	seen  map[string]bool
}

func (d *superclassDecoder) decode(j *json.Decoder) ([]Superclass, error) {
	if err := expect(j, json.Delim('{')); err != nil {
		return nil, err
	}
	for j.More() {
		class, err := text(j, "a class name")
		if err != nil {
			return nil, err
		}
		name, err := text(j, fmt.Sprintf("the superclass of %q", class))
		if err != nil {
			return nil, err
		}
		if class == "" || d.seen[class] {
			return nil, fmt.Errorf("class %q, expected names that are different and not empty", class)
		}
		d.seen[class] = true
		if name != "" {
			d.add(class, name)
		}
	}
	if err := expect(j, json.Delim('}')); err != nil {
		return nil, err
	}
	if _, err := j.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	if len(d.out) == 0 {
		return nil, errors.New("no class has a superclass")
	}
	return d.out, nil
}

func (d *superclassDecoder) add(class, name string) {
	k, ok := d.index[name]
	if !ok {
		k = len(d.out)
		d.index[name] = k
		d.out = append(d.out, Superclass{Name: name})
	}
	d.out[k].Classes = append(d.out[k].Classes, class)
}

// expect reads one token.
func expect(j *json.Decoder, want json.Token) error {
	switch got, err := j.Token(); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("end of text, expected %v", want)
	case err != nil:
		return err
	case got != want:
		return fmt.Errorf("%v, expected %v", got, want)
	}
	return nil
}

// text reads a string.
func text(j *json.Decoder, what string) (string, error) {
	got, err := j.Token()
	if err != nil {
		return "", err
	}
	s, ok := got.(string)
	if !ok {
		return "", fmt.Errorf("%v, expected %s", got, what)
	}
	return s, nil
}

// SuperclassNames lists the names of superclasses, for Options.Superclasses.
func SuperclassNames(superclasses []Superclass) []string {
	names := make([]string, len(superclasses))
	for i := range superclasses {
		names[i] = superclasses[i].Name
	}
	return names
}

// ClassesOf lists the classes of the superclasses of a scenario: those that the network for its
// answer needs. The error, for scenarios that Generate refuses as well, wraps ErrSuperclass.
func ClassesOf(superclasses []Superclass, s Scenario) ([]string, error) {
	if len(s.Superclasses) == 0 {
		return nil, fmt.Errorf("generator: no superclass: %w", ErrSuperclass)
	}
	var out []string
	for i, name := range s.Superclasses {
		k := slices.IndexFunc(superclasses, func(c Superclass) bool { return c.Name == name })
		if k < 0 {
			return nil, fmt.Errorf("generator: superclass %q: %w", name, ErrSuperclass)
		}
		if slices.Contains(s.Superclasses[:i], name) {
			return nil, fmt.Errorf("generator: superclass %q twice: %w", name, ErrSuperclass)
		}
		out = append(out, superclasses[k].Classes...)
	}
	return out, nil
}
