package supernet

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// Pass is one forward and backward run of a training step: what runs, and what its loss is. The
// passes of a step run one after the other on the same images, so that memory is that of the
// largest; their gradients add up, and one update follows.
//
// The loss of a pass is Weight·(Labels·cross entropy + Teacher.Weight·T²·KL), both terms means over
// the images. The zero value of everything but Arch is plain training on labels.
type Pass struct {
	// Arch is the sub-network that runs, if Relaxation is nil.
	Arch searchspace.Arch
	// Relaxation, of the Net that is trained, runs at Rows instead. The weights learn; the rows get
	// no gradient here, see RelaxedLoss. What only entries of 0 lead to is not computed, its
	// weights and running statistics stay: at rows of 0 and 1 a step is that of the sub-network, to
	// the bit under SinglePath. Channels are always computed, so under Elastic the statistics of
	// those that the rows do not use move, too.
	Relaxation *Relaxation
	Rows       searchspace.Relaxed
	// Weight of the pass in the loss of the step; 0 means 1.
	Weight float64
	// Labels is the weight of the cross entropy with the labels; 0 means 1, a negative number none.
	Labels float64
	// Teacher adds distillation; nil means TrainOptions.Teacher. A sampler should return the same
	// value for the same teacher: what is prepared for a teacher is remembered by its address.
	Teacher *Teacher
}

// Teacher is what a pass is distilled from: the loss gains Weight·T²·KL(teacher ‖ student), the
// divergence of softmaxes at temperature T, as a mean over the images (Hinton et al., "Distilling
// the Knowledge in a Neural Network", 2015). No gradient reaches the teacher.
type Teacher struct {
	// Model teaches, without dropout; its answers go through host memory, one more download a step.
	// It must read images as the student does: the same size and normalisation. It may serve
	// meanwhile; training it meanwhile is an error of the caller's that makes results depend on
	// time. Nil means the sub-network of the step with the most multiply-adds: it runs first, in
	// the mode of training, and has no teacher itself (in-place distillation, Yu and Huang,
	// "Universally Slimmable Networks", 2019).
	Model *Model
	// Temperature T; 0 means 1.
	Temperature float64
	// Weight of the term; 0 means 1.
	Weight float64
	// Classes lists the classes that it teaches, by their numbers in the student. The softmaxes of
	// both are over these alone. Nil means all classes that both know. Classes of teacher and
	// student are matched by name, so that the teacher may number its own in another way, and know
	// others; by number, with a warning, where one of the two has no names.
	Classes []int
	// BatchStatistics makes the batch norms of Model use the statistics of each batch, as those of
	// the student do. Its running statistics, which they use by default, stay as they are.
	BatchStatistics bool
}

// passRun is a Pass with defaults filled in and bound to stored weights.
type passRun struct {
	program        *program
	coef           *coefficients // of a relaxed program, to be set to what rows say; nil: none
	rows           searchspace.Relaxed
	weight, labels float64
	teacher        *tutor // nil: none
}

// bind finds the program of a pass and fills in its defaults.
func (t *training) bind(pass Pass) (r passRun, err error) {
	r = passRun{weight: pass.Weight, labels: pass.Labels, teacher: t.tutor}
	if x := pass.Relaxation; x == nil {
		r.program, err = t.program(pass.Arch)
	} else {
		err = t.bindRelaxed(&r, x, pass.Rows)
	}
	if err != nil {
		return r, err
	}
	if err := r.program.enough(t.plan.BatchSize, t.takes); err != nil {
		return r, err
	}
	if r.weight == 0 {
		r.weight = 1
	}
	if r.labels == 0 {
		r.labels = 1
	}
	r.labels = max(r.labels, 0)
	if !finite(r.weight) || r.weight < 0 || !finite(pass.Labels) {
		return r, fmt.Errorf("pass of weight %v with labels of weight %v, expected finite numbers, the "+
			"first not below 0", pass.Weight, pass.Labels)
	}
	if pass.Teacher != nil {
		if r.teacher, err = t.tutorOf(pass.Teacher); err != nil {
			return r, err
		}
	}
	return r, nil
}

// bindRelaxed is bind for a relaxed architecture.
func (t *training) bindRelaxed(r *passRun, x *Relaxation, rows searchspace.Relaxed) error {
	if x.net == nil || x.net.network != t.network {
		return errors.New("relaxation of another network, expected one of the network that is trained")
	}
	if err := x.space.CheckRelaxed(rows); err != nil {
		return err
	}
	p, err := x.program()
	if err != nil {
		return err
	}
	p = p.without(rows)
	r.program, r.coef, r.rows = p.program, p.coef, rows
	return nil
}

var (
	errNothingToLearn = errors.New("pass has neither labels nor a teacher")
	errNobodyTeaches  = errors.New("no sub-network in the step that could teach the others")
)

// arrange puts the pass that teaches others, if one does, first.
func arrange(passes []passRun) error {
	if slices.ContainsFunc(passes, func(p passRun) bool { return p.teacher.inPlace() }) {
		if err := teachFirst(passes); err != nil {
			return err
		}
	}
	for i := range passes {
		if passes[i].labels == 0 && passes[i].teacher == nil {
			return errNothingToLearn
		}
	}
	return nil
}

// teachFirst puts the largest sub-network first and takes its own in-place teacher away.
func teachFirst(passes []passRun) error {
	largest, most := -1, int64(-1)
	for i := range passes {
		if passes[i].coef != nil {
			continue // of no size
		}
		if madds := passes[i].program.graph.Cost().MAdds; madds > most {
			largest, most = i, madds
		}
	}
	if largest < 0 {
		return errNobodyTeaches
	}
	first := passes[largest]
	if first.teacher.inPlace() {
		first.teacher = nil
	}
	copy(passes[1:largest+1], passes[:largest])
	passes[0] = first
	return nil
}
