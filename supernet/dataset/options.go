package dataset

// Part names a portion of a data set that its makers divided.
type Part string

// The parts that Open knows. Train is the default where a data set has parts;
// a set without parts is opened whole.
const (
	Train Part = "train"
	Val   Part = "val"  // the test part where there is no validation part
	Test  Part = "test" // the validation part where there is no test part
)

// Fit says how an image of another shape becomes Size×Size.
type Fit int

const (
	// FitAuto, the default: IDX images are padded with black where that adds
	// at most 8 pixels in each direction (28 → 32), everything else is as FitCrop.
	FitAuto Fit = iota
	// FitCrop scales the shorter side to Size and cuts the middle out.
	FitCrop
	// FitStretch scales both sides to Size, whatever that does to the shape.
	FitStretch
	// FitPad scales the longer side to Size and fills the rest with black;
	// images that are smaller keep their scale and are padded.
	FitPad
)

// Options are how data files are opened. The zero value, or a nil pointer, is
// every default.
type Options struct {
	// Size is the side of the images handed out, in pixels. 0 = the native
	// size of IDX and CIFAR files; for image folders and tars, the shorter
	// side of the first image, at most 224.
	Size int
	// Part to open where the data are divided. Empty = Train where there
	// are parts, else everything.
	Part Part
	// Fit is how images of another shape are made square. 0 = FitAuto.
	Fit Fit
	// ClassNames replaces the names of IDX and CIFAR classes; a label beyond
	// it is an error. Nil = "0" … "9" for IDX, the official names for CIFAR.
	// Not used by folders and tars, where directories name the classes.
	ClassNames []string
	// AnyImageName accepts an image whose content is another supported format
	// than its name says (a PNG called .jpg). False = that is an error.
	AnyImageName bool
	// Workers is the number of goroutines that decode. 0 = GOMAXPROCS. The
	// result does not depend on it.
	Workers int
	// MaxBytes bounds the memory that the decoded set may take. 0 = 4 GiB.
	MaxBytes int64
	// MaxPixels bounds width × height of one source image, checked before it
	// is decoded. 0 = 1<<26 (about 67 million).
	MaxPixels int
	// HoldOut is the fraction of each class that OpenPair sets apart for
	// testing when the data have no parts. 0 = 0.15.
	HoldOut float64
	// Seed of that hold-out.
	Seed uint64
}
