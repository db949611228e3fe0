package supernet

import (
	"cmp"
	"fmt"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// matchClasses says which classes of the network the labels of the training data are.
func (t *training) matchClasses() (err error) {
	var validation dataset.Dataset
	if t.validate != nil {
		validation = t.opts.Validation
	}
	t.labels, t.named, err = t.meetClasses(t.data, validation)
	return err
}

// meetClasses says which classes of the network the labels of training data are. A network without
// names takes those of the data first, where it can, and named says that it did, beside an error
// too. Training and validation data with classes that the network does not know are refused;
// validation may be nil. The caller has the turn.
func (n *network) meetClasses(train, validation dataset.Dataset) (labels numbering, named bool, err error) {
	var doubts []string
	trained := n.version.Load() > 0
	if named = n.takeNames(train); named && trained {
		doubts = append(doubts, doubtNetwork+"; it takes those of the data")
	}
	labels = n.classes.number(train.Classes())
	if err := labels.refuse(train); err != nil {
		return labels, named, err
	}
	doubts = append(doubts, labels.doubt)
	if validation != nil {
		v := n.classes.number(validation.Classes())
		if err := v.refuse(validation); err != nil {
			return labels, named, fmt.Errorf("validation: %w", err)
		}
		doubts = append(doubts, v.doubt)
	}
	n.takeFit(train)
	if doubt := cmp.Or(doubts...); doubt != "" {
		n.log.Warn("classes of data are matched by number", "because", doubt)
	}
	return labels, named, nil
}

// takeNames gives a network without names those of training data, if these are as many as it has
// classes and tell them apart.
func (n *network) takeNames(train dataset.Dataset) bool {
	names := classList(train.Classes())
	if n.classes.named() || !names.named() || len(names) != len(n.classes) || names.check() != nil {
		return false
	}
	n.rename(names)
	return true
}

// takeFit lets a network that was not told how to make images square do as was done with those that
// it is trained on first. Training images that were made square in another way later are said once.
func (n *network) takeFit(train dataset.Dataset) {
	fit := dataset.PreparationOf(train).Fit
	n.weights.Lock()
	defer n.weights.Unlock()
	switch {
	case fit == dataset.FitAuto || fit == n.fit:
	case n.fit == dataset.FitAuto:
		n.fit = fit
	case !n.fitDoubted:
		n.fitDoubted = true
		n.log.Warn("training images were made square in another way than images to classify will be",
			"training", fit, "classify", n.fit)
	}
}

// forgetNames takes back the names that a training brought which never began.
func (t *training) forgetNames() {
	if t.named && t.state.Step == 0 && !t.resumed {
		t.rename(Unnamed(len(t.classes)))
	}
}
