package cpu

import (
	"runtime"
	"sync"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// Options configures a backend. The zero value is the fastest one.
type Options struct {
	// Kernel names the kernel path: "avx512", "avx2" or "go". Empty is the best of this CPU, or
	// what the environment variable TENDRIL_KERNEL says.
	Kernel string
	// Workers bounds the goroutines that compute one operation, the caller included; 0 is
	// GOMAXPROCS, with helpers that all such backends of the process share. Results do not depend
	// on it.
	Workers int
}

type backend struct {
	path    kernel.Path
	pool    *kernel.Pool
	workers int // 0: GOMAXPROCS
}

// sharedPool serves all backends without a bound of their own, so that several trainings at once
// have GOMAXPROCS − 1 helpers between them and not each.
var sharedPool = sync.OnceValue(func() *kernel.Pool { return kernel.NewPool(0) })

// New makes a CPU backend. It panics with a *tensor.Error when the kernel path named by the
// options, or else by TENDRIL_KERNEL, is unknown or cannot run on this CPU; kernel.ParsePath and
// kernel.CheckDefault tell beforehand.
func New(o Options) tensor.Backend {
	path, err := kernel.Default(), kernel.CheckDefault()
	if o.Kernel != "" {
		path, err = kernel.ParsePath(o.Kernel)
	}
	if err != nil {
		tensor.Failf("cpu", "%v", err)
	}
	if o.Workers <= 0 {
		return &backend{path: path, pool: sharedPool()}
	}
	b := &backend{path: path, pool: kernel.NewPool(o.Workers), workers: o.Workers}
	runtime.AddCleanup(b, (*kernel.Pool).Close, b.pool)
	return b
}

// Name is "cpu/", the kernel path and, where it is not the usual one, the build.
func (b *backend) Name() string { return "cpu/" + b.path.String() + kernel.Build() }

// NewBuffer is n zeros.
func (b *backend) NewBuffer(n int) tensor.Buffer { return &buffer{data: kernel.AlignedFloats(n)} }

// NewStream is a stream with an empty arena.
func (b *backend) NewStream() tensor.Stream {
	return &stream{backend: b, path: b.path, pool: b.pool}
}
