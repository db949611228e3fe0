package fake_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor/backendtest"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

func TestConformance(t *testing.T) { backendtest.Run(t, fake.New) }
