package supernet

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

// Device is where a network's weights live and its operations run. Nil is the CPU. Other values
// come from the packages that open such devices, in builds that contain them; a Device that a
// program writes itself is refused.
type Device interface {
	// Name says which device and kernels compute, for example "cpu/avx2".
	Name() string
}

// newBackend makes the device that the options ask for.
func newBackend(o *Options) (b tensor.Backend, err error) {
	defer tensor.Recover(&err)
	if o.Workers < 0 {
		return nil, fmt.Errorf("%d workers, expected 0 or more", o.Workers)
	}
	if o.Device == nil {
		return cpu.New(cpu.Options{Workers: o.Workers}), nil
	}
	if o.Workers > 0 {
		return nil, fmt.Errorf("%d workers and device %s, expected one of them: workers bound the CPU",
			o.Workers, o.Device.Name())
	}
	b, ok := o.Device.(tensor.Backend)
	if !ok {
		return nil, fmt.Errorf("device %s of type %T was not made by this library", o.Device.Name(), o.Device)
	}
	return b, nil
}
