package growth

import (
	"errors"
	"flag"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Program is examples/adaxpert.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/adaxpert",
		Keeps:    run.State,
		Defaults: Default,
		Quick:    (*Config).quick,
		Suit:     (*Config).suit,
		Flags:    func(fs *flag.FlagSet, c *Config) { c.bind(fs) },
		Check:    check,
		Work:     Run,
	}
}

// check is Config.Check, and of flags whose table is never empty, that they were not given in vain.
func check(fs *flag.FlagSet, c *Config) error {
	err := c.Check()
	fs.Visit(func(f *flag.Flag) {
		switch {
		case err != nil:
		case f.Name == "volumes" && c.Scenario == "II":
			err = errors.New("-volumes belongs to -scenario I")
		case (f.Name == "width" || f.Name == "stem") && c.Pretrained:
			err = fmt.Errorf("-%s has no meaning with -pretrained", f.Name)
		}
	})
	return err
}
