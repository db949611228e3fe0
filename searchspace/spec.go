package searchspace

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Spec describes a space in a form that JSON can carry, so that a checkpoint can rebuild the space
// with FromSpec.
type Spec struct {
	Family       string          `json:"family"`
	Options      json.RawMessage `json:"options,omitempty"`
	InputSize    int             `json:"input_size"` // 0 = the family's default
	Classes      int             `json:"classes"`    // 0 = the family's default
	Restrictions []Restriction   `json:"restrictions,omitempty"`
	Limits       []CostLimit     `json:"limits,omitempty"`
}

// Spec describes s.
func (s *Space) Spec() Spec {
	sp := Spec{Family: s.fam.Name, Options: append(json.RawMessage(nil), s.fam.Options...),
		InputSize: s.fam.InputSize, Classes: s.fam.Classes, Limits: s.costLimits()}
	for _, r := range s.restrictions {
		sp.Restrictions = append(sp.Restrictions, r.clone())
	}
	return sp
}

// Equal reports whether two descriptions say the same, as JSON.
func (sp Spec) Equal(other Spec) bool {
	a, errA := json.Marshal(sp)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// FromSpec rebuilds the space that sp describes. The families of this package are known; makers add
// a program's own.
func FromSpec(sp Spec, makers ...Maker) (*Space, error) {
	var s *Space
	var err error
	found := false
	for _, m := range append(makers, builtin()...) {
		if m.Family == sp.Family {
			found = true
			if m.Make == nil {
				return nil, fmt.Errorf("searchspace: family %s: a maker without a function", sp.Family)
			}
			if s, err = m.Make(sp.Options); err != nil {
				return nil, fmt.Errorf("searchspace: family %s: %w", sp.Family, err)
			}
			break
		}
	}
	if !found {
		return nil, fmt.Errorf("searchspace: unknown family %q", sp.Family)
	}
	if s == nil {
		return nil, fmt.Errorf("searchspace: family %s: its maker made no space", sp.Family)
	}
	f := s.fam
	f.InputSize, f.Classes = or(sp.InputSize, f.InputSize), or(sp.Classes, f.Classes)
	out, err := NewSpace(f)
	if err != nil {
		return nil, err
	}
	if out, err = out.Restrict(sp.Restrictions...); err != nil {
		return nil, err
	}
	return out.Limit(sp.Limits...)
}

// builtin lists the families of this package.
func builtin() []Maker {
	return append(fixedMakers(), []Maker{
		maker("mobilenetv3", MobileNetV3),
		maker("proxylessnas", ProxylessNAS),
		maker("efficientnetlite", EfficientNetLite),
		maker("resnet50", ResNet50),
		maker("etnas", ETNAS),
		maker("eatnas", EATNAS),
		maker("vgg", VGG),
		maker("resnet", ResNet),
		maker("mobilenet", MobileNet),
		maker("shufflenet", ShuffleNet),
		maker("regnet", RegNet),
		maker("danas-mobile", DANAS),
		maker("danas-mobile+", DANAS),
		maker("danas-shuffle", DANAS),
		maker("danas-shuffle+", DANAS),
		maker("danas-shuffle+mobile", DANAS),
	}...)
}

// maker is the Maker of a family whose constructor takes an options struct.
func maker[O any](name string, make func(O) (*Space, error)) Maker {
	return Maker{Family: name, Make: func(options json.RawMessage) (*Space, error) {
		var o O
		if len(options) > 0 {
			if err := json.Unmarshal(options, &o); err != nil {
				return nil, fmt.Errorf("options: %w", err)
			}
		}
		return make(o)
	}}
}
