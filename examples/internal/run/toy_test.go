package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
)

// The toy is a whole program: a table of settings, flags, phases that build on each other, a
// report. It walks at random; each phase goes on where the one before ended.

type toySettings struct {
	Seed   Seed      `json:"seed"`
	Phases int       `json:"phases"`
	Shares []float64 `json:"shares"`
	Train  Training  `json:"train"`
	On     string    `json:"-"` // data
	At     string    `json:"-"` // moment at which Do happens
	Do     string    `json:"-"` // die, int, term, stubborn, fail
}

type toyReport struct {
	Positions []float64 `json:"positions"`
	Walker    float64   `json:"walker"`
}

// walker keeps itself in a file.
type walker struct{ At float64 }

func (w *walker) Save(_ context.Context, path string) error {
	return os.WriteFile(path, []byte(strconv.FormatFloat(w.At, 'g', -1, 64)), 0o644)
}

func loadWalker(path string) (*walker, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	at, err := strconv.ParseFloat(string(data), 64)
	return &walker{at}, err
}

func toy() *Program[toySettings, *toyReport] {
	return &Program[toySettings, *toyReport]{
		Path:  "examples/toy",
		Keeps: State,
		Defaults: func() toySettings {
			return toySettings{Seed: 1, Phases: 3, Shares: []float64{0.5, 1},
				Train: Training{Epochs: 2, Batch: 8, LR: 0.1}}
		},
		Quick: func(c *toySettings) { c.Phases = 1 },
		Flags: func(fs *flag.FlagSet, c *toySettings) {
			c.Seed.Bind(fs)
			fs.IntVar(&c.Phases, "phases", c.Phases, "phases")
			fs.Var(Percents(&c.Shares), "shares", "shares")
			c.Train.Bind(fs, "train")
			fs.StringVar(&c.On, "on", "", "data")
			fs.StringVar(&c.At, "at", "", "moment")
			fs.StringVar(&c.Do, "do", "die", "what happens")
		},
		Check: func(_ *flag.FlagSet, c *toySettings) error {
			if c.Phases < 1 {
				return fmt.Errorf("-phases %d: expected at least 1", c.Phases)
			}
			return c.Train.Check("train")
		},
		Work: walk,
	}
}

func walk(ctx context.Context, j *Job, c *toySettings) (*toyReport, error) {
	if err := c.moment(ctx, "begin"); err != nil {
		return nil, err
	}
	if err := j.OnData(map[string]string{"images": c.On}); err != nil {
		return nil, err
	}
	if err := j.Begin(); err != nil {
		return nil, err
	}
	var r toyReport
	for i := range c.Phases {
		name := fmt.Sprintf("phase-%d", i+1)
		at, err := Once(j, name, func() (float64, error) {
			at := float64(0)
			if i > 0 {
				at = r.Positions[i-1]
			}
			half := j.Scratch(name)
			if half != "" {
				if err := os.WriteFile(half, []byte("half"), 0o644); err != nil {
					return 0, err
				}
			}
			shown := j.Out.Phase(name, 10)
			for step := range 10 {
				at += c.Seed.Stream("step", i, step).NormFloat64()
				shown.Set(step+1, "")
			}
			return at, c.moment(ctx, name)
		})
		if err != nil {
			return &r, err
		}
		if err := c.moment(ctx, name+"-after"); err != nil {
			return &r, err
		}
		j.Say("%s ends at %v", name, at)
		r.Positions = append(r.Positions, at)
	}
	w, err := Saved(ctx, j, "walker", loadWalker, func() (*walker, error) {
		return &walker{r.Positions[len(r.Positions)-1] * 2}, c.moment(ctx, "walker")
	})
	if err != nil {
		return &r, err
	}
	r.Walker = w.At
	return &r, c.moment(ctx, "end")
}

// moment does to the program what the settings want to happen there.
func (c *toySettings) moment(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.At != name {
		return nil
	}
	me, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	switch c.Do {
	case "fail":
		return errors.New("it was not to be")
	case "die":
		return errors.Join(me.Kill(), errors.New("still alive"))
	case "int":
		err = me.Signal(os.Interrupt)
	case "term":
		err = me.Signal(syscall.SIGTERM)
	case "stubborn": // deaf to the first signal
		if err = me.Signal(os.Interrupt); err == nil {
			<-ctx.Done()
			err = me.Signal(os.Interrupt)
			<-make(chan int)
		}
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return fmt.Errorf("%s: %w", name, ctx.Err())
}

const childVariable = "TENDRIL_TOY_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		toy().Main()
	}
	os.Exit(m.Run())
}
