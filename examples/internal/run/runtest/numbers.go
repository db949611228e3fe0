package runtest

import (
	"flag"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Numbers checks that every flag of the program that is a number refuses what is none, what is not
// finite and what is below zero, before any work. Those for which a negative number has a meaning
// are named; with are flags that the others need.
func Numbers[C, R any](t *testing.T, p *run.Program[C, R], with []string, negative ...string) {
	t.Helper()
	var c C
	if p.Defaults != nil {
		c = p.Defaults()
	}
	fs := flag.NewFlagSet(p.Path, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if p.Flags != nil {
		p.Flags(fs, &c)
	}
	fs.VisitAll(func(f *flag.Flag) {
		bad := []string{"NaN", "Inf", "-Inf", "-1", "-9223372036854775808"}
		g, ok := f.Value.(flag.Getter)
		if !ok {
			return
		}
		switch g.Get().(type) {
		case float64, int, int64, uint, uint64:
		case time.Duration:
			bad = []string{"NaN", "-1s"}
		default:
			return
		}
		for _, value := range bad {
			if value[1] != 'I' && value[0] == '-' && slices.Contains(negative, f.Name) {
				continue
			}
			args := append(slices.Clone(with), "-"+f.Name+"="+value)
			if _, err := p.Settings(args); err == nil {
				t.Errorf("%s -%s=%s: accepted", p.Path, f.Name, value)
			}
		}
	})
}
