package nn_test

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

// backends is the devices that the tests of this package run on: the reference and every kernel
// path of this CPU.
func backends() map[string]func() tensor.Backend {
	all := map[string]func() tensor.Backend{"fake": fake.New}
	for _, path := range kernel.Available() {
		all["cpu/"+path.String()] = func() tensor.Backend { return cpu.New(cpu.Options{Kernel: path.String()}) }
	}
	return all
}
