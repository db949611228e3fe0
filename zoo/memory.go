package zoo

// counter counts the bytes that batches of a network take; nil where its space is not of package
// searchspace, or does not take images of the size.
func (e *Entry) counter(size int) func(t *Timing, training bool) {
	space, a, err := e.Network()
	if err == nil && size != space.InputSize() {
		space, err = space.WithInput(size)
	}
	if err != nil {
		return nil
	}
	cost, err := space.Cost(a)
	if err != nil {
		return nil
	}
	const number = 4 // bytes
	return func(t *Timing, training bool) {
		if t.Memory != 0 {
			return
		}
		each, weights := cost.ActivationInfer, number*cost.Params
		if training {
			each, weights = cost.ActivationTrain, 3*weights
		}
		t.Memory = min(int64(t.Batch)*each+weights, mostMemory)
	}
}

// mostMemory is the most bytes that a Timing may say.
const mostMemory = 1 << 53
