package dataset

import "fmt"

// Augment changes training images at random, a new draw for every image and
// epoch. The zero value changes nothing.
type Augment struct {
	// CropPadding p adds p black pixels on each side, then cuts an image of
	// the old size out at a place drawn uniformly. 0 = none.
	CropPadding int
	// Flip mirrors left and right with probability one half.
	Flip bool
	// Cutout c blanks a square of c×c pixels whose centre is drawn
	// uniformly; parts of it may lie outside the image. Blank is the mean
	// of the normalisation (zero). 0 = none. See DeVries and Taylor, 2017.
	Cutout int
}

func (a *Augment) check() error {
	if a == nil {
		return nil
	}
	if a.CropPadding < 0 || a.CropPadding > maxSize || a.Cutout < 0 || a.Cutout > maxSize {
		return fmt.Errorf("dataset: augmentation with padding %d and cutout %d, want 0 to %d", a.CropPadding, a.Cutout, maxSize)
	}
	return nil
}
