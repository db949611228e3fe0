package cpu_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/backendtest"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

func TestBackend(t *testing.T) {
	for _, p := range kernel.Available() {
		t.Run(p.String(), func(t *testing.T) {
			backendtest.Run(t, func() tensor.Backend { return cpu.New(cpu.Options{Kernel: p.String()}) })
		})
	}
}
