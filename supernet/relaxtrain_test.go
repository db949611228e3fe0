package supernet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
)

// TestRelaxedTraining trains weights through relaxed passes: the gradients of some of them agree
// with finite differences, the loss falls, statistics move, and frozen stages stay.
func TestRelaxedTraining(t *testing.T) {
	space := smoothSpace(t)
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		l, images := relaxedLoss(t, space, sharing, nil)
		n, p := l.relax.net, l.relax.prog
		rows := randomRows(space, rand.New(rand.NewPCG(41, 42)))
		b := firstBatch(t, l.data.cache.ds, len(images))
		images = interval(0, len(images))

		tape := n.runner.tape
		n.store.set.BeginStep()
		tape.Begin(nn.Training(1))
		p.coef.write(tape.Stream(), rows, false)
		p.run(n.runner, tape.Input(inputShape(b.N, b.Size), b.X), pass{stats: n.ownStats(p.program)})
		mean := tape.Mean(tape.CrossEntropy(n.runner.slots[p.logits], tape.Goal(p.graph.Classes, nn.Labels(b.Labels))))
		tape.Backward(mean)
		if p.coef.param.Touched() {
			t.Error("rows have a gradient though only weights are trained")
		}
		grads := make(map[string][]float32)
		for _, w := range n.store.set.Touched() {
			g := make([]float32, w.Size())
			tape.Stream().Read(w.Grad(), 0, g)
			grads[w.Name()] = g
		}
		values := n.values()
		keys := make([]string, 0, len(grads))
		for key := range grads {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		r := rand.New(rand.NewPCG(43, 44))
		r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for _, key := range keys[:min(len(keys), 10)] {
			// The entry with the largest gradient of the tensor, and one at random.
			largest := 0
			for i, g := range grads[key] {
				if math.Abs(float64(g)) > math.Abs(float64(grads[key][largest])) {
					largest = i
				}
			}
			for _, i := range []int{largest, r.IntN(len(grads[key]))} {
				const h = 5e-3
				w := values[key][i]
				at := func(step float32) float64 {
					values[key][i] = w + step
					if err := n.setValues(map[string][]float32{key: values[key]}); err != nil {
						t.Fatal(err)
					}
					loss, err := l.Loss(t.Context(), rows, images)
					if err != nil {
						t.Fatal(err)
					}
					return loss
				}
				got, want := (at(h)-at(-h))/(2*h), float64(grads[key][i])
				at(0)
				if math.Abs(got-want) > 0.02*math.Abs(want)+1e-3 {
					t.Errorf("%v: %s[%d]: loss changes by %v, gradient says %v", sharing, key, i, got, want)
				}
			}
		}

		before := n.values()
		run := &training{network: n.network, plan: &plan{FrozenStages: []int{2}}, job: job{shared: true}}
		if err := run.freeze(); err != nil {
			t.Fatal(err)
		}
		var first, last float64
		for step := range 20 {
			p.coef.write(tape.Stream(), rows, false)
			loss, _, err := run.step(b, plain(p.program), 0.5, step)
			if err != nil {
				t.Fatal(err)
			}
			if step == 0 {
				first = loss
			}
			last = loss
		}
		if last > 0.9*first {
			t.Errorf("%v: loss fell from %v to %v only", sharing, first, last)
		}
		for key, v := range n.values() {
			if s := n.store.byKey[key]; slices.Equal(v, before[key]) != (s.node.Stage == 2) {
				t.Errorf("%v: %s of stage %d moved: %v", sharing, key, s.node.Stage, s.node.Stage != 2)
			}
		}
	}
}
