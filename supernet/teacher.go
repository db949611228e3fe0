package supernet

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// tutor is a Teacher with defaults filled in, at work in one training.
type tutor struct {
	model               *Model // nil: the largest sub-network of the step
	temperature, weight float64
	classes             axis   // of the teacher to those of the student, by name; nil: by number
	keep                []bool // classes of the student that it teaches on; nil: all
	batchStatistics     bool

	stats  []*nn.Stats // of its batch norms, with batchStatistics
	logits []float32   // of the batch of step, one per class of the student
	step   int         // that logits belong to; −1: none
	mask   []bool
}

// inPlace reports whether the largest sub-network of the step teaches. Nil is no teacher.
func (u *tutor) inPlace() bool { return u != nil && u.model == nil }

// tutorOf prepares a teacher once in a training.
func (t *training) tutorOf(o *Teacher) (*tutor, error) {
	if u := t.tutors[o]; u != nil {
		return u, nil
	}
	u := &tutor{model: o.Model, temperature: cmp.Or(o.Temperature, 1), weight: cmp.Or(o.Weight, 1),
		batchStatistics: o.BatchStatistics, step: -1}
	if err := t.fits(u); err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	keep, err := o.check(u.keep, t.space.Classes())
	if err != nil {
		return nil, err
	}
	u.keep = keep
	if t.tutors == nil {
		t.tutors = make(map[*Teacher]*tutor)
	}
	t.tutors[o] = u
	return u, nil
}

// check refuses what no teacher can be, for a student with some classes of which the teacher knows
// some, nil for all, and says on which it teaches, nil for all that it knows.
func (o *Teacher) check(known []bool, classes int) (keep []bool, err error) {
	temperature, weight := cmp.Or(o.Temperature, 1), cmp.Or(o.Weight, 1)
	if !(temperature > 0) || !finite(temperature) || !(weight > 0) || !finite(weight) {
		return nil, fmt.Errorf("teacher with temperature %v and weight %v, expected numbers above 0",
			o.Temperature, o.Weight)
	}
	if o.Classes == nil {
		return known, nil
	}
	if len(o.Classes) == 0 {
		return nil, errors.New("teacher: no classes to teach on; nil stands for all")
	}
	keep = make([]bool, classes)
	for _, c := range o.Classes {
		if c < 0 || c >= classes || known != nil && !known[c] {
			return nil, fmt.Errorf("teacher: class %d, expected one that it and the student have", c)
		}
		if keep[c] {
			return nil, fmt.Errorf("teacher: class %d chosen twice, expected once", c)
		}
		keep[c] = true
	}
	return keep, nil
}

// fits checks that a model can teach this network, and notes the classes that it has.
func (t *training) fits(u *tutor) error {
	switch {
	case u.model == nil && !t.shared:
		return errors.New("no model; only a supernet has a larger sub-network to learn from")
	case u.model == nil:
		return nil
	case u.model.network == t.network:
		return errors.New("a model cannot teach itself while it is trained; take a copy")
	}
	if size := u.model.inputSize(); size != t.space.InputSize() {
		return fmt.Errorf("it reads images of %d pixels, expected %d", size, t.space.InputSize())
	}
	if u.model.norm != t.norm {
		return fmt.Errorf("it normalises images by %v, expected %v", u.model.norm, t.norm)
	}
	return t.matchTeacher(u)
}

// matchTeacher finds the classes that a teacher and this network both know: by name, or by number
// where one of them has no names.
func (t *training) matchTeacher(u *tutor) error {
	knows, own := u.model.classList(), len(t.classes)
	both := axis{{n: len(knows)}}
	switch {
	case knows.named() && t.classes.named():
		source, err := knows.match(t.classes)
		if err != nil {
			return err
		}
		u.classes = axisOf(source)
		both = u.classes
	case len(knows) > own:
		return fmt.Errorf("it has %d classes, expected at most %d", len(knows), own)
	default:
		t.log.Warn("classes of a teacher are matched by number", "teacher knows names", knows.named(),
			"student knows names", t.classes.named())
	}
	shared := 0
	keep := make([]bool, own)
	for _, r := range both {
		shared += r.n
		for c := range r.n {
			keep[r.to+c] = true
		}
	}
	if shared == 0 {
		return fmt.Errorf("it knows %s, expected some of the classes of the student, %s", listed(knows),
			listed(t.classes))
	}
	if shared < own {
		u.keep = keep
	}
	return nil
}

// answer makes logits those of the model for the batch of a step, one per class of the student;
// those of classes that it does not have are 0.
func (u *tutor) answer(b *dataset.Batch, step, classes int) (err error) {
	if u.step == step {
		return nil
	}
	defer tensor.Recover(&err)
	m := u.model
	m.weights.RLock()
	defer m.weights.RUnlock()
	r := m.borrow()
	defer m.giveBack(r)
	mode, how := evaluating, pass{}
	if u.batchStatistics {
		mode = nn.Recalibrating()
		for i, n := range m.prog.norms {
			if i == len(u.stats) {
				u.stats = append(u.stats, nn.NewStats(m.backend, r.tape.Stream(), n.Out.C))
			}
		}
		how.stats = u.stats
	}
	if err := r.forward(m.prog, b, mode, how); err != nil {
		return err
	}
	own := m.prog.graph.Classes
	both := u.classes
	if both == nil {
		if own > classes {
			return fmt.Errorf("it has grown to %d classes, expected at most %d", own, classes)
		}
		both = axis{{n: own}}
	}
	rows, err := r.logits(m.prog, b.N, own)
	if err != nil {
		return err
	}
	u.logits = slices.Grow(u.logits[:0], b.N*classes)[:b.N*classes]
	clear(u.logits)
	for i := range b.N {
		row, answer := rows[i*own:(i+1)*own], u.logits[i*classes:(i+1)*classes]
		for _, r := range both {
			copy(answer[r.to:r.to+r.n], row[r.from:])
		}
	}
	u.step = step
	return nil
}

// maskOf is the classes of every image that the teacher teaches on, among those that the step
// keeps, where it does not teach on all. An image without such a class gets its label alone: its
// divergence is 0.
func (u *tutor) maskOf(kept []bool, labels []int, classes int) []bool {
	u.mask = slices.Grow(u.mask[:0], len(labels)*classes)[:len(labels)*classes]
	for i, label := range labels {
		row := u.mask[i*classes : (i+1)*classes]
		some := false
		for c := range row {
			row[c] = u.keep[c] && (kept == nil || kept[i*classes+c])
			some = some || row[c]
		}
		row[label] = row[label] || !some
	}
	return u.mask
}

// identity describes the teacher in a checkpoint, its weights included.
func (o *Teacher) identity() string {
	if o == nil {
		return ""
	}
	who := "largest of the step"
	if o.Model != nil {
		who = o.Model.fingerprint()
	}
	return fmt.Sprintf("%s, temperature %v, weight %v, classes %v, batch statistics %v", who,
		orFloat(o.Temperature, 1), orFloat(o.Weight, 1), o.Classes, o.BatchStatistics)
}

// fingerprint is a digest of architecture, weights and names of classes.
func (m *Model) fingerprint() string {
	m.weights.RLock()
	defer m.weights.RUnlock()
	r := m.borrow()
	defer m.giveBack(r)
	h := sha256.New()
	fmt.Fprintln(h, m.space.Format(m.arch))
	if m.classes.named() {
		fmt.Fprintf(h, "%q\n", m.classes)
	}
	var bytes []byte
	for _, s := range m.store.list {
		fmt.Fprintln(h, s.key)
		bytes = bytes[:0]
		for _, v := range m.store.set.Lookup(s.key).Get(r.tape.Stream()) {
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
		}
		h.Write(bytes)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// finite reports whether x is neither infinite nor NaN.
func finite(x float64) bool { return x-x == 0 }
