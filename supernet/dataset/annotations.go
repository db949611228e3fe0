package dataset

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// maxAnnotations bounds a file of annotations: a million lines of a usual length.
const maxAnnotations = 1 << 26

// tree is what a folder or an archive has of use: images, and files that give the classes of images
// by name.
type tree struct {
	images []imageEntry
	notes  []annotations
	passed []Passed
	parts  []Part // that are there, found by arrange
	part   Part   // chosen by arrange
	seen   int    // files met
	skip   bool   // go on past what cannot be read
}

// annotations is the content of a file such as val_annotations.txt of Tiny-ImageNet: classes of the
// images below the folder that it lies in.
type annotations struct {
	name    string // of the file, as it is there
	folder  []string
	classes map[string]string // by file name
}

// isAnnotations tells the files that are read: PART_annotations.txt, for the names that parts go
// by.
func isAnnotations(name string) bool {
	stem, ok := strings.CutSuffix(path.Base(name), "_annotations.txt")
	return ok && partOf(stem) != ""
}

// newAnnotations reads the content of a file: a line per image, the name of the image file, a tab,
// the class, and perhaps more after another tab (boxes). file and entry say where it is, for
// errors.
func newAnnotations(file, entry, name string, text []byte) (annotations, error) {
	folder := cleanName(name)
	a := annotations{name: name, folder: folder[:max(len(folder)-1, 0)], classes: map[string]string{}}
	rest := bytes.TrimPrefix(text, []byte("\ufeff")) // the byte order mark of some editors
	offset := int64(len(text) - len(rest))
	for line := range bytes.Lines(rest) {
		start := offset
		offset += int64(len(line))
		fields := strings.Split(strings.TrimRight(string(line), "\r\n"), "\t")
		if len(fields) == 1 && strings.TrimSpace(fields[0]) == "" {
			continue
		}
		if len(fields) < 2 || fields[0] == "" || fields[1] == "" || strings.ContainsAny(fields[0]+fields[1],
			"/\\\x00") {
			return a, badFile(file, entry, start,
				"line %q, expected the name of an image file, a tab and a class", clip(fields))
		}
		if was, ok := a.classes[fields[0]]; ok && was != fields[1] {
			return a, badFile(file, entry, start, "%q is of class %q and of class %q", fields[0], was,
				fields[1])
		}
		a.classes[fields[0]] = fields[1]
	}
	return a, nil
}

// clip is the beginning of a line for a message.
func clip(fields []string) string {
	s := strings.Join(fields, "\t")
	return s[:min(len(s), 60)]
}

// file is the name of an entry within the folder of the annotations; nil when it is not below that.
func (a *annotations) file(parts []string) []string {
	if len(parts) <= len(a.folder) {
		return nil
	}
	for i, f := range a.folder {
		if parts[i] != f {
			return nil
		}
	}
	return parts[len(a.folder):]
}

// annotate puts images that annotations speak of into folders of their classes: val/images/7.jpg of
// class cat becomes val, cat, images/7.jpg.
func (t *tree) annotate(where string, paths [][]string) error {
	for k := range t.notes {
		a := &t.notes[k]
		for i, p := range paths {
			file := a.file(p)
			if file == nil {
				continue
			}
			class, ok := a.classes[file[len(file)-1]]
			if !ok {
				return badFile(where, t.images[i].name, 0, "image has no line in %s", a.name)
			}
			paths[i] = append(append([]string(nil), a.folder...), class, strings.Join(file, "/"))
		}
	}
	return nil
}

// unlabelled reports whether all images of a part lie in one folder "images", as the test images of
// Tiny-ImageNet, whose classes are not published, or in one called as the part itself (test/test).
func unlabelled(paths [][]string, part Part) bool {
	for _, p := range paths {
		if partOf(p[0]) == part && (len(p) > 3 || p[1] != "images" && partOf(p[1]) != part) {
			return false
		}
	}
	return true
}

// labelled are the parts whose classes are known; all of them when that is none.
func labelled(paths [][]string, parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		if !unlabelled(paths, p) {
			out = append(out, p)
		}
	}
	if out == nil {
		return parts
	}
	return out
}

// errAnnotations says that a file of annotations is too long.
func errAnnotations(size int64) error {
	return fmt.Errorf("annotations of %d bytes, %d allowed: %w", size, int64(maxAnnotations), ErrLimit)
}
