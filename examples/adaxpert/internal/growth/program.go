package growth

import (
	"flag"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Program is examples/adaxpert.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/adaxpert",
		Keeps:    run.State,
		Defaults: Default,
		Quick:    (*Config).quick,
		Flags:    func(fs *flag.FlagSet, c *Config) { c.bind(fs) },
		Check:    func(_ *flag.FlagSet, c *Config) error { return c.Check() },
		Work:     Run,
	}
}
