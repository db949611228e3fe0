package supernet

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// shrinker is one run of Net.Shrink.
type shrinker struct {
	net    *Net
	data   dataset.Dataset
	opts   ShrinkOptions // with defaults filled in
	epochs []int         // by phase
	steps  []int         // by phase
	passed int           // steps of the phases before the one under way
	result *ShrinkResult
}

// run goes through the phases. With a folder all of them are called, finished ones too: they put
// the weights that they ended with in place, so that what a phase starts from never depends on
// where an interruption was.
func (s *shrinker) run(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	for k := range s.opts.Phases {
		if err := s.phase(ctx, k); err != nil {
			return fmt.Errorf("phase %s: %w", s.opts.Phases[k].Name, err)
		}
		s.passed += s.steps[k]
	}
	return nil
}

// prepare fills in defaults and checks everything before the first step.
func (s *shrinker) prepare(ctx context.Context) (err error) {
	o := &s.opts
	if o.Train == nil {
		o.Train = ShrinkTraining()
	}
	if err := shrinkable(o.Train); err != nil {
		return err
	}
	if o.Phases == nil {
		if o.Phases, err = ShrinkPhases(s.net.Space()); err != nil {
			return err
		}
	}
	if o.Teacher == nil {
		o.Teacher = &Teacher{BatchStatistics: true}
	}
	if _, err := o.Teacher.check(nil, s.net.Classes()); err != nil {
		return err
	}
	o.Phases = slices.Clone(o.Phases)
	if s.result.Teacher = o.Teacher.Model; o.Teacher.Model != nil {
		o.Phases = slices.DeleteFunc(o.Phases, func(p ShrinkPhase) bool { return p.Teaches })
	}
	if err := s.checkPhases(ctx); err != nil {
		return err
	}
	p, err := planOf(o.Train, s.data, s.net.Classes())
	if err != nil {
		return err
	}
	if s.epochs, err = ShrinkEpochs(o.Phases, p.Epochs); err != nil {
		return err
	}
	for _, epochs := range s.epochs {
		s.steps = append(s.steps, epochs*p.StepsPerEpoch)
	}
	if o.Folder == "" {
		return nil
	}
	return checkpoint.MakeDir(o.Folder)
}

// shrinkable refuses training options that the phases decide about.
func shrinkable(o *TrainOptions) error {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"TMax", o.TMax != 0}, {"WarmupSteps", o.WarmupSteps != 0}, {"Teacher", o.Teacher != nil},
		{"Checkpoint", o.Checkpoint != ""}, {"From", o.From != ""}, {"Recorder", o.Recorder != nil},
		{"Subnets.Sampler", o.Subnets.Sampler != nil}, {"Subnets.StepsPerDraw", o.Subnets.StepsPerDraw != 0},
	} {
		if f.set {
			return fmt.Errorf("training options with %s, which the phases decide about; see ShrinkOptions.Train",
				f.name)
		}
	}
	return nil
}

// checkPhases looks through the phases, and whether channels can be sorted where one asks for it.
func (s *shrinker) checkPhases(ctx context.Context) error {
	if err := s.net.acquire(ctx); err != nil {
		return err
	}
	defer s.net.release()
	if len(s.opts.Phases) == 0 {
		return errors.New("no phases")
	}
	for i := range s.opts.Phases {
		p := &s.opts.Phases[i]
		if p.Subnets == 0 {
			p.Subnets = 1
		}
		if p.LR == 0 {
			p.LR = 1
		}
		if p.Subnets < 1 || !(p.LR > 0) || !finite(p.LR) || !(p.Warmup >= 0 && p.Warmup < 1) {
			return fmt.Errorf("phase %s with %d sub-networks, rate %v and warm-up %v, expected at least 1, more "+
				"than 0, and [0, 1)", p.Name, p.Subnets, p.LR, p.Warmup)
		}
		if p.Space == nil {
			return fmt.Errorf("phase %s: no space", p.Name)
		}
		if _, err := s.net.restriction(p.Space); err != nil {
			return fmt.Errorf("phase %s: %w", p.Name, err)
		}
		if p.Sort {
			if _, err := s.net.top(); err != nil {
				return fmt.Errorf("phase %s: sort channels: %w", p.Name, err)
			}
		}
	}
	return nil
}

// phase sorts channels, trains, and notes who teaches from then on.
func (s *shrinker) phase(ctx context.Context, k int) error {
	p := &s.opts.Phases[k]
	if p.Sort {
		var separated *searchspace.Space
		if k > 0 {
			separated = s.opts.Phases[k-1].Space
		}
		if err := s.net.sortChannels(ctx, separated); err != nil {
			return fmt.Errorf("sort channels: %w", err)
		}
	}
	res, err := s.net.turnAndRun(ctx, s.data, s.training(k))
	s.result.Phases = append(s.result.Phases, ShrunkPhase{*p, res})
	if err != nil || !p.Teaches {
		return err
	}
	s.result.Teacher, err = s.net.extract(ctx, p.Space.Largest(), nil)
	return err
}

// training is the options of a phase.
func (s *shrinker) training(k int) *TrainOptions {
	p := &s.opts.Phases[k]
	o := *s.opts.Train
	o.Epochs, o.LR = s.epochs[k], p.LR*orFloat(o.LR, defaultLR)
	o.WarmupSteps = int(math.Round(p.Warmup * float64(s.steps[k])))
	o.Seed = stream.Seed(o.Seed, "supernet.shrink", uint64(k))
	o.Subnets.Sampler, o.Subnets.StepsPerDraw = s.sampler(k, o.Seed), 1
	if len(o.Subnets.Validation) == 0 {
		o.Subnets.Validation = slices.Compact([]searchspace.Arch{p.Space.Smallest(), p.Space.Largest()})
	}
	switch {
	case p.Teaches:
		o.Masks = nil
	case o.Masks != nil:
		o.Masks = laterMasks{o.Masks, s.passed}
	}
	if !p.Teaches && s.result.Teacher != nil {
		teacher := *s.opts.Teacher
		teacher.Model = s.result.Teacher
		o.Teacher = &teacher
	}
	if s.opts.Folder != "" {
		o.Checkpoint = filepath.Join(s.opts.Folder, fmt.Sprintf("phase%d.ckpt", k+1))
	}
	o.Recorder = s.recorder(k)
	return &o
}

// sampler draws the sub-networks of a phase. Its identity is that of all phases up to this one,
// which decide about the weights that it starts from.
func (s *shrinker) sampler(k int, seed uint64) Sampler {
	h := sha256.New()
	for i, p := range s.opts.Phases[:k+1] {
		fmt.Fprintln(h, digest(p.Space), s.epochs[i], p.Subnets, p.LR, p.Warmup, p.Teaches, p.Sort)
	}
	p := &s.opts.Phases[k]
	draws := Uniform(p.Space, seed)
	if p.Space.Smallest() == p.Space.Largest() {
		draws = Cycle(p.Space.Largest())
	}
	if p.Subnets > 1 {
		draws = Several(p.Subnets, draws)
	}
	return NewSampler(fmt.Sprintf("phase %d of shrinking %x, %s", k+1, h.Sum(nil)[:8], draws.Identity()),
		draws.Sample)
}

// recorder passes the reports of a phase on.
func (s *shrinker) recorder(k int) Recorder {
	if s.opts.Recorder == nil {
		return nil
	}
	all, passed := 0, s.passed
	for _, steps := range s.steps {
		all += steps
	}
	return RecorderFunc(func(p Progress) error {
		return s.opts.Recorder.Record(ShrinkProgress{Phase: k, Phases: len(s.opts.Phases),
			Name: s.opts.Phases[k].Name, Step: passed + p.Step, Steps: all, Training: p})
	})
}

// laterMasks is masks for a training that others go before.
type laterMasks struct {
	ClassMasks
	passed int // steps of the others
}

func (m laterMasks) Mask(step int, labels []int, keep []bool) error {
	return m.ClassMasks.Mask(m.passed+step, labels, keep)
}

func (m laterMasks) Identity() string {
	return fmt.Sprintf("%s, after %d steps", m.ClassMasks.Identity(), m.passed)
}
