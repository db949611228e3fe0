package transfer

import (
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// speed is how many multiply-adds two cores do in a second of training: measured once, with
// AVX-512, 24 000 steps of an image of 64 pixels through Lite0 in a minute. It is a constant
// because what is run must not depend on a clock; minutes on other machines differ accordingly.
const speed = 38e9

// A forward pass costs the multiply-adds of a network, and with the backward one, which has
// gradients of inputs and of weights, three times as much.
const backward = 3

// calibrations of a morph: statistics are measured before it and after.
const calibrations = 2

// Lengths are how long everything takes, as the minutes or the flags decide.
type Lengths struct {
	Head   int  `json:"head"` // images
	Tune   Span `json:"tune"`
	Search int  `json:"search"` // images that judge a candidate
	Last   Span `json:"last"`
}

// Span is a training's length.
type Span struct {
	Images int `json:"images"`
	Epochs int `json:"epochs"`
	Steps  int `json:"steps"`
}

// plan decides lengths from the number of images, their size and the minutes.
func (e *engine) plan() (l Lengths, err error) {
	cfg := e.cfg
	g, err := e.space.Lower(e.start)
	if err != nil {
		return l, err
	}
	one := float64(g.Cost().MAdds)
	shares := cfg.Head.Share + cfg.Tune.Share
	if cfg.Adapt {
		shares += cfg.Search.Share + 2*cfg.Last.Share
	}
	budget := func(share float64) float64 { return cfg.Minutes * 60 * speed * share / shares }
	n := e.images.train.Len()
	l.Head = min(n, max(1000, int(budget(cfg.Head.Share)/one)/(1+cfg.Head.Passes)))
	l.Tune = cfg.Tune.length(n, budget(cfg.Tune.Share)/trained(g, cfg.Tune.Frozen))
	if !cfg.Adapt {
		return l, nil
	}
	l.Last = cfg.Last.length(n, budget(cfg.Last.Share)/trained(g, cfg.Last.Frozen))
	if l.Search = cfg.Search.Images; l.Search == 0 {
		each := int(budget(cfg.Search.Share)/one)/(2*len(e.neighbours())) - calibrations*cfg.Search.Calibrated
		l.Search = max(each, 2*len(e.images.train.Classes()), 32)
	}
	l.Search = min(l.Search, e.images.held.Len())
	return l, nil
}

// trained is the multiply-adds of an image in training, with the first stages frozen.
func trained(g *searchspace.Graph, frozen int) (sum float64) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Stage < frozen {
			sum += float64(n.MAdds())
		} else {
			sum += backward * float64(n.MAdds())
		}
	}
	return sum
}

// length is that of training on so many images where there is time for so many passes of an image.
// Of more images than there is time for, only a part is trained on.
func (t *Training) length(images int, passes float64) Span {
	table := t.Training
	if table.Epochs == 0 {
		table.Epochs = max(1, min(t.Most, int(passes/float64(images))))
		if most := max(int(passes), table.Batch*max(1, table.MinSteps)); images > most {
			images = most
		}
	}
	epochs, steps := table.Plan(images)
	return Span{images, epochs, epochs * steps}
}

// table is a training of that length, and the images for it.
func (t *Training) table(s Span, ds dataset.Dataset, seed uint64) (run.Training, dataset.Dataset, error) {
	table := t.Training
	table.Epochs, table.MinSteps = s.Epochs, 0
	some, err := data.Some(ds, s.Images, seed)
	return table, some, err
}

// work of the steps in multiply-adds, for the bar: the minutes decide it but for rounding.
func (l Lengths) work(cfg *Config, g *searchspace.Graph, tried int) map[string]float64 {
	of := func(s Span, batch int, cost float64) float64 { return float64(s.Steps*batch) * cost }
	w := map[string]float64{titleTune: of(l.Tune, cfg.Tune.Batch, trained(g, cfg.Tune.Frozen))}
	if cfg.Adapt {
		each := l.Search + calibrations*cfg.Search.Calibrated
		w[titleSearch] = float64(2*tried*each) * float64(g.Cost().MAdds)
		w[titleAdapted] = of(l.Last, cfg.Last.Batch, trained(g, cfg.Last.Frozen))
		w[titleKept] = w[titleAdapted]
	}
	return w
}
