package runtest

import (
	"encoding/json"
	"flag"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Numbers checks that every flag of the program that is a number refuses what is none, what is not
// finite and what is below zero, before any work. Those for which a negative number has a meaning
// are named; with are flags that the others need. Where -out holds state, it also checks that every
// setting survives there as zero.
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
	if p.Keeps == run.State {
		zeros(t, p, fs, with)
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

// zeros checks that settings that are all zero, saved and read over the table of a run, are zero
// still: a field that is left out when it is zero would come back as the table has it. The tables
// are those without flags, with -quick, and with each flag that is on or off.
func zeros[C, R any](t *testing.T, p *run.Program[C, R], fs *flag.FlagSet, with []string) {
	t.Helper()
	var zero C
	saved, err := json.Marshal(&zero)
	if err != nil {
		t.Fatal(err)
	}
	check := func(args ...string) {
		c, err := p.Settings(append(slices.Clone(with), args...))
		if err != nil {
			return // not a line that a run begins with
		}
		if err := json.Unmarshal(saved, &c); err != nil {
			t.Fatal(err)
		}
		back, err := json.Marshal(&c)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range run.Differences(saved, back) {
			t.Errorf("%s %q: zero is not found again: %s", p.Path, args, d)
		}
	}
	check()
	if p.Quick != nil {
		check("-quick")
	}
	fs.VisitAll(func(f *flag.Flag) {
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
			check("-" + f.Name)
		}
	})
}
