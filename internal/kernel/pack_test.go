package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestPack compares both packings with their twins, element by element.
func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, p := range Available() {
		for k := range 20 {
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 40} {
				ld := max(k, n) + k%3
				b := newGuarded(r, max(k, n)*ld, 1)
				got, want := newGuarded(r, PackedSize(k, n), 3), newGuarded(r, PackedSize(k, n), 0)
				for _, pack := range []func(p Path, dst []float32){
					func(p Path, dst []float32) { p.PackB(dst, b.x, k, n, ld) },
					func(p Path, dst []float32) { p.PackBT(dst, b.x, k, n, ld) },
				} {
					pack(p, got.x)
					pack(Go, want.x)
					near(t, "packed", got.x, want.x, 0)
					if !got.intact() || !b.intact() {
						t.Fatal("write outside")
					}
				}
			}
		}
	}
}
