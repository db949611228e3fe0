package dataset

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// partOf gives the part that a folder or file name stands for, "" for none: test, Test_set,
// validation images and train2017 stand for one.
func partOf(name string) Part {
	part, others := partNamed(name)
	if others {
		return ""
	}
	return part
}

// partNamed gives the part that a name speaks of, and whether it has words that say something else.
func partNamed(name string) (part Part, others bool) {
	name = strings.ToLower(name)
	if !slices.ContainsFunc([]string{"train", "val", "test", "t10k"}, func(word string) bool {
		return strings.Contains(name, word)
	}) {
		return "", true // soon said of most names
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_. ", r) }) {
		switch p := partWord(word); {
		case p != "" && part == "":
			part = p
		case !isFiller(word):
			others = true
		}
	}
	return part, others
}

// partWord gives the part that a word stands for.
func partWord(word string) Part {
	for _, end := range []string{"", "set", "data", "images"} {
		stem, ok := strings.CutSuffix(strings.TrimRight(word, "0123456789"), end)
		if word == "t10k" {
			stem = word
		}
		switch {
		case !ok:
		case stem == "train" || stem == "training":
			return Train
		case stem == "val" || stem == "valid" || stem == "validation":
			return Val
		case stem == "test" || stem == "testing" || stem == "t10k" || stem == "eval":
			return Test
		}
	}
	return ""
}

// isFiller tells words that say nothing of a part.
func isFiller(word string) bool {
	switch strings.TrimRight(word, "0123456789") {
	case "", "set", "sets", "data", "dataset", "image", "images", "img", "imgs", "photo", "photos", "pictures",
		"folder", "split":
		return true
	}
	return false
}

// choosePart picks among the parts that are there.
func choosePart(want Part, there []Part) (Part, error) {
	has := func(p Part) bool { return slices.Contains(there, p) }
	switch {
	case want == "" && has(Train):
		return Train, nil
	case want == "" && len(there) == 1:
		return there[0], nil
	case has(want):
		return want, nil
	case want == Val && has(Test):
		return Test, nil
	case want == Test && has(Val):
		return Val, nil
	}
	return "", fmt.Errorf("%w: %q asked, there are %q", ErrPart, want, there)
}

// inOrder gives parts in the order train, val, test.
func inOrder(parts []Part) []Part {
	var out []Part
	for _, p := range []Part{Train, Val, Test} {
		if slices.Contains(parts, p) {
			out = append(out, p)
		}
	}
	return out
}

// imageEntry is an image file of a folder or an archive.
type imageEntry struct {
	name   string // path inside, with slashes, as it is there
	stored string // name of the entry with its content, in archives
	at     int    // place in the archive
	class  string
	within string // path inside the class, for the order
	err    error  // why it cannot be read, known already
}

// cleanName splits the path of a file; nil when it is to be passed over.
func cleanName(name string) []string {
	name = strings.TrimLeft(path.Clean(name), "/")
	parts := strings.Split(name, "/")
	if passes(parts) != "" {
		return nil
	}
	return parts
}

// arrange finds out what the folders of a tree of images mean: folders common to all are passed
// over, train, val and test with class folders inside are parts, the next level is the class, and
// deeper levels do not matter. Annotations, where there are some, say the class instead. What can
// be read in two ways is an error. It returns the images of the part that is wanted. where is the
// folder or archive, for messages.
func (t *tree) arrange(where string, want Part) ([]imageEntry, error) {
	paths := make([][]string, len(t.images))
	for i, e := range t.images {
		paths[i] = cleanName(e.name)
		if len(paths[i]) == 0 || paths[i][0] == ".." {
			return nil, badFile(where, e.name, 0, "path leads out of the archive")
		}
	}
	if !slices.ContainsFunc(t.images, func(e imageEntry) bool { return byName(e.name) != nil }) {
		if len(t.images) > 0 {
			return nil, badFile(where, t.images[0].name, 0,
				"%d images of formats that are not read, and no others", len(t.images))
		}
		return nil, fmt.Errorf("%s: %w: no images that are read%s", where, ErrUnknown, t.others())
	}
	if err := t.annotate(where, paths); err != nil {
		return nil, err
	}
	if t.skip && !divided(paths) && !wrapped(paths) {
		t.images, paths = t.classed(t.images, paths)
	}
	for !divided(paths) && (common(paths) || wrapped(paths)) {
		if err := t.dated(where, paths); err != nil {
			return nil, err
		}
		for i := range paths {
			paths[i] = paths[i][1:]
		}
	}
	keep := t.images
	var err error
	if divided(paths) {
		if keep, paths, err = t.choose(where, want, paths); err == nil {
			err = t.undivided(where, keep, paths)
		}
	} else if want != "" && want != Train {
		err = fmt.Errorf("%s: %w: %q asked of data that are not divided", where, ErrPart, want)
	} else {
		err = t.undivided(where, keep, paths)
	}
	if err != nil {
		return nil, err
	}
	if t.skip {
		keep, paths = t.classed(keep, paths)
	}
	if err := loose(where, keep, paths); err != nil {
		return nil, err
	}
	for i, p := range paths {
		keep[i].class, keep[i].within = p[0], strings.Join(p[1:], "/")
	}
	return t.readable(where, keep)
}

// common reports whether all paths start with one folder that is not a class.
func common(paths [][]string) bool {
	for _, p := range paths {
		if len(p) < 3 || p[0] != paths[0][0] {
			return false
		}
	}
	return true
}

// classed drops images in no class folder, unless there are no others.
func (t *tree) classed(list []imageEntry, paths [][]string) ([]imageEntry, [][]string) {
	if !slices.ContainsFunc(paths, func(p []string) bool { return len(p) > 1 }) {
		return list, paths
	}
	var keep []imageEntry
	var kept [][]string
	for i, p := range paths {
		if len(p) == 1 {
			t.pass(Loose, list[i].name)
			continue
		}
		keep, kept = append(keep, list[i]), append(kept, p)
	}
	return keep, kept
}

// loose is the error of images in no class folder; nil where there are none.
func loose(where string, list []imageEntry, paths [][]string) error {
	const named = 3
	var names []string
	count := 0
	for i, p := range paths {
		if len(p) > 1 {
			continue
		}
		if count++; len(names) < named {
			names = append(names, list[i].name)
		}
	}
	if count == 0 {
		return nil
	}
	return badFile(where, names[0], 0, "image is in no class folder (%d such images: %s)", count,
		strings.Join(names, ", "))
}

// readable drops images of formats that are not read, which is an error where a class would lose
// all it has.
func (t *tree) readable(where string, list []imageEntry) ([]imageEntry, error) {
	there := map[string]bool{}
	for _, e := range list {
		if byName(e.name) != nil {
			there[e.class] = true
		}
	}
	var keep []imageEntry
	for _, e := range list {
		switch {
		case byName(e.name) != nil:
			keep = append(keep, e)
		case !there[e.class]:
			return nil, badFile(where, e.name, 0, "class %q has only images of formats that are not read",
				e.class)
		default:
			t.pass(NotRead, e.name)
		}
	}
	return keep, nil
}

// pythonCIFAR is the end of a message.
const pythonCIFAR = "CIFAR's Python version, which is not read; take the binary version " +
	"(cifar-10-binary.tar.gz or cifar-100-binary.tar.gz, unpacked)"

// others says what a tree without images has instead, "" for nothing.
func (t *tree) others() string {
	for _, p := range t.passed {
		if p.Why != NotImage {
			continue
		}
		var bases []string
		for _, name := range p.First {
			if strings.Contains(name, "cifar-10-batches-py/") || strings.Contains(name, "cifar-100-python/") {
				return fmt.Sprintf("; %s is of %s", name, pythonCIFAR)
			}
			bases = append(bases, path.Base(name))
		}
		has := func(name string) bool { return slices.Contains(bases, name) }
		if has("batches.meta") || has("meta") && (has("train") || has("test")) {
			return fmt.Sprintf("; %s and so on, %d files, are of %s", p.First[0], p.Count, pythonCIFAR)
		}
		for i, base := range bases {
			if idxPart(base) != "" || cifarPart(base) != "" {
				return fmt.Sprintf("; unpack it and open the folder of %s", p.First[i])
			}
		}
		return fmt.Sprintf(" (%s and so on, %d files)", p.First[0], p.Count)
	}
	return ""
}
