package dataset

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxEntries bounds the entries of an archive, whose names are kept, and the files of a folder,
// counted once for every way that links lead there.
const maxEntries = 1 << 21

// maxNames bounds the bytes of the names of an archive's entries.
const maxNames = 1 << 28

// What is packed may become so many times as long, and a little more for short files: images hardly
// shrink, empty files of a tar shrink by less than that, and what is beyond was made to fill a
// memory or a disk.
const (
	mostUnpacked = 200
	freeUnpacked = 64 << 20
)

// maxLinks ends circles of symbolic links in an archive.
const maxLinks = 40

// maxSteps bounds the folders that are named in the symbolic links that are followed, whenever they
// are: of few entries a web of links can be made in which that takes hours.
const maxSteps = 1 << 24

// archive is the tree that an archive unpacks to.
type archive struct {
	path  string
	top   node
	seen  int   // entries, and folders on the way to them
	names int   // bytes of their names
	notes int64 // bytes of annotations
	steps int   // names in the links that were followed
}

// node is a folder, a file or a symbolic link; the zero value is a folder.
type node struct {
	below map[string]*node
	file  *stored
	link  string
}

// stored is a file in an archive.
type stored struct {
	name string // as it is there
	at   int    // place of its content
	text []byte // of annotations
	err  error  // why it cannot be read
}

// count takes note of an entry.
func (a *archive) count(name string) error {
	a.seen++
	a.names += len(name)
	if a.seen <= maxEntries && a.names <= maxNames {
		return nil
	}
	return &FileError{File: a.path, Entry: name,
		Err: fmt.Errorf("more than %d entries, or names of %d bytes: %w", maxEntries, maxNames, ErrLimit)}
}

// put is where an entry of that name comes to lie, an empty folder at first. What was there is
// replaced. It is nil for names that mean no file.
func (a *archive) put(name string) (*node, error) {
	parts := splitName(name)
	if len(parts) > 0 && parts[0] == ".." {
		if !saysImage(name) {
			return nil, nil
		}
		return nil, badFile(a.path, name, 0, "path leads out of the archive")
	}
	n := &a.top
	for i, p := range parts {
		next := n.below[p]
		if i < len(parts)-1 && next != nil && next.link != "" { // as tar unpacks: through it
			to := a.find(strings.Join(parts[:i+1], "/"))
			if a.steps > maxSteps {
				return nil, a.errSteps(name)
			}
			if to == nil || to.file != nil {
				return nil, badFile(a.path, name, 0, "lies below a link to %q, which is no folder so far", next.link)
			}
			n = to
			continue
		}
		if next == nil || next.file != nil || i == len(parts)-1 {
			if err := a.count(p); err != nil {
				return nil, err
			}
			next = &node{}
			if n.below == nil {
				n.below = map[string]*node{}
			}
			n.below[p] = next
		}
		n = next
	}
	if n == &a.top {
		return nil, nil
	}
	return n, nil
}

// splitName gives the parts of an entry's path, none for the top.
func splitName(name string) []string {
	name = strings.TrimLeft(path.Clean(name), "/")
	if name == "." || name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

// isFolder reports whether a path is one of a folder itself, not of a link to one.
func (a *archive) isFolder(parts []string) bool {
	if len(parts) == 0 {
		return true
	}
	last := len(parts) - 1
	above := a.find(strings.Join(parts[:last], "/"))
	if above == nil {
		return false
	}
	n := above.below[parts[last]]
	return n != nil && n.file == nil && n.link == ""
}

// find follows a path through symbolic links, nil where it leads nowhere or out of the archive.
func (a *archive) find(name string) *node {
	stack := []*node{&a.top}
	links := 0
	for parts := strings.Split(name, "/"); len(parts) > 0; {
		p := parts[0]
		parts = parts[1:]
		switch {
		case p == "" || p == ".":
			continue
		case p == ".." && len(stack) == 1:
			return nil
		case p == "..":
			stack = stack[:len(stack)-1]
			continue
		}
		next := stack[len(stack)-1].below[p]
		if next == nil {
			return nil
		}
		if next.link == "" {
			stack = append(stack, next)
			continue
		}
		if links++; links > maxLinks || strings.HasPrefix(next.link, "/") {
			return nil
		}
		target := strings.Split(next.link, "/")
		if a.steps += len(target); a.steps > maxSteps {
			return nil // children says so
		}
		parts = append(target, parts...)
	}
	return stack[len(stack)-1]
}

func (a *archive) children(dir string) ([]child, error) {
	var list []child
	if n := a.find(dir); n != nil {
		list = a.listed(dir, n)
	}
	if a.steps > maxSteps {
		return nil, a.errSteps(dir)
	}
	return list, nil
}

func (a *archive) errSteps(name string) error {
	return &FileError{File: a.path, Entry: name,
		Err: fmt.Errorf("links through more than %d folders: %w", maxSteps, ErrLimit)}
}

// listed is what is in a folder.
func (a *archive) listed(dir string, n *node) []child {
	var list []child
	for _, name := range slices.Sorted(maps.Keys(n.below)) {
		c := child{imageEntry: imageEntry{name: path.Join(dir, name)}}
		to := n.below[name]
		if to.link != "" {
			to = a.find(c.name)
		}
		switch {
		case to == nil:
			c.lost = true
			c.err = badFile(a.path, c.name, 0, "link to %q, which is not there", n.below[name].link)
		case to.file == nil:
			c.folder = true
		default:
			c.stored, c.at = to.file.name, to.file.at
			if saysImage(name) || isAnnotations(name) {
				c.err = to.file.err
			}
		}
		list = append(list, c)
	}
	return list
}

func (a *archive) place(e imageEntry) (file, entry string) { return a.path, e.name }

// room checks that annotations of that size may be kept.
func (a *archive) room(name string, size int64) error {
	if size > maxAnnotations-a.notes {
		return &FileError{File: a.path, Entry: name, Err: errAnnotations(size)}
	}
	a.notes += size
	return nil
}
