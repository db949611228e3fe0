// The generator of the amd64 kernels. It is a module of its own, so that users of Tendril never
// download it:
//
//	go generate ./internal/kernel
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	family := flag.String("family", "", "kernels to generate: tile, channels, depthwise, flat, gemm64, least64, pooling, recurrent, rows64 or softmax")
	flag.Parse()
	generate := map[string]func(){"tile": tiles, "channels": channels, "depthwise": depthwise, "flat": flat, "gemm64": gemm64, "least64": least64, "pooling": pooling, "recurrent": recurrent, "rows64": rows64, "softmax": softmax}[*family]
	if generate == nil {
		log.Fatalf("unknown family %q", *family)
	}
	ConstraintExpr("!noasm,!purego")
	generate()
	Generate()
}
