package growth

import (
	"errors"
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
		Check:    check,
		Work:     Run,
	}
}

// check is Config.Check, and of -volumes, whose table is never empty, that it was not given in
// vain.
func check(fs *flag.FlagSet, c *Config) error {
	err := c.Check()
	fs.Visit(func(f *flag.Flag) {
		if f.Name == "volumes" && c.Scenario == "II" && err == nil {
			err = errors.New("-volumes belongs to -scenario I")
		}
	})
	return err
}
