package dataset

import (
	"fmt"
	"runtime"
)

// Part names a portion of a data set that its makers divided.
type Part string

// The parts that Open knows. Train is the default where a data set has parts; a set without parts
// is opened whole.
const (
	Train Part = "train"
	Val   Part = "val"  // the test part where there is no validation part
	Test  Part = "test" // the validation part where there is no test part
)

// Fit says how an image of another shape becomes Size×Size.
type Fit int

const (
	// FitAuto, the default: IDX images are padded with black where that adds at most 8 pixels in
	// each direction (28 → 32), everything else is as FitCrop.
	FitAuto Fit = iota
	// FitCrop scales the shorter side to Size and cuts the middle out.
	FitCrop
	// FitStretch scales both sides to Size, whatever that does to the shape.
	FitStretch
	// FitPad scales the longer side to Size and fills the rest with black; images that are smaller
	// keep their scale and are padded.
	FitPad
)

// Options are how data files are opened. The zero value, or a nil pointer, is every default.
type Options struct {
	// Size is the side of the images handed out, in pixels. 0 = the native size of IDX and CIFAR
	// files; for image folders and tars, the shorter side of the first image, at most 224.
	Size int
	// Part to open where the data are divided. Empty = Train where there are parts, else
	// everything.
	Part Part
	// Fit is how images of another shape are made square. 0 = FitAuto.
	Fit Fit
	// ClassNames replaces the names of IDX and CIFAR classes; a label beyond it is an error. Nil =
	// "0" … "9" for IDX, the official names for CIFAR. Not used by folders and tars, where
	// directories name the classes.
	ClassNames []string
	// Transpose swaps the rows and columns of IDX images, as the files of EMNIST need it. False =
	// only where the file has EMNIST's official name (emnist-…).
	Transpose bool
	// KnownClasses get the first numbers, in this order, whether the data have images of them or
	// not; classes of the data that are not among them follow, in their usual order. So data that
	// gain classes keep the numbers of those they had, although folders are read in the order of
	// their names: see MergeClasses. The order of the images does not depend on it. Nil = none
	// known: the data decide.
	KnownClasses []string
	// AnyImageName accepts an image whose content is another supported format than its name says (a
	// PNG called .jpg). False = that is an error.
	AnyImageName bool
	// Skip goes on past image files, and folders below the top, that are damaged or cannot be read,
	// and past images in no class folder; Memory.Report lists them. A class that has no others is
	// an error. False = the first one is the error.
	Skip bool
	// Workers is the number of goroutines that decode. 0 = GOMAXPROCS. The result does not depend
	// on it.
	Workers int
	// MaxBytes bounds the memory that the decoded set may take. 0 = 4 GiB.
	MaxBytes int64
	// MaxPixels bounds width × height of one source image, checked before it is decoded. 0 = 1<<26
	// (about 67 million).
	MaxPixels int
	// Budget bounds the memory of the images that are being decoded, over all workers, and over all
	// readers that share it. Nil = 512 MiB.
	Budget *Budget
	// RawOrientation leaves photos as they are stored. False = they are turned upright where their
	// EXIF block says that they lie on their side.
	RawOrientation bool
	// HoldOut is the fraction of each class that OpenPair sets apart for testing when the data have
	// no parts. 0 = 0.15.
	HoldOut float64
	// Seed of that hold-out.
	Seed uint64
}

// settings are Options with the defaults filled in.
type settings struct {
	Options
	listOnly bool // classes and counts are wanted, images are not
}

func (o *Options) settings() (settings, error) {
	var s settings
	if o != nil {
		s.Options = *o
	}
	if s.Size < 0 || s.Size > maxSize {
		return s, fmt.Errorf("dataset: image size %d, want 1 to %d, or 0 for the native size", s.Size,
			maxSize)
	}
	if s.Fit < FitAuto || s.Fit > FitPad {
		return s, fmt.Errorf("dataset: unknown fit %d", s.Fit)
	}
	switch s.Part {
	case "", Train, Val, Test:
	default:
		return s, fmt.Errorf("dataset: unknown part %q, want %q, %q or %q", s.Part, Train, Val, Test)
	}
	if len(s.ClassNames) > maxClasses {
		return s, fmt.Errorf("dataset: %d class names, want at most %d", len(s.ClassNames), maxClasses)
	}
	if _, err := mergeClasses(s.KnownClasses, nil); err != nil {
		return s, fmt.Errorf("dataset: known classes: %w", err)
	}
	if s.Workers > maxWorkers {
		return s, fmt.Errorf("dataset: %d workers, want at most %d", s.Workers, maxWorkers)
	}
	if s.Workers < 0 || s.MaxBytes < 0 || s.MaxPixels < 0 {
		return s, fmt.Errorf("dataset: workers %d, most bytes %d, most pixels %d, want 0 or more", s.Workers,
			s.MaxBytes, s.MaxPixels)
	}
	if s.Workers == 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = 4 << 30
	}
	s.decodeDefaults()
	if s.HoldOut == 0 {
		s.HoldOut = 0.15
	}
	if !(s.HoldOut > 0 && s.HoldOut < 1) {
		return s, fmt.Errorf("dataset: hold-out fraction %v, want between 0 and 1", s.HoldOut)
	}
	return s, nil
}

// room checks that images of size×size and so many channels fit the limit. It is asked before
// memory is taken on the word of a header.
func (s settings) room(images int64, size, channels int) error {
	per := int64(size) * int64(size) * int64(channels)
	if images > s.MaxBytes/per {
		return fmt.Errorf("%d images of %d×%d take more than the %d bytes allowed: %w", images, size, size,
			s.MaxBytes, ErrLimit)
	}
	return nil
}
