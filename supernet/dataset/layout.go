package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// divided reports whether top folders are parts: they have a part's name and class folders inside,
// and hold at least half of the images.
func divided(paths [][]string) bool {
	within, beside := 0, 0
	for _, p := range paths {
		switch {
		case partOf(p[0]) == "" || len(p) == 1:
			beside++
		case len(p) > 2:
			within++
		}
	}
	return within > 0 && within >= beside
}

// wrapped reports whether one folder holds everything, and the parts are right in it.
func wrapped(paths [][]string) bool {
	inner := make([][]string, len(paths))
	for i, p := range paths {
		if len(p) < 2 || p[0] != paths[0][0] {
			return false
		}
		inner[i] = p[1:]
	}
	return divided(inner)
}

// choose gives the images of the part that is wanted, and notes those beside the parts and those of
// parts without classes.
func (t *tree) choose(where string, want Part, paths [][]string) ([]imageEntry, [][]string, error) {
	unnest(paths)
	var all []Part
	var inside [][]string // those of parts, with class folders
	for _, p := range paths {
		if part := partOf(p[0]); part != "" && len(p) > 1 {
			if !slices.Contains(all, part) {
				all = append(all, part)
			}
			if len(p) > 2 {
				inside = append(inside, p)
			}
		}
	}
	var there []Part
	for _, p := range all {
		if slices.ContainsFunc(inside, func(path []string) bool { return partOf(path[0]) == p }) {
			there = append(there, p)
		}
	}
	there = labelled(inside, there)
	t.parts = inOrder(there)
	folders := map[Part]string{}
	for _, p := range inside {
		of := partOf(p[0])
		if was, ok := folders[of]; ok && was != p[0] {
			return nil, nil, badFile(where, t.images[0].name, 0,
				"folders %q and %q are both of part %q: move one away, or open it by itself", was, p[0], of)
		}
		folders[of] = p[0]
	}
	if want == "" && slices.Contains(all, Train) {
		want = Train
	}
	part, err := choosePart(want, there)
	if err != nil {
		if slices.Contains(all, want) {
			err = fmt.Errorf("%w; the images of %q have no class folders", err, want)
		}
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	t.part = part
	var keep []imageEntry
	var kept [][]string
	for i, p := range paths {
		switch of := partOf(p[0]); {
		case of == "" || len(p) == 1:
			t.pass(OutsidePart, t.images[i].name)
		case of == part:
			keep = append(keep, t.images[i])
			kept = append(kept, p[1:])
		case !slices.Contains(there, of):
			t.pass(Unlabelled, t.images[i].name)
		}
	}
	return keep, kept, nil
}

// unnest takes a level away where all class folders of a part lie in one folder that has a part's
// name, too, or says nothing: training_set/training_set/cat, train/images/cat.
func unnest(paths [][]string) {
	inner := map[string]string{} // the one folder of a part's folder, "" for none
	for _, p := range paths {
		if len(p) < 3 {
			continue // loose images
		}
		was, ok := inner[p[0]]
		nothing := partOf(p[1]) != "" || sayNothing(map[string]bool{p[1]: true})
		if !nothing || len(p) == 3 || ok && was != p[1] {
			inner[p[0]] = ""
		} else {
			inner[p[0]] = p[1]
		}
	}
	for i, p := range paths {
		if len(p) > 3 && partOf(p[0]) != "" && inner[p[0]] != "" {
			paths[i] = slices.Concat(p[:1], p[2:])
		}
	}
}

// undivided refuses folders that can be read as classes and as something else: the top ones, or
// those of a part.
func (t *tree) undivided(where string, list []imageEntry, paths [][]string) error {
	tops, below := map[string]bool{}, map[Part]bool{}
	within := map[string]map[string]bool{} // top folders by the names of those in them
	straight, deep := 0, 0                 // images right in a top folder, and deeper
	named, inside := 0, 0                  // images in one of a part's name, and in folders there
	parts := false                         // folders of parts with folders inside
	var part string
	for _, p := range paths {
		if len(p) == 1 {
			return nil // loose images, whose error says more
		}
		tops[p[0]] = true
		if len(p) == 2 {
			straight++
		} else {
			deep++
			of := partOf(p[1])
			below[of] = true
			parts = parts || of != "" && len(p) > 3
			if within[p[1]] == nil {
				within[p[1]] = map[string]bool{}
			}
			within[p[1]][p[0]] = true
		}
		if of := partOf(p[0]); of != "" {
			named++
			if len(p) > 2 {
				inside++
			}
			if of != Train || part == "" {
				part = p[0]
			}
		}
	}
	delete(below, "")
	first := list[0].name
	switch {
	case named == len(paths):
		return badFile(where, first, 0, "folder %q has the name of a part but no class folders", part)
	case inside > 0 || named > 0 && partOf(part) != Train:
		return badFile(where, first, 0,
			"folder %q has the name of a part and lies among classes: rename it, or move it away", part)
	case len(below) > 1 || parts:
		return badFile(where, first, 0,
			"folders of parts lie inside of what would be classes: open one of these, or put train, val and "+
				"test above the classes")
	case speakOfParts(tops):
		return badFile(where, first, 0, "folders %s speak of parts: call them train, val and test, with class "+
			"folders inside, or open one of them", some(tops))
	case len(tops) > 1 && sayNothing(tops):
		return badFile(where, first, 0, "folders %s do not sound like classes: give them the names of classes, or "+
			"open one of them", some(tops))
	case straight == 0 && len(tops) > 1 && areDates(tops) && someShared(within):
		return badFile(where, first, 0, "folders %s are dates or numbers and have folders of the same names: "+
			"which are the classes? Put those above the others", some(tops))
	case t.part != "" && len(tops) == 1 && straight == 0 && len(within) > 1 && !areDates(keys(within)):
		return badFile(where, first, 0, "%q is the only folder of part %q and has folders: is it a class, or are "+
			"its folders? For one class, move the images up; for classes, their folders", paths[0][0], t.part)
	case len(tops) == 1 && straight > 0 && deep > 0 && (t.part == "" || sayNothing(tops)):
		return badFile(where, first, 0,
			"%q has images and folders of images: is it a class, or are its folders? Move either away",
			paths[0][0])
	}
	return nil
}

// speakOfParts tells names that all have the word of a part in them, and not of one alone.
func speakOfParts(names map[string]bool) bool {
	parts := map[Part]bool{}
	for name := range names {
		part, _ := partNamed(name)
		parts[part] = true
	}
	return len(parts) > 1 && !parts[""]
}

// someShared reports whether a name is that of a folder in two top folders or more.
func someShared(within map[string]map[string]bool) bool {
	for _, tops := range within {
		if len(tops) > 1 {
			return true
		}
	}
	return false
}

// notClasses are words, beside those of isFiller, that are seldom the names of classes.
var notClasses = []string{"fold", "folds", "subset", "batch", "part", "mask", "masks", "label", "labels",
	"annotation", "annotations"}

// sayNothing tells names that no class has: images, masks, fold1 and fold2.
func sayNothing(names map[string]bool) bool {
	for name := range names {
		words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
		if len(words) == 0 || slices.ContainsFunc(words, func(word string) bool {
			return !isFiller(word) && !slices.Contains(notClasses, word)
		}) {
			return false
		}
	}
	return true
}

// keys are the names that a map has.
func keys(m map[string]map[string]bool) map[string]bool {
	out := map[string]bool{}
	for name := range m {
		out[name] = true
	}
	return out
}

// some is the first of many names, for messages.
func some(names map[string]bool) string {
	list := slices.Sorted(maps.Keys(names))
	return strings.Join(list[:min(3, len(list))], ", ")
}
