package run

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// Signals returns a context that ends when the process is asked to: by Ctrl-C or by SIGTERM. After
// the first such signal the next one kills.
func Signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	came := make(chan os.Signal, 1)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-came:
			signal.Stop(came)
			cancel(&signalled{s})
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(done)
		cancel(nil)
	}
}

// signalled is the cause of a context that a signal ended.
type signalled struct{ os.Signal }

func (s *signalled) Error() string { return s.String() }

// stoppedBy tells an error that says no more than that ctx ended from others, and gives the exit
// code.
func stoppedBy(ctx context.Context, err error) (code int, stopped bool) {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return 0, false
	}
	if s, ok := errors.AsType[*signalled](context.Cause(ctx)); ok && s.Signal == syscall.SIGTERM {
		return ExitTerminated, true
	}
	return ExitInterrupted, true
}

// quoted makes a path one word of a shell.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'\\$`*?[]()<>|&;#~!{}") {
		return strconv.Quote(path)
	}
	return path
}
