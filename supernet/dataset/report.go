package dataset

import (
	"path"
	"slices"
	"strings"
)

// Reason says why a file or folder was passed over.
type Reason string

// The reasons of Passed.
const (
	Hidden      Reason = "hidden"            // its name begins with a dot
	Litter      Reason = "left by a system"  // thumbnails, waste baskets and the like
	NotImage    Reason = "not an image"      // by its name
	BrokenLink  Reason = "broken link"       // that is not named as an image
	NotRead     Reason = "format not read"   // named as an image of a format that is not read
	OutsidePart Reason = "outside the parts" // an image beside the folders of the parts
	Unlabelled  Reason = "without a class"   // an image of a part that has no class folders
)

// Passed is what was passed over for one reason.
type Passed struct {
	Why   Reason
	Count int // files and folders; what is below a folder is not counted
	// First holds the paths of the first ten, inside the folder or archive.
	First []string
}

// Report says what a folder or an archive had that is not among its images.
type Report struct {
	Part   Part     // that was read; empty where the data are not divided
	Passed []Passed // in the order of the reasons above, only those met
}

// reasons in the order of a report.
var reasons = [...]Reason{Hidden, Litter, NotImage, BrokenLink, NotRead, OutsidePart, Unlabelled}

// pass notes something passed over.
func (t *tree) pass(why Reason, name string) {
	const named = 10
	i := slices.IndexFunc(t.passed, func(p Passed) bool { return p.Why == why })
	if i < 0 {
		i = len(t.passed)
		t.passed = append(t.passed, Passed{Why: why})
	}
	p := &t.passed[i]
	if p.Count++; len(p.First) < named {
		p.First = append(p.First, name)
	}
}

// report gives what was noted.
func (t *tree) report() Report {
	r := Report{Part: t.part}
	for _, why := range reasons {
		for _, p := range t.passed {
			if p.Why == why {
				r.Passed = append(r.Passed, p)
			}
		}
	}
	return r
}

// Report says what the folder or archive had that is not among the images; it is empty for sets
// that come from elsewhere.
func (m *Memory) Report() Report {
	r := m.report
	r.Passed = slices.Clone(r.Passed)
	for i := range r.Passed {
		r.Passed[i].First = slices.Clone(r.Passed[i].First)
	}
	return r
}

// isHidden tells names that are not meant to be seen.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != ".." && name != "."
}

// isLitter tells what systems leave in folders: macOS, Windows, Synology, QNAP, file system checks.
func isLitter(name string) bool {
	switch strings.ToLower(name) {
	case "__macosx", "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@tmp",
		"$recycle.bin", "recycler", "system volume information", "lost+found", "thumbs.db", "ehthumbs.db",
		"desktop.ini", "icon\r", "__pycache__", "network trash folder", "temporary items":
		return true
	}
	return false
}

// passes says why a path is passed over for a name in it; empty when it is not.
func passes(parts []string) Reason {
	switch {
	case slices.ContainsFunc(parts, isHidden):
		return Hidden
	case slices.ContainsFunc(parts, isLitter):
		return Litter
	}
	return ""
}

// saysImage tells names of images, of formats that are read or not.
func saysImage(name string) bool {
	if byName(name) != nil {
		return true
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".heic", ".heif", ".avif", ".svg", ".psd",
		".ico", ".jp2", ".j2k", ".jxl", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".ppm",
		".pgm", ".pbm", ".pnm", ".tga", ".exr", ".hdr", ".dcm", ".xcf":
		return true
	}
	return false
}
