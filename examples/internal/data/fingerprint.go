package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Fingerprint tells data apart: two pairs of data sets have the same one if they hold the same
// images in the same order, under the same names.
type Fingerprint struct {
	Classes  []string `json:"classes"`
	Training Part     `json:"training"`
	Test     Part     `json:"test"`
}

// Part is one of the two data sets of a Fingerprint. Labels and Pixels are digests, in hex.
type Part struct {
	Images int    `json:"images"`
	Size   int    `json:"size"` // side in pixels
	Labels string `json:"labels"`
	Pixels string `json:"pixels"`
}

// FingerprintOf reads all images once.
func FingerprintOf(ctx context.Context, train, test dataset.Dataset) (f Fingerprint, err error) {
	f.Classes = train.Classes()
	if f.Training, err = partOf(ctx, train); err != nil {
		return f, fmt.Errorf("training data: %w", err)
	}
	if f.Test, err = partOf(ctx, test); err != nil {
		return f, fmt.Errorf("test data: %w", err)
	}
	return f, nil
}

func partOf(ctx context.Context, ds dataset.Dataset) (Part, error) {
	labels, pixels := sha256.New(), sha256.New()
	image := make([]uint8, ds.Size()*ds.Size()*3)
	for i := range ds.Len() {
		if err := ctx.Err(); err != nil {
			return Part{}, err
		}
		if err := ds.Image(i, image); err != nil {
			return Part{}, err
		}
		pixels.Write(image)
		fmt.Fprintln(labels, ds.Label(i))
	}
	short := func(sum []byte) string { return hex.EncodeToString(sum[:8]) }
	return Part{ds.Len(), ds.Size(), short(labels.Sum(nil)), short(pixels.Sum(nil))}, nil
}
