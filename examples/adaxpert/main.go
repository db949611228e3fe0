package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/tendril-nas/tendril/examples/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cl, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, "adaxpert:", err)
		return exitUsage
	}
	level := slog.LevelWarn
	if cl.verbose {
		level = slog.LevelInfo
	}
	shown := stdout
	if cl.json == "-" {
		shown = stderr
	}
	printer := progress.New(shown, &progress.Options{Plain: cl.plain})
	report, err := growth.Run(ctx, cl.config, &growth.Options{
		Dir: cl.out, Resume: cl.resume, Out: printer,
		Log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		fmt.Fprintln(stderr, "adaxpert:", err)
		if cl.out != "" && ctx.Err() != nil {
			fmt.Fprintf(stderr, "adaxpert: stopped; go on with: -resume -out %s\n", cl.out)
		}
		return exitError
	}
	printer.Printf("final network %s", report.Final.Arch)
	printer.Printf("MAdds %.3f M, test accuracy %.2f %%", float64(report.Final.MAdds)/1e6, 100*report.Final.TestAccuracy)
	if err := writeJSON(cl.json, report, stdout); err != nil {
		fmt.Fprintln(stderr, "adaxpert:", err)
		return exitError
	}
	return exitOK
}

func writeJSON(path string, report *growth.Report, stdout io.Writer) error {
	if path == "" {
		return nil
	}
	data, err := report.Encode()
	if err != nil {
		return err
	}
	if path == "-" {
		_, err = stdout.Write(data)
		return err
	}
	return checkpoint.WriteBytesAtomic(path, data)
}
