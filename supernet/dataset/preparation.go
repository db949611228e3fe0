package dataset

import "fmt"

// Preparation says how the images of a data set were made what they are, so that others are made in
// the same way: those that a network is asked about later.
type Preparation struct {
	// Fit is how images of another shape were made square, never FitAuto. 0 = not known.
	Fit Fit
	// RawOrientation is set where photos were left as they are stored: see Options.
	RawOrientation bool
}

// Prepared is a Dataset that knows how its images were prepared. Those that this package reads do,
// views of them, and a Growing that got images of one preparation.
type Prepared interface {
	Dataset
	// Preparation is the same for all images; the zero value where it is not known.
	Preparation() Preparation
}

// PreparationOf says how the images of ds were prepared, the zero value where ds does not know.
func PreparationOf(ds Dataset) Preparation {
	if p, ok := ds.(Prepared); ok && given(ds) == nil {
		return p.Preparation()
	}
	return Preparation{}
}

// Resampling is the filter that FromImage resizes with, as metadata call it: the cubic of Catmull
// and Rom (a = −0.5), widened where it shrinks. PIL's BICUBIC is the same.
const Resampling = "catmull-rom"

// String is the fit's name: "auto", "crop", "stretch" or "pad".
func (f Fit) String() string {
	switch f {
	case FitAuto:
		return "auto"
	case FitCrop:
		return "crop"
	case FitStretch:
		return "stretch"
	case FitPad:
		return "pad"
	}
	return fmt.Sprintf("fit %d", int(f))
}

// preparation is what becomes of images read with these settings.
func (s *settings) preparation() Preparation {
	p := Preparation{Fit: s.Fit, RawOrientation: s.RawOrientation}
	if p.Fit == FitAuto {
		p.Fit = FitCrop
	}
	return p
}

// Preparation says how the images were read; it is zero for those of FromPixels.
func (m *Memory) Preparation() Preparation { return m.prepared }

func (v *view) Preparation() Preparation { return PreparationOf(v.base) }

func (v *augmented) Preparation() Preparation { return PreparationOf(v.Dataset) }

func (c *concat) Preparation() Preparation {
	first := PreparationOf(c.parts[0])
	for _, p := range c.parts[1:] {
		if PreparationOf(p) != first {
			return Preparation{}
		}
	}
	return first
}
