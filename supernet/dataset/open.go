package dataset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Open reads the data set at path into memory, whatever its form:
//
//   - a folder of class folders with images, or one with train,
//     val or test folders above them; also as Tiny-ImageNet is, with
//     val_annotations.txt beside val/images;
//   - a tar (also packed with gzip, bzip2 or zstd) or a zip of such a folder,
//     or a folder with train.tar, val.tar or test.tar (or .zip and so on);
//   - a folder with the binary files of CIFAR-10 or CIFAR-100, or one such file;
//   - a folder with the IDX files of the MNIST family (also .gz), or an IDX
//     image file with its label file beside it; also below, in MNIST/raw.
//
// Folders are recognised by the names in them, files by their content. Where the data are divided,
// Options choose the part. The error wraps ErrUnknown when no form fits, ErrPart when the part is
// not there, ErrFormat (and a *FileError) when a file is damaged, ErrLimit when the data would take
// too much memory.
func Open(ctx context.Context, path string, o *Options) (*Memory, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	m, err := open(ctx, path, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

// OpenPair opens the training part and the test part (or else the validation part) of the data set
// at path. Without parts, a fraction of each class is set apart as Options say, as Split does, save
// that the only image of a class is always one to train on. Both have the training part's classes,
// Options.KnownClasses first; a class of the test part that is not among them is an error.
func OpenPair(ctx context.Context, path string, o *Options) (train, test Dataset, err error) {
	s, err := o.settings()
	if err != nil {
		return nil, nil, err
	}
	s.Part = Train
	first, err := open(ctx, path, s)
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	s.Part, s.Size, s.KnownClasses = Test, first.Size(), first.Classes()
	second, err := open(ctx, path, s)
	if errors.Is(err, ErrPart) {
		test, train, err = split(first, s.HoldOut, s.Seed, false)
		return train, test, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	if known := len(first.Classes()); len(second.Classes()) > known {
		return nil, nil, fmt.Errorf("dataset: %s: %w", path, formatError{fmt.Errorf(
			"the test part has class %q, the training part has not", second.Classes()[known])})
	}
	return first, second, nil
}

func open(ctx context.Context, path string, s settings) (*Memory, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openDir(ctx, path, s)
	}
	return openFile(ctx, path, s)
}

// openDir tries the forms that a folder's file names show, then takes it for a folder of images.
func openDir(ctx context.Context, dir string, s settings) (*Memory, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	parts := map[Part][]string{} // files of each part, for the first form found
	add := func(p Part, name string) { parts[p] = append(parts[p], filepath.Join(dir, name)) }
	form := openIDXFiles
	var archives []string
	for _, e := range entries {
		if p := idxPart(e.Name()); p != "" && !e.IsDir() {
			add(p, e.Name())
		}
	}
	if len(parts) == 0 {
		form = readCIFARFiles
		for _, e := range entries {
			if p := cifarPart(e.Name()); p != "" && !e.IsDir() {
				add(p, e.Name())
			}
		}
	}
	if len(parts) == 0 {
		form = openOneArchive
		for _, e := range entries {
			if stem, ok := archiveStem(e.Name()); ok && !e.IsDir() && !isHidden(e.Name()) {
				archives = append(archives, filepath.Join(dir, e.Name()))
				if p := partOf(stem); p != "" {
					add(p, e.Name())
				}
			}
		}
	}
	if len(archives) > 0 {
		if err := unpackedToo(dir, entries, parts); err != nil {
			return nil, err
		}
	}
	if len(parts) > 0 {
		there := inOrder(slices.Collect(maps.Keys(parts)))
		p, err := choosePart(s.Part, there)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		s.Part = ""
		m, err := form(ctx, parts[p], s)
		if err != nil {
			return nil, err
		}
		m.report.Part, m.report.Parts = p, there
		return m, nil
	}
	for _, e := range entries { // as the official archives unpack
		if e.IsDir() && (e.Name() == "cifar-10-batches-bin" || e.Name() == "cifar-100-binary") {
			return openDir(ctx, filepath.Join(dir, e.Name()), s)
		}
	}
	m, err := readFolder(ctx, dir, s)
	if !errors.Is(err, ErrUnknown) {
		return m, err
	}
	if len(archives) == 1 {
		return openFile(ctx, archives[0], s)
	}
	return openRaw(ctx, dir, entries, s, err)
}

// unpackedToo takes the archives of parts away that lie beside folders of the same parts, which
// were unpacked from them. Where only some are unpacked, it is an error.
func unpackedToo(dir string, entries []os.DirEntry, parts map[Part][]string) error {
	var folder string // of a part
	folders := map[Part]bool{}
	for _, e := range entries {
		if p := partOf(e.Name()); p != "" && e.IsDir() {
			folder, folders[p] = e.Name(), true
		}
	}
	if len(folders) == 0 {
		return nil
	}
	for p, files := range parts {
		if !folders[p] {
			return badFile(filepath.Join(dir, folder), "", 0,
				"a part in a folder, and another in %s: unpack that, or move it away", files[0])
		}
		delete(parts, p)
	}
	return nil
}

// openRaw opens the one folder "raw" or "gzip" of IDX files that lies in dir, or in the one folder
// of it, as other tools unpack MNIST (MNIST/raw) and as EMNIST comes (gzip). Where there is none
// the error is the one given.
func openRaw(ctx context.Context, dir string, entries []os.DirEntry, s settings, none error) (
	*Memory, error) {
	var raw []string
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		for _, sub := range []string{sub, filepath.Join(sub, "raw"), filepath.Join(sub, "gzip")} {
			if base := filepath.Base(sub); base != "raw" && base != "gzip" {
				continue
			}
			files, err := os.ReadDir(sub)
			if err != nil {
				continue // most folders have none
			}
			if slices.ContainsFunc(files, func(f os.DirEntry) bool { return idxPart(f.Name()) != "" }) {
				raw = append(raw, sub)
			}
		}
	}
	switch len(raw) {
	case 0:
		return nil, none
	case 1:
		return openDir(ctx, raw[0], s)
	}
	return nil, fmt.Errorf("%w: both %s and %s hold IDX files; name the one to open", ErrUnknown, raw[0],
		raw[1])
}

// openOneArchive opens the one archive of a part.
func openOneArchive(ctx context.Context, files []string, s settings) (*Memory, error) {
	if len(files) > 1 {
		return nil, fmt.Errorf("%w: both %s and %s are of the same part; name the one to open", ErrUnknown,
			files[0], files[1])
	}
	return openFile(ctx, files[0], s)
}
