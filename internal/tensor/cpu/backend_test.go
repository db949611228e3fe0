package cpu_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/backendtest"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

func TestBackend(t *testing.T) {
	paths := kernel.Available()
	if testing.Short() {
		paths = []kernel.Path{kernel.Default()}
	}
	for _, p := range paths {
		t.Run(p.String(), func(t *testing.T) {
			backendtest.Run(t, func() tensor.Backend { return cpu.New(cpu.Options{Kernel: p.String()}) })
		})
	}
}
