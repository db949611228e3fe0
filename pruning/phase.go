package pruning

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// phase is one phase while it runs, the source of the rows of its updates.
type phase struct {
	*search
	Phase
	number  int
	begun   int // steps on the architecture before it
	updates int
	images  []int // for validation: those of its classes
	noise   searchspace.Relaxed
	rows    searchspace.Relaxed
	err     error // of its own
}

// train makes the updates of a phase.
func (s *search) train(ctx context.Context, number int) (p *phase, losses []float64, err error) {
	p = &phase{search: s, Phase: s.plan.Phases[number], number: number, begun: s.walk.steps,
		noise: s.space.Zeros(), rows: s.space.Zeros()}
	s.walk.update, s.walk.records = 0, nil
	if err := ctx.Err(); err != nil {
		return p, nil, err
	}
	if err := s.net.Narrow(ctx, s.walk.space, p.Classes); err != nil {
		return p, nil, err
	}
	for k, class := range s.net.Labels() {
		if slices.Contains(p.Classes, class) {
			p.images = append(p.images, k)
		}
	}
	p.updates = s.net.Steps(p.Epochs)
	if p.updates < 1 || p.Learn && len(p.images) == 0 {
		return p, nil,
			fmt.Errorf("%d updates and %d validation images of %d classes, expected at least 1 of both",
				p.updates, len(p.images), len(p.Classes))
	}
	file := s.opts.Checkpoint
	if file != "" {
		ext := filepath.Ext(file)
		file = strings.TrimSuffix(file, ext) + "." + strconv.Itoa(number) + ext
	}
	losses, err = s.net.Train(ctx, p.Epochs, file, p)
	switch {
	case p.err != nil: // the supernet may have made another of it
		return p, losses, p.err
	case err != nil:
		return p, losses, err
	case s.walk.update != p.updates:
		return p, losses, fmt.Errorf("the supernet ended after %d updates, expected %d", s.walk.update,
			p.updates)
	}
	return p, losses, nil
}

// Rows moves the architecture where its turn is, and gives the rows of update n.
func (p *phase) Rows(ctx context.Context, n int) (searchspace.Relaxed, error) {
	before := p.walk.clone()
	err := p.advance(ctx, n)
	if err != nil {
		p.walk, p.err = before, err
	}
	return p.rows, err
}

func (p *phase) advance(ctx context.Context, n int) error {
	if n != p.walk.update || n >= p.updates {
		return fmt.Errorf("the supernet asks for update %d of %d, expected %d", n, p.updates, p.walk.update)
	}
	progress := Progress{Phase: p.number, Name: p.Name, Update: n, Updates: p.updates}
	if p.Learn && (n+1)%p.plan.Every == 0 {
		if err := p.learn(ctx, &progress); err != nil {
			return err
		}
	}
	p.draw(forUpdate, p.rows, p.temperature())
	p.walk.update++
	if progress.Step != nil {
		return p.record(progress)
	}
	return nil
}

// Identity is the whole search.
func (p *phase) Identity() string {
	return fmt.Sprintf("pruning, phase %d of %s", p.number, p.identity)
}

// MarshalBinary is what the architecture has learnt.
func (p *phase) MarshalBinary() ([]byte, error) { return p.walk.encode(p.number) }

// UnmarshalBinary goes back to what it had learnt.
func (p *phase) UnmarshalBinary(data []byte) error {
	w, err := p.walk.decode(data, p.number)
	if err == nil && w.update > p.updates {
		err = fmt.Errorf("update %d of %d", w.update, p.updates)
	}
	if err != nil {
		return fmt.Errorf("pruning: resume: %w", err)
	}
	p.walk = w
	return nil
}
