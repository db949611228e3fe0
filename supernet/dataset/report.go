package dataset

import (
	"context"
	"fmt"
	"path"
	"regexp"
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
	Empty       Reason = "empty"             // a folder
	BrokenLink  Reason = "broken link"       // that is not named as an image
	NotRead     Reason = "format not read"   // named as an image of a format that is not read
	OutsidePart Reason = "outside the parts" // an image beside the folders of the parts
	Unlabelled  Reason = "without a class"   // an image of a part that has no class folders
	Loose       Reason = "in no class"       // an image beside the class folders: Options.Skip
	Unreadable  Reason = "not readable"      // damaged, too large, or not given out: Options.Skip
)

// Passed is what was passed over for one reason.
type Passed struct {
	Why   Reason `json:"why"`
	Count int    `json:"count"` // files and folders; what is below a folder is not counted
	// First holds the paths of the first ten, inside the folder or archive; of those that are
	// Unreadable, all.
	First []string `json:"first"`
	// Said is what was wrong with each of First; only of those that are Unreadable.
	Said []string `json:"said,omitempty"`
}

// Report says what was read of a path and, for folders and archives, what was passed over.
type Report struct {
	// Form is "folder", "tar", "zip", "IDX", "CIFAR-10" or "CIFAR-100"; empty for sets that come
	// from elsewhere.
	Form    string   `json:"form"`
	Part    Part     `json:"part,omitempty"`  // that was read; empty where the data are not divided
	Parts   []Part   `json:"parts,omitempty"` // that can be read
	Size    int      `json:"size"`            // side of the images, in pixels
	Classes []string `json:"classes"`
	Counts  []int    `json:"counts"` // images of each class
	// Passed is in the order of the reasons above, and has only those met.
	Passed []Passed `json:"passed,omitempty"`
}

// Images is the number of images of all classes.
func (r *Report) Images() int {
	n := 0
	for _, c := range r.Counts {
		n += c
	}
	return n
}

// Inspect says what Open would read of a path, and fails where Open would, but decodes no images of
// folders and archives: that one is damaged shows only with Options.Skip, which needs as much
// memory as Open.
func Inspect(ctx context.Context, path string, o *Options) (*Report, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	s.listOnly = true
	m, err := open(ctx, path, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	r := m.Report()
	return &r, nil
}

// reasons in the order of a report.
var reasons = [...]Reason{Hidden, Litter, NotImage, Empty, BrokenLink, NotRead, OutsidePart, Unlabelled,
	Loose, Unreadable}

// pass notes something passed over.
func (t *tree) pass(why Reason, name string) *Passed {
	const named = 10
	i := slices.IndexFunc(t.passed, func(p Passed) bool { return p.Why == why })
	if i < 0 {
		i = len(t.passed)
		t.passed = append(t.passed, Passed{Why: why})
	}
	p := &t.passed[i]
	if p.Count++; len(p.First) < named || why == Unreadable {
		p.First = append(p.First, name)
	}
	return p
}

// report gives what was noted.
func (t *tree) report() Report {
	r := Report{Part: t.part, Parts: t.parts}
	for _, why := range reasons {
		for _, p := range t.passed {
			if p.Why == why {
				r.Passed = append(r.Passed, p)
			}
		}
	}
	return r
}

// Report says what the set was read from, what is in it, and what was passed over.
func (m *Memory) Report() Report {
	r := m.report
	r.Size, r.Classes, r.Counts = m.size, slices.Clone(m.classes), make([]int, len(m.classes))
	for _, l := range m.labels {
		r.Counts[l]++
	}
	r.Parts = slices.Clone(r.Parts)
	r.Passed = slices.Clone(r.Passed)
	for i := range r.Passed {
		r.Passed[i].First = slices.Clone(r.Passed[i].First)
		r.Passed[i].Said = slices.Clone(r.Passed[i].Said)
	}
	return r
}

// isHidden tells names that are not meant to be seen.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != ".." && name != "."
}

// litter is what systems leave in folders: macOS, Windows, Android, Synology, QNAP, NetApp, Samba,
// file system checks, Python, office programs.
var litter = regexp.MustCompile(`^(__macosx|network trash folder|temporary items|thevolumesettingsfolder|` +
	`icon\r|\$recycle\.bin|recycler|recycled|system volume information|e?h?thumbs\.db|desktop\.ini|` +
	`found\.[0-9]{3}|lost\.dir|lost\+found|@eadir|#recycle|#snapshot|@recycle|@recently-snapshot|@__thumb|@tmp|@sharebin|` +
	`@database|@quarantine|~snapshot|@gmt-[0-9.-]+|__pycache__|~\$.*)$`)

// isLitter tells what systems leave in folders.
func isLitter(name string) bool { return litter.MatchString(strings.ToLower(name)) }

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

// otherImages are the extensions of formats that are not read: of the web and of programs, of
// cameras, of science.
var otherImages = strings.Fields(`.heic .heif .heics .heifs .hif .avif .avifs .svg .svgz .psd .psb .xcf
	.ai .eps .ico .cur .icns .jp2 .j2k .j2c .jpc .jpf .jpx .jpm .jxl .jxr .wdp .hdp .jls .bpg .flif .qoi
	.mng .jng .wmf .emf .ppm .pgm .pbm .pnm .pam .pfm .tga .pcx .sgi .ras .xbm .xpm .dds .wbmp .exr .hdr .farbfeld .djvu
	.raw .dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .orf .rw2 .raf .pef .srw .3fr .fff .x3f .iiq .erf .mrw
	.kdc .dcr .mos .mef .rwl .gpr .dcm .dicom .fits .fit .fts .nii`)

// saysImage tells names of images, of formats that are read or not.
func saysImage(name string) bool {
	return byName(name) != nil || slices.Contains(otherImages, strings.ToLower(path.Ext(name)))
}
