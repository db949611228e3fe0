package supernet

import (
	"cmp"
	"fmt"
)

// matchClasses says which classes of the network the labels of the training data are. A network
// without names takes those of the data first, where it can. Training and validation data with
// classes that the network does not know are refused.
func (t *training) matchClasses() error {
	var doubts []string
	if trained := t.version.Load() > 0; t.takeNames() && trained {
		doubts = append(doubts, doubtNetwork+"; it takes those of the data")
	}
	t.labels = t.classes.number(t.data.Classes())
	if err := t.labels.refuse(t.data); err != nil {
		return err
	}
	doubts = append(doubts, t.labels.doubt)
	if t.validate != nil {
		v := t.classes.number(t.opts.Validation.Classes())
		if err := v.refuse(t.opts.Validation); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
		doubts = append(doubts, v.doubt)
	}
	if doubt := cmp.Or(doubts...); doubt != "" {
		t.log.Warn("classes of data are matched by number", "because", doubt)
	}
	return nil
}

// takeNames gives a network without names those of the training data, if these are as many as it
// has classes and tell them apart.
func (t *training) takeNames() bool {
	names := classList(t.data.Classes())
	if t.classes.named() || !names.named() || len(names) != len(t.classes) || names.check() != nil {
		return false
	}
	t.rename(names)
	t.named = true
	return true
}

// forgetNames takes back the names that a training brought which never began.
func (t *training) forgetNames() {
	if t.named && t.state.Step == 0 && !t.resumed {
		t.rename(Unnamed(len(t.classes)))
	}
}
