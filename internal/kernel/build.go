package kernel

import "runtime"

// Build names what besides the path decides the bits of results: "" for amd64 as Go compiles for it
// by default, "+fma" where it was told to fuse multiply and add (GOAMD64=v3), and "-arm64" and the
// like for other processors, whose compilers fuse other sums or have other functions of package
// math in assembly. It stands behind the path in checkpoints.
func Build() string {
	if runtime.GOARCH != "amd64" {
		return "-" + runtime.GOARCH
	}
	if fuses(1+0x1p-30, -1-0x1p-29) {
		return "+fma"
	}
	return ""
}

// fuses reports whether x² + y is computed with one rounding: y is minus the rounded square. It is
// not inlined, so that the compiler does not compute it itself, exactly.
//
//go:noinline
func fuses(x, y float64) bool { return x*x+y != 0 }
