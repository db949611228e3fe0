package searchspace

// Encode is the one-hot encoding of a: for every decision of the family's encoding one number per
// choice, 1 for the choice taken, all 0 where the decision is inactive. For MobileNetV3 with its
// default lists these are the 120 numbers of the AdaXpert adjuster: 20 kernels, then 20 expansion
// ratios. It is nil for an Arch of another space.
func (s *Space) Encode(a Arch) []float32 {
	active := s.Active(a)
	if active == nil {
		return nil
	}
	out := make([]float32, s.EncodingLen())
	at := 0
	for _, d := range s.encoding {
		if active[d] {
			out[at+a.At(d)] = 1
		}
		at += s.decisions[d].Len()
	}
	return out
}

// EncodingLen is the length of Encode's result.
func (s *Space) EncodingLen() int {
	n := 0
	for _, d := range s.encoding {
		n += s.decisions[d].Len()
	}
	return n
}

// OneHot is the one-hot encoding of a over all decisions, whatever the family's own encoding: one
// number per choice, 1 for the choice taken, all 0 where the decision is inactive. It is nil for an
// Arch of another space.
func (s *Space) OneHot(a Arch) []float64 {
	active := s.Active(a)
	if active == nil {
		return nil
	}
	n := 0
	for i := range s.decisions {
		n += s.decisions[i].Len()
	}
	out := make([]float64, n)
	n = 0
	for i := range s.decisions {
		if active[i] {
			out[n+a.At(i)] = 1
		}
		n += s.decisions[i].Len()
	}
	return out
}
