package dataset

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
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

// undivided refuses top folders that can be read as classes and as something else.
func (t *tree) undivided(where string, paths [][]string) error {
	tops, below := map[string]bool{}, map[Part]bool{}
	within := map[string]map[string]bool{} // top folders by the names of those in them
	straight, deep := 0, 0                 // images right in a top folder, and deeper
	named, inside := 0, 0                  // images in one of a part's name, and in folders there
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
			below[partOf(p[1])] = true
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
	first := t.images[0].name
	switch {
	case named == len(paths):
		return badFile(where, first, 0, "folder %q has the name of a part but no class folders", part)
	case inside > 0 || named > 0 && partOf(part) != Train:
		return badFile(where, first, 0,
			"folder %q has the name of a part and lies among classes: rename it, or move it away", part)
	case len(below) > 1:
		return badFile(where, first, 0,
			"folders of parts lie inside of what would be classes: open one of these, or put train, val and "+
				"test above the classes")
	case straight == 0 && speakOfParts(tops):
		return badFile(where, first, 0,
			"folders %s speak of parts: call them train, val and test, or open one of them", some(tops))
	case straight == 0 && len(tops) > 1 && areDates(tops) && allShared(within):
		return badFile(where, first, 0, "folders %s are dates or numbers and have folders of the same names: "+
			"which are the classes? Put those above the others", some(tops))
	case len(tops) == 1 && straight > 0 && deep > 0:
		return badFile(where, first, 0,
			"%q has images and folders of images: is it a class, or are its folders? Move either away",
			paths[0][0])
	}
	return nil
}

// dates are numbers and months, in any order: 2023, 2023-05-17, 17 May 2023, September.
var dates = regexp.MustCompile(`(?i)^` + date + `([-_., ]*` + date + `)*$`)

const date = `([0-9]+|jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|` +
	`oct(ober)?|nov(ember)?|dec(ember)?)`

// areDates tells names that are all dates or numbers; numbers from 0 without a gap are not meant.
func areDates(names map[string]bool) bool {
	plain := true
	for i := range len(names) {
		plain = plain && names[fmt.Sprint(i)]
	}
	for name := range names {
		if !dates.MatchString(name) {
			return false
		}
	}
	return !plain
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

// allShared reports whether every name is that of a folder in two top folders or more.
func allShared(within map[string]map[string]bool) bool {
	for _, tops := range within {
		if len(tops) < 2 {
			return false
		}
	}
	return true
}

// some is the first of many names, for messages.
func some(names map[string]bool) string {
	list := slices.Sorted(maps.Keys(names))
	return strings.Join(list[:min(3, len(list))], ", ")
}

// dated refuses one folder whose folders are all numbers or dates: a class sorted by time, or a set
// whose classes have such names. Numbers from 0 without a gap are classes.
func (t *tree) dated(where string, paths [][]string) error {
	names := map[string]bool{}
	for _, p := range paths {
		if len(p) < 3 {
			return nil
		}
		names[p[1]] = true
	}
	if !areDates(names) && !(len(names) == 1 && names["0"]) {
		return nil
	}
	return badFile(where, t.images[0].name, 0,
		"%q has folders %s: dates of one class, or classes? For one class, move the images up; for classes, "+
			"open the folder %q itself", paths[0][0], some(names), paths[0][0])
}
