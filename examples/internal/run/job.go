package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Job is one start of a program: where it reports to and what it keeps. Nothing in it decides a
// result.
type Job struct {
	*Store                   // what is kept between starts
	Out    *progress.Printer // lines and bars for people
	Log    *slog.Logger      // for the packages; silent by default
	Clock  *Clock
	In     io.Reader // standard input

	mu    sync.Mutex
	there *saved   // what the run in the folder was started with; nil = there is none
	saved *saved   // settings to be written when the run begins; nil = written, or never to be
	said  []string // lines of the log

	unlock func() error // ends the use of the folder; nil = not locked
}

const (
	logFile       = "log.txt"
	scratchSuffix = ".part"
)

// NewJob returns a job that keeps its state in dir ("" = in memory), shows progress on out and logs
// to log; nil for either is silence.
func NewJob(dir string, out *progress.Printer, log *slog.Logger) *Job {
	if out == nil {
		out = progress.Quiet()
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := NewStore(dir)
	return &Job{Store: s, Out: out, Log: log, Clock: newClock(s, log), In: strings.NewReader("")}
}

// Sub is the job of a part that is a run of its own, in a folder of its own inside that of j.
func (j *Job) Sub(name string) *Job { return NewJob(j.Path(name), j.Out, j.Log) }

// job makes the job of a command line. A run in the folder is gone on with or refused.
func (p *Program[C, R]) job(l *line[C], s Streams) (*Job, error) {
	shown, level := s.Out, slog.LevelWarn
	if l.json == "-" {
		shown = s.Err
	}
	if l.log {
		level = slog.LevelInfo
	}
	out := progress.New(shown, &progress.Options{Plain: l.plain})
	j := NewJob(l.out, out, slog.New(slog.NewTextHandler(out.Beside(s.Err),
		&slog.HandlerOptions{Level: level})))
	j.In = s.In
	switch p.Keeps {
	case Files:
		return j, os.MkdirAll(l.out, 0o755)
	case State:
		if err := j.lock(); err != nil {
			return nil, err
		}
		if !l.resume && isRun(l.out) {
			return nil, errors.Join(fmt.Errorf("%s %w", l.out, ErrRunThere), j.release())
		}
		now, err := p.saved(l)
		if err := j.adopt(now, err); err != nil {
			return nil, errors.Join(err, j.release())
		}
	}
	return j, nil
}

// lock makes the job the only one that uses its folder; see checkpoint.Lock.
func (j *Job) lock() (err error) {
	if j.dir != "" && j.unlock == nil {
		j.unlock, err = checkpoint.Lock(j.dir)
	}
	return err
}

// release ends what lock began.
func (j *Job) release() (err error) {
	if j.unlock != nil {
		err = j.unlock()
		j.unlock = nil
	}
	return err
}

// adopt makes a run of these settings go on in the folder of j, or begin there.
func (j *Job) adopt(now *saved, err error) error {
	if err != nil || j.dir == "" {
		return err
	}
	there, err := readSaved(j.dir)
	if err != nil {
		return err
	}
	if there == nil {
		j.saved = now
	} else if err := there.agree(now); err != nil {
		return fmt.Errorf("%s %w", j.dir, err)
	}
	j.there = there
	return j.sweep()
}

// OnData says what the run's data are, as something whose JSON tells data apart: data.Fingerprint,
// for example. It is kept with the settings, and a run that goes on with other data is refused by
// the names of what differs. Call it before Begin.
func (j *Job) OnData(fingerprint any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	data, err := json.Marshal(fingerprint)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if j.there != nil {
		if err := j.there.on(data); err != nil {
			return fmt.Errorf("%s %w", j.dir, err)
		}
		if j.there.Data == nil {
			j.saved = j.there
		}
	}
	if j.saved != nil {
		j.saved.Data = data
	}
	return nil
}

// Begin makes the folder that of a run of the job's settings, for which another start of other
// settings is an error from now on. Call it when the settings have proved to fit the data and
// before anything is kept by other means than Once, Saved and TrainOptions, which call it too.
func (j *Job) Begin() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.saved == nil {
		return nil
	}
	if err := j.Write(settingsFile, j.saved); err != nil {
		return err
	}
	j.saved = nil
	return nil
}

// Say prints a line that belongs to the run's log as well.
func (j *Job) Say(format string, args ...any) {
	j.Out.Printf(format, args...)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.said = append(j.said, fmt.Sprintf(format, args...)+"\n")
}

// Scratch is the path of a file, or a folder, that a phase needs while it is unfinished only; it is
// removed when the phase is over. A phase with several such files calls the others PHASE.MORE.
func (j *Job) Scratch(phase string) string { return j.Path(phase + scratchSuffix) }

// isScratch says which files are those of Scratch for a phase.
func isScratch(phase string) func(name string) bool {
	return func(name string) bool {
		return strings.HasSuffix(name, scratchSuffix) && strings.HasPrefix(name, phase+".")
	}
}

// done ends a phase whose result has been kept.
func (j *Job) done(phase string) error {
	err := j.remove(isScratch(phase))
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(err, j.writeLog())
}

// close ends the job and its use of the folder. After a kill long ago a phase may have been kept
// and its scratch files not yet removed.
func (j *Job) close(finished bool) (err error) {
	if finished {
		err = j.remove(func(name string) bool { return strings.HasSuffix(name, scratchSuffix) })
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(err, j.writeLog(), j.release())
}

// writeLog brings the log up to date. A run that has not begun has none.
func (j *Job) writeLog() error {
	if len(j.said) == 0 || j.saved != nil {
		return nil
	}
	return j.WriteFile(logFile, []byte(strings.Join(j.said, "")))
}

// writeJSON writes what -json asks for.
func writeJSON(file string, v any, stdout io.Writer) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("-json: %w", err)
	}
	data = append(data, '\n')
	if file == "-" {
		_, err = stdout.Write(data)
		return err
	}
	return checkpoint.WriteBytesAtomic(file, data)
}

// Files of a report.
const (
	TextFile = "report.txt"
	JSONFile = "report.json"
)

// WriteReport writes files by their names, then a report's text to TextFile, and last the report
// itself to JSONFile.
func (j *Job) WriteReport(report any, text string, files map[string][]byte) error {
	full, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := j.WriteFile(name, files[name]); err != nil {
			return err
		}
	}
	if err := j.WriteFile(TextFile, []byte(text)); err != nil {
		return err
	}
	return j.WriteFile(JSONFile, append(full, '\n'))
}
