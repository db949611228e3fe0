// Package stripes writes a tiny made-up data set, so that tests of the example programs need
// neither downloads nor patience.
package stripes

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Write puts four IDX files into dir: noisy stripes, side pixels square, of four classes that
// differ in direction and width. It is a function of its arguments.
func Write(dir string, side, train, test int) error {
	for k, part := range []struct {
		name string
		n    int
	}{{"train", train}, {"t10k", test}} {
		r := stream.New(1, "stripes", uint64(k))
		images := header(0x0803, part.n, side, side)
		labels := header(0x0801, part.n)
		for i := range part.n {
			images = appendImage(images, r, i%classes, side)
			labels = append(labels, byte(i%classes))
		}
		for name, data := range map[string][]byte{"-images-idx3-ubyte": images,
			"-labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(dir, part.name+name), data, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

const classes = 4

func header(magic uint32, sizes ...int) []byte {
	b := binary.BigEndian.AppendUint32(nil, magic)
	for _, s := range sizes {
		b = binary.BigEndian.AppendUint32(b, uint32(s))
	}
	return b
}

func appendImage(b []byte, r *rand.Rand, class, side int) []byte {
	phase := r.IntN(4)
	for y := range side {
		for x := range side {
			along := x
			if class%2 == 1 {
				along = y
			}
			v := 40 + r.IntN(120)
			if ((along+phase)/(1+class/2))%2 == 0 {
				v += 80
			}
			b = append(b, byte(v))
		}
	}
	return b
}
