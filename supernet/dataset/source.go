package dataset

// Sourced is a Dataset that knows where its images come from. Those read from folders and archives
// do, and views of them; see Source.
type Sourced interface {
	Dataset
	// Source names image i for people: the path of its file, or that of its archive, a colon, a
	// space and the name of the entry; empty if it is not known.
	Source(i int) string
}

// Source names image i of ds for people, as Sourced does. It is empty where ds does not know, or
// has no such image: images of IDX and CIFAR files have no names, nor have those of a Growing.
func Source(ds Dataset, i int) string {
	s, ok := ds.(Sourced)
	if !ok || given(ds) != nil || i < 0 || i >= ds.Len() {
		return ""
	}
	return s.Source(i)
}

// Source names the file, or the archive and its entry, that image i was read from; it is empty for
// images that were read from neither.
func (m *Memory) Source(i int) string {
	if i < 0 || i >= len(m.sources) {
		return ""
	}
	return m.sources[i]
}

// sourceName is how Source names an image file, or an entry of an archive.
func sourceName(file, entry string) string {
	if entry == "" {
		return file
	}
	return file + ": " + entry
}

func (v *view) Source(i int) string {
	if i < 0 || i >= len(v.index) {
		return ""
	}
	return Source(v.base, int(v.index[i]))
}

func (v *augmented) Source(i int) string { return Source(v.Dataset, i) }

func (c *concat) Source(i int) string {
	if i < 0 || i >= c.Len() {
		return ""
	}
	p, j := c.find(i)
	return Source(p, j)
}
