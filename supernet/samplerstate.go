package supernet

import "encoding"

// StatefulSampler is a Sampler whose draws depend on what it learns while the training runs, such
// as the rows of a mixture that TrainOptions.Before moves. MarshalBinary gives what it has learnt:
// it goes into every checkpoint of the training, beside the weights of the same step. Where the
// training goes on from a checkpoint, or finds it finished, UnmarshalBinary gets it back before
// anything else is asked.
//
// A draw is then a function of its number and of this state. The state that comes with step i is
// that after Before and Sample were called for steps up to i−1.
type StatefulSampler interface {
	Sampler
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// samplerState is what the sampler has learnt, nil where it learns nothing.
func (t *training) samplerState() ([]byte, error) {
	s, ok := t.sampler.(StatefulSampler)
	if !ok {
		return nil, nil
	}
	return s.MarshalBinary()
}

// restoreSampler gives the sampler back what it has learnt.
func (t *training) restoreSampler(state []byte) error {
	s, ok := t.sampler.(StatefulSampler)
	if !ok {
		return nil
	}
	return s.UnmarshalBinary(state)
}
