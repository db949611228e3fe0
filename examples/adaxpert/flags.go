package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/examples/internal/growth"
)

// command is a parsed command line: what is run, and where results go.
type command struct {
	config         growth.Config
	out, json      string
	resume         bool
	plain, verbose bool
}

// parse reads the command line. The table behind the flags is that of the saved run when one is resumed, so that no setting needs to
// be given again; settings given all the same must agree with it.
func parse(args []string, help io.Writer) (*command, error) {
	var c command
	var err error
	if c.config, err = growth.Parse("adaxpert", args, nil, c.bind, help); err != nil {
		return nil, err
	}
	if c.resume && c.out == "" {
		return nil, errors.New("-resume needs -out, the directory of the run")
	}
	if c.resume {
		saved, ok, err := growth.SavedConfig(c.out)
		if err != nil {
			return nil, err
		}
		if ok {
			if c.config, err = growth.Parse("adaxpert", args, &saved, c.bind, io.Discard); err != nil {
				return nil, err
			}
		}
	}
	if c.json != "" && c.json != "-" {
		if info, err := os.Stat(filepath.Dir(c.json)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("-json %s: no such directory", c.json)
		}
	}
	return &c, c.config.Check()
}

func (c *command) bind(fs *flag.FlagSet) {
	fs.StringVar(&c.out, "out", "", "directory for checkpoints, the final model and pictures (empty: none)")
	fs.StringVar(&c.json, "json", "", "file for the results as JSON (-: standard output, progress goes to standard error)")
	fs.BoolVar(&c.resume, "resume", false, "go on with the run in -out, if there is one")
	fs.BoolVar(&c.plain, "plain", false, "plain lines instead of a progress bar, on a terminal too")
	fs.BoolVar(&c.verbose, "v", false, "log what the packages do")
}
