//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package checkpoint

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The message names the other process, and one that is killed leaves nothing that blocks.
func TestLockOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), lockEnv+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Errorf("the child says %q, %v", line, err)
	}
	_, err = Lock(dir)
	if want := fmt.Sprintf("process %d", child.Process.Pid); !errors.Is(err, ErrInUse) ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("error %v, expected one that names %s", err, want)
	}
	child.Process.Kill()
	child.Wait() // reports the kill
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
