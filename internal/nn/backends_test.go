package nn_test

import (
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

// backends is the devices that the tests of this package run on.
func backends() map[string]func() tensor.Backend {
	return map[string]func() tensor.Backend{"fake": fake.New}
}
