package supernet

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/searchspace"
)

// killEnv is what a child process of TestKilledProcess trains: steps to report before it waits to
// be killed, and the checkpoint.
const killEnv = "TENDRIL_TEST_KILLED_TRAINING"

// TestKilledProcess kills a process that trains, without warning, and lets others go on: the end
// has the bits of a run that nobody disturbed.
func TestKilledProcess(t *testing.T) {
	train := stripes(t, 70, 16, 1)
	if steps, path, child := strings.Cut(os.Getenv(killEnv), " "); child {
		left, err := strconv.Atoi(steps)
		if err != nil {
			t.Fatal(err)
		}
		o := resumable(t)
		o.Checkpoint, o.CheckpointEvery = path, 1
		o.Recorder = RecorderFunc(func(p Progress) error {
			fmt.Printf("step %d\n", p.Step)
			if left--; left == 0 {
				time.Sleep(time.Hour)
			}
			return nil
		})
		if _, err := tinyModel(t).Train(context.Background(), train, o); err != nil {
			t.Fatal(err)
		}
		return
	}
	whole := tinyModel(t)
	if _, err := whole.Train(context.Background(), train, resumable(t)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "train.ckpt")
	for _, steps := range []int{3, 5} {
		killAfter(t, path, steps)
	}
	o := resumable(t)
	o.Checkpoint, o.CheckpointEvery = path, 1
	last := tinyModel(t)
	res, err := last.Train(context.Background(), train, o)
	if err != nil || res.Status != searchspace.StatusFinished {
		t.Fatalf("%+v, %v", res, err)
	}
	if !res.Resumed {
		t.Error("the killed processes left no checkpoint")
	}
	sameValues(t, last.values(), whole.values())
}

// killAfter starts this test in another process and kills it when it has printed some steps.
func killAfter(t *testing.T, path string, steps int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", killEnv, steps, path))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for s := bufio.NewScanner(out); seen < steps && s.Scan(); {
		if strings.HasPrefix(s.Text(), "step ") {
			seen++
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process ended before it was killed")
	}
	if seen < steps {
		t.Errorf("the process trained %d steps, expected %d", seen, steps)
	}
}
