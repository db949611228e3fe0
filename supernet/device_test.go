package supernet

import (
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

// foreign is a device that no package of this library made.
type foreignDevice struct{}

func (foreignDevice) Name() string { return "abacus" }

// A network computes on the device of its options, and refuses devices that cannot compute.
func TestDevice(t *testing.T) {
	space := tinySpace(t)
	d := fake.New()
	n, err := New(space, &Options{Device: d})
	if err != nil {
		t.Fatal(err)
	}
	if n.KernelPath() != d.Name() {
		t.Errorf("network computes on %s, expected %s", n.KernelPath(), d.Name())
	}
	for _, o := range []*Options{{Device: foreignDevice{}}, {Device: d, Workers: 2}, {Workers: -1}} {
		if _, err := New(space, o); err == nil || o.Device != nil && !strings.Contains(err.Error(), o.Device.Name()) {
			t.Errorf("device %v with %d workers: error %v, expected one that names it", o.Device, o.Workers, err)
		}
	}
}
