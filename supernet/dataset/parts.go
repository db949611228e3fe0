package dataset

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// partOf gives the part that a folder or file name stands for, "" for none.
func partOf(name string) Part {
	switch strings.ToLower(name) {
	case "train", "training":
		return Train
	case "val", "valid", "validation":
		return Val
	case "test", "testing", "t10k", "eval":
		return Test
	}
	return ""
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

// imageEntry is an image file of a folder or an archive.
type imageEntry struct {
	name   string // path inside, with slashes, as it is there
	at     int    // place in the archive
	class  string
	within string // path inside the class, for the order
}

// isHidden tells names that operating systems leave behind.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != ".." || name == "__MACOSX"
}

// cleanName splits the path of an archive entry; nil when it is to be passed over.
func cleanName(name string) []string {
	name = strings.TrimLeft(path.Clean(strings.ReplaceAll(name, "\\", "/")), "/")
	parts := strings.Split(name, "/")
	if slices.ContainsFunc(parts, isHidden) {
		return nil
	}
	return parts
}

// arrange finds out what the folders of a tree of images mean: folders common to all are passed
// over, train, val and test are parts, the next level is the class, and deeper levels do not
// matter. Annotations, where there are some, say the class instead. It returns the images of the
// part that is wanted. where is the folder or archive, for messages.
func (t *tree) arrange(where string, want Part) ([]imageEntry, error) {
	list := t.images
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: %w: no JPEG or PNG images", where, ErrUnknown)
	}
	paths := make([][]string, len(list))
	for i, e := range list {
		paths[i] = cleanName(e.name)
		if len(paths[i]) == 0 || paths[i][0] == ".." {
			return nil, badFile(where, e.name, 0, "path leads out of the archive")
		}
	}
	if err := t.annotate(where, paths); err != nil {
		return nil, err
	}
	for common(paths) {
		for i := range paths {
			paths[i] = paths[i][1:]
		}
	}
	var parts []Part
	for _, p := range paths {
		if part := partOf(p[0]); len(p) < 3 || part == "" {
			parts = nil
			break
		} else if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	keep := list
	if parts == nil && want != "" && want != Train {
		return nil, fmt.Errorf("%s: %w: %q asked of data that are not divided", where, ErrPart, want)
	}
	if parts != nil {
		part, err := choosePart(want, labelled(paths, parts))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		keep = nil
		var kept [][]string
		for i, p := range paths {
			if partOf(p[0]) == part {
				keep = append(keep, list[i])
				kept = append(kept, p[1:])
			}
		}
		paths = kept
	}
	for i, p := range paths {
		if len(p) < 2 {
			return nil, badFile(where, keep[i].name, 0, "image is in no class folder")
		}
		keep[i].class, keep[i].within = p[0], strings.Join(p[1:], "/")
	}
	return keep, nil
}

// common reports whether all paths start with one folder that is neither a part nor a class.
func common(paths [][]string) bool {
	first := paths[0][0]
	if partOf(first) != "" {
		return false
	}
	for _, p := range paths {
		if len(p) < 3 || p[0] != first {
			return false
		}
	}
	return true
}
