package eas

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// stateFile has what queries need beside the generator.
const stateFile = "superclasses.json"

// state is its content.
type state struct {
	Superclasses []generator.Superclass `json:"superclasses"`
	Unit         unit                   `json:"unit"`
}

// QueryAnswer is the answer to a query.
type QueryAnswer struct {
	Query   string           `json:"query"`
	Classes []string         `json:"classes"`
	Arch    string           `json:"arch"`
	Choices searchspace.Arch `json:"choices"`
	Budget  float64          `json:"budget"`
	Cost    float64          `json:"cost"`
	File    string           `json:"file,omitempty"` // ONNX
}

// parseQuery reads scenarios, "insect:40M,dog+cat:60M".
func parseQuery(text string, u unit) (texts []string, list []generator.Scenario, err error) {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		i := strings.LastIndexByte(one, ':')
		if i < 1 {
			return nil, nil, fmt.Errorf("-query %q: expected SUPERCLASS:BUDGET, like insect:%s", one, u.Text(4.5*u.Of))
		}
		budget, err := u.parse(strings.TrimSpace(one[i+1:]))
		if err != nil {
			return nil, nil, fmt.Errorf("-query %q: %w", one, err)
		}
		names := strings.Split(one[:i], "+")
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
		texts = append(texts, one)
		list = append(list, generator.Scenario{Superclasses: names, Budget: budget})
	}
	return texts, list, nil
}

// isOver says whether a run has left a generator to ask.
func isOver(j *run.Job) (bool, error) {
	if ok, err := j.Has(stateFile); !ok || err != nil {
		return false, err
	}
	return j.Has(generatorPhase(EAS) + ".ckpt")
}

// answerFromState answers by the generator of a run that is over. Images are read only to extract
// networks.
func answerFromState(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	var s state
	if _, err := j.Read(stateFile, &s); err != nil {
		return nil, err
	}
	g, err := generator.Load(j.Path(generatorPhase(EAS)+".ckpt"), &generator.Options{Logger: j.Log})
	if err != nil {
		return nil, err
	}
	rep := &Report{Superclasses: s.Superclasses, Unit: s.Unit, Low: g.Options().Low, High: g.Options().High,
		Drop: cfg.Drop}
	if rep.Queries, err = answerQueries(j, g, s.Superclasses, s.Unit, cfg.Query); err != nil ||
		cfg.Extract == "" {
		return rep, err
	}
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return rep, err
	}
	if err := e.train(ctx); err != nil {
		return rep, err
	}
	return rep, e.extract(ctx, rep.Queries)
}

// answerQueries answers in one pass of the generator.
func answerQueries(j *run.Job, g *generator.Generator, superclasses []generator.Superclass, u unit,
	text string) ([]QueryAnswer, error) {
	texts, scenarios, err := parseQuery(text, u)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	answers, err := g.Generate(context.Background(), scenarios, &generator.GenerateOptions{Use: leastUse})
	took := time.Since(began)
	if errors.Is(err, generator.ErrBudget) {
		low, high := g.Options().Low, g.Options().High
		i := slices.IndexFunc(scenarios, func(s generator.Scenario) bool {
			return s.Budget < low || s.Budget > high
		})
		return nil, fmt.Errorf("-query %q: budget out of range, expected from %s to %s", texts[max(i, 0)],
			u.exact(low), u.exact(high))
	}
	if err != nil {
		return nil, fmt.Errorf("-query: %w", err)
	}
	var out []QueryAnswer
	for i, a := range answers {
		classes, err := generator.ClassesOf(superclasses, scenarios[i])
		if err != nil {
			return nil, err
		}
		q := QueryAnswer{Query: texts[i], Classes: classes, Arch: g.Space().Format(a.Arch), Choices: a.Arch,
			Budget: scenarios[i].Budget, Cost: a.Cost}
		j.Out.Printf("%s: %s, %d classes\n  %s", q.Query, u.Text(q.Cost), len(classes), q.Arch)
		out = append(out, q)
	}
	j.Out.Printf("%d answers in %.2f ms", len(out), 1e3*took.Seconds())
	return out, nil
}

// extract writes the networks of answers for their classes alone.
func (e *engine) extract(ctx context.Context, list []QueryAnswer) error {
	if err := os.MkdirAll(e.cfg.Extract, 0o755); err != nil {
		return fmt.Errorf("-extract: %w", err)
	}
	var queries []string
	for _, q := range list {
		queries = append(queries, q.Query)
	}
	files := fileNames(queries)
	for i := range list {
		q := &list[i]
		labels, err := e.labels(q.Classes)
		if err != nil {
			return err
		}
		judge, err := e.net.On(e.images.test, &supernet.EvalOptions{Calibration: e.images.train, Classes: labels,
			Seed: e.cfg.Seed.For("eas.extract")})
		if err != nil {
			return err
		}
		m, err := judge.Extract(ctx, q.Choices)
		if err != nil {
			return err
		}
		q.File = filepath.Join(e.cfg.Extract, files[i]+".onnx")
		if err := m.WriteONNX(ctx, q.File, &supernet.ONNXOptions{Probabilities: true}); err != nil {
			return err
		}
		e.job.Out.Printf("%s: %s", q.Query, q.File)
	}
	return nil
}

// labels are the numbers of classes in the network.
func (e *engine) labels(classes []string) ([]int, error) {
	known := map[string]int{}
	for c, name := range e.images.train.Classes() {
		known[name] = c
	}
	var out []int
	for _, name := range classes {
		c, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("the network has no class %q", name)
		}
		out = append(out, c)
	}
	return out, nil
}
