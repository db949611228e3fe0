package nasoa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/tendril-nas/tendril/predictor"
)

const logFile = "outcomes.csv"

// stream goes through tasks: first those whose regimes are drawn, then those for which the
// generator chooses. It learns from all of them.
func (e *engine) stream(ctx context.Context, rep *Report) error {
	g, err := e.newGenerator()
	if err != nil {
		return err
	}
	log, err := e.readLog()
	if err != nil {
		return err
	}
	for i := range log { // what a stopped run has done
		if err := e.learn(g, &log[i]); err != nil {
			return err
		}
	}
	n := e.cfg.Stream.Random + e.cfg.Stream.Chosen
	shown := e.job.Out.Phase("stream", n)
	stop := e.job.Clock.Start("stream")
	for len(log) < n {
		o, err := e.next(ctx, g, len(log))
		if err != nil {
			stop()
			return err
		}
		log = append(log, *o)
		if err := e.writeLog(log); err != nil {
			stop()
			return err
		}
		e.say(o)
		shown.Set(len(log), fmt.Sprintf("mean error %s", percent(g.Score().MAE)))
	}
	stop()
	rep.Outcomes = log
	if path := e.job.Path(generatorFile); path != "" {
		if err := g.Save(path); err != nil {
			return err
		}
	}
	return rep.judge(e, g)
}

// newGenerator has learnt nothing but the log that it is to learn first.
func (e *engine) newGenerator() (*predictor.Generator, error) {
	o := predictor.TunedOptions(e.models())
	if e.cfg.Stream.Plain {
		o = predictor.Options{Models: e.models()}
	}
	o.Grid = predictor.Grid{Rates: e.cfg.Tune.Rates, Frozen: e.cfg.Tune.Frozen}
	g, err := predictor.NewGenerator(o)
	if err != nil || e.cfg.Stream.Pretaught == "" {
		return g, err
	}
	f, err := os.Open(e.cfg.Stream.Pretaught)
	if err != nil {
		return nil, fmt.Errorf("-pretaught: %w", err)
	}
	defer f.Close()
	log, err := ReadLog(f)
	for i := 0; i < len(log) && err == nil; i++ {
		err = e.learn(g, &log[i])
	}
	if err != nil {
		return nil, fmt.Errorf("-pretaught %s: %w", e.cfg.Stream.Pretaught, err)
	}
	return g, nil
}

// learn tells the generator of an outcome; what was foretold is filled in, where it is not.
func (e *engine) learn(g *predictor.Generator, o *Outcome) error {
	if o.Refused() {
		return nil
	}
	p, err := g.Learn(o.Task(), o.Regime(), o.Accuracy)
	if err != nil {
		return err
	}
	if o.Kind == kindRandom {
		o.Predicted, o.Low, o.High = p.Value, p.Low, p.High
	}
	if o.Kind == kindChosen {
		return g.LearnTime(e.request(o.Task(), o.Batch), o.Regime(), seconds(o.Training))
	}
	return nil
}

// request asks for what the stream's settings say.
func (e *engine) request(t predictor.Task, batch int) predictor.Request {
	return predictor.Request{Task: t, Times: timetable{e.zoo}, Batch: batch, Size: e.library.Size,
		Explore: e.cfg.Stream.Explore}
}

// next is outcome number i of the stream.
func (e *engine) next(ctx context.Context, g *predictor.Generator, i int) (*Outcome, error) {
	var o *Outcome
	var err error
	if i < e.cfg.Stream.Random {
		o, err = e.drawn(ctx, i)
	} else {
		o, err = e.chosen(ctx, g, i-e.cfg.Stream.Random)
	}
	if err == nil {
		err = e.learn(g, o)
	}
	if err != nil {
		return nil, fmt.Errorf("outcome %d: %w", i+1, err)
	}
	return o, nil
}

// begin is the outcome of a task before anything is known of its end.
func (e *engine) begin(ctx context.Context, kind string, i int) (*task, *Outcome, error) {
	t, err := e.draw(kind, i)
	if err != nil {
		return nil, nil, err
	}
	p, err := e.features(ctx, t)
	return t, &Outcome{Kind: kind, Number: i + 1, Source: t.source, Classes: p.Classes, Images: p.Images,
		Similarity: p.Similarity, Batch: min(e.cfg.Tune.Batch, p.Images)}, err
}

// drawn is a task with a regime that was drawn: a model, a rate, frozen stages, and as many
// iterations as some share of a time limit that was drawn too is good for by the times of the zoo.
// No clock decides, so that it is the same wherever the zoo is the same.
func (e *engine) drawn(ctx context.Context, i int) (*Outcome, error) {
	begin := time.Now()
	t, o, err := e.begin(ctx, kindRandom, i)
	if err != nil {
		return nil, err
	}
	r := e.cfg.Seed.Stream("nasoa.regime", i)
	models := e.models()
	m := models[r.IntN(len(models))]
	o.Model, o.Pretrained = m.Name, m.Accuracy
	o.Rate = e.cfg.Tune.Rates[r.IntN(len(e.cfg.Tune.Rates))]
	o.Frozen = e.cfg.Tune.Frozen[r.IntN(len(e.cfg.Tune.Frozen))]
	step, err := timetable{e.zoo}.StepTime(o.Model, o.Frozen, o.Batch, e.library.Size)
	if err != nil {
		return nil, err
	}
	o.Iterations = between(r.Float64(), fewestIterations, max(fewestIterations,
		(e.cfg.Stream.Longest-e.classifying(o.Model, t.test.Len()).Seconds())/step.Seconds()))
	o.Planned = (time.Duration(o.Iterations) * step).Seconds()
	done, err := e.try(ctx, t, predictor.Regime{Model: o.Model, Rate: o.Rate, Frozen: o.Frozen,
		Iterations: o.Iterations},
		counted(falling(o.Iterations, e.cfg.Tune.Fall)), e.cfg.Seed.For("nasoa.tune."+kindRandom, i))
	if err != nil {
		return nil, err
	}
	o.end(done, begin)
	return o, nil
}

// fewestIterations are drawn or asked for.
const fewestIterations = 5

// end fills in what came of a task.
func (o *Outcome) end(t *tuned, begin time.Time) {
	o.Steps, o.Accuracy, o.Samples = t.steps, t.accuracy, t.samples
	o.Training = t.training.Round(time.Microsecond).Seconds()
	o.Seconds = time.Since(begin).Round(time.Microsecond).Seconds()
}

// chosen is a task with a time limit, for which the generator chooses the regime.
func (e *engine) chosen(ctx context.Context, g *predictor.Generator, i int) (*Outcome, error) {
	r := e.cfg.Seed.Stream("nasoa.limit", i)
	s := &e.cfg.Stream
	limit := s.Shortest * math.Pow(s.Longest/s.Shortest, r.Float64())
	d := &deadline{begin: time.Now(), limit: seconds(limit)}
	t, o, err := e.begin(ctx, kindChosen, i)
	if err != nil {
		return nil, err
	}
	o.Limit = d.limit.Seconds()
	if _, err := e.within(ctx, g, t, o, d, e.cfg.Seed.For("nasoa.tune."+kindChosen, i)); err != nil {
		return nil, err
	}
	return o, nil
}

// readLog reads the log of a run that goes on.
func (e *engine) readLog() ([]Outcome, error) {
	path := e.job.Path(logFile)
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	log, err := ReadLog(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return log, nil
}

func (e *engine) writeLog(log []Outcome) error {
	var b bytes.Buffer
	if err := WriteLog(&b, log); err != nil {
		return err
	}
	return e.job.WriteFile(logFile, b.Bytes())
}
