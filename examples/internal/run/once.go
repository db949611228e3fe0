package run

import (
	"context"
	"fmt"
)

// Once returns what the phase of that name found: from its file NAME.json when the phase is over,
// else from do, whose result is kept there. T goes through JSON. The phase's time is on the clock
// under its name.
func Once[T any](j *Job, name string, do func() (T, error)) (T, error) {
	if v, ok, err := Recall[T](j, name); ok || err != nil {
		return v, err
	}
	var none T
	v, err := onClock(j, name, do)
	if err != nil {
		return none, err
	}
	if err := j.Write(name+".json", v); err != nil {
		return none, err
	}
	return v, j.done(name)
}

// Recall returns what the phase of that name found, if it is over.
func Recall[T any](j *Job, name string) (v T, over bool, err error) {
	over, err = j.Read(name+".json", &v)
	return v, over, err
}

// Saver is what keeps itself in a file: a supernet.Net or Model, for example.
type Saver interface {
	Save(ctx context.Context, path string) error
}

// Saved is Once for values that keep themselves: from the file NAME.ckpt by load when the phase is
// over, else from do, whose result is saved there. Without a folder the value is not kept, and a
// second call does the work again.
func Saved[T Saver](ctx context.Context, j *Job, name string,
	load func(path string) (T, error), do func() (T, error)) (T, error) {
	var none T
	file := name + ".ckpt"
	there, err := j.Has(file)
	if err != nil {
		return none, err
	}
	if there {
		return load(j.Path(file))
	}
	v, err := onClock(j, name, do)
	if err != nil {
		return none, err
	}
	if path := j.Path(file); path != "" {
		if err := v.Save(ctx, path); err != nil {
			return none, fmt.Errorf("%s: %w", file, err)
		}
	}
	return v, j.done(name)
}

// onClock does a phase. It is whole, for the clock, where no earlier start has left a part of it.
func onClock[T any](j *Job, name string, do func() (T, error)) (v T, err error) {
	if err := j.Begin(); err != nil {
		return v, err
	}
	part, err := j.has(isScratch(name))
	if err != nil {
		return v, err
	}
	stop := j.Clock.start(name)
	defer func() { stop(err == nil && !part) }()
	return do()
}
