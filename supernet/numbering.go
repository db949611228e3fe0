package supernet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// numbering says which class of a network each label of a data set is: that of the same name, or,
// where names cannot tell, that of the same number.
type numbering struct {
	classes int   // of the network
	of      []int // class by label, −1 for one that the network does not know; nil: labels are classes
	// doubt says why labels are taken for classes; "" if names say so.
	doubt string
	// alike says which unknown name prints like a known one; nil if none does.
	alike error
}

const (
	doubtNetwork = "the network does not know the names of its classes"
	doubtData    = "the names in the data do not tell classes apart"
)

// number matches the classes of a data set with those of a network.
func (c classList) number(names []string) numbering {
	byNumber := numbering{classes: len(c)}
	switch {
	case !c.named():
		byNumber.doubt = doubtNetwork
		return byNumber
	case slices.Equal(c, names):
		return byNumber
	case !distinct(names):
		byNumber.doubt = doubtData
		return byNumber
	}
	known := make(map[string]int, len(c))
	for i, name := range c {
		known[name] = i
	}
	n := numbering{classes: len(c), of: make([]int, len(names))}
	for label, name := range names {
		i, ok := known[name]
		if !ok {
			i = -1
		}
		n.of[label] = i
	}
	if slices.Contains(n.of, -1) {
		_, n.alike = dataset.MergeClasses(c, names)
	}
	return n
}

// distinct reports whether names tell classes apart: there are some, none is empty, none is there
// twice.
func distinct(names []string) bool {
	_, err := dataset.MergeClasses(names, nil)
	return err == nil && len(names) > 0
}

// class is the class of a label, −1 if the network does not know it.
func (n numbering) class(label int) int {
	switch {
	case n.of == nil && label >= 0 && label < n.classes:
		return label
	case n.of != nil && label >= 0 && label < len(n.of):
		return n.of[label]
	}
	return -1
}

// className is a class that a numbering gives, for messages.
func className(class int) string {
	if class < 0 {
		return "a class that the network does not know"
	}
	return "class " + strconv.Itoa(class)
}

// apply turns labels into classes of the network.
func (n numbering) apply(labels []int) {
	for i, label := range labels {
		labels[i] = n.class(label)
	}
}

// strangers are the classes that images of a data set have and the network does not know, by name
// where they have one, and how many images they are.
func (n numbering) strangers(ds dataset.Dataset) (classes []string, images int) {
	names := ds.Classes()
	seen := make(map[int]bool)
	for i := range ds.Len() {
		label := ds.Label(i)
		if n.class(label) >= 0 {
			continue
		}
		images++
		if seen[label] {
			continue
		}
		seen[label] = true
		if n.of != nil && label >= 0 && label < len(names) {
			classes = append(classes, strconv.Quote(names[label]))
		} else {
			classes = append(classes, strconv.Itoa(label))
		}
	}
	return classes, images
}

// listed is the first of many names.
func listed(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// refuse is an error if images of a data set are of classes that the network does not know.
func (n numbering) refuse(ds dataset.Dataset) error {
	classes, images := n.strangers(ds)
	switch {
	case images > 0 && n.alike != nil:
		return fmt.Errorf("%w: %d images of classes that the network does not know: %w", ErrData, images, n.alike)
	case images > 0:
		return fmt.Errorf("%w: %d images of classes that the network does not know: %s; GrowClasses adds classes",
			ErrData, images, listed(classes))
	}
	return nil
}

// announce warns, once, of what the caller may not expect of a data set that is to be judged.
func (n *network) announce(ds dataset.Dataset) {
	m := n.classList().number(ds.Classes())
	classes, images := m.strangers(ds)
	switch {
	case m.doubt != "":
		n.log.Warn("classes of data are matched by number", "because", m.doubt, "unknown", listed(classes),
			"images", images)
	case images > 0 && m.alike != nil:
		n.log.Warn("data have classes that the network does not know", "because", m.alike, "images", images)
	case images > 0:
		n.log.Warn("data have classes that the network does not know", "unknown", listed(classes), "images",
			images)
	}
}
