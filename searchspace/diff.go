package searchspace

import (
	"fmt"
	"strings"
)

// Difference is what changes from one architecture to another.
type Difference struct {
	Added, Removed []LayerRef // layers that only the second, or only the first, has
	// Changed lists decisions that both architectures make, differently. The number of layers shows
	// in Added and Removed instead.
	Changed []Change
}

// LayerRef names a searched layer: its stage from 1 and position from 0.
type LayerRef struct{ Stage, Layer int }

// Change is one decision made differently.
type Change struct {
	Decision     string
	Kind         Kind
	Stage, Layer int    // as in Decision
	From, To     string // labels of the choices
}

// IsZero reports whether nothing changes.
func (d *Difference) IsZero() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// Diff is what changes from a to b. The error wraps ErrInvalid for an Arch of another space.
func (s *Space) Diff(a, b Arch) (Difference, error) {
	inA, inB := s.Active(a), s.Active(b)
	if inA == nil || inB == nil {
		return Difference{}, fmt.Errorf("searchspace: difference of architectures with %d and %d choices "+
			"in a space with %d decisions: %w", a.Len(), b.Len(), len(s.decisions), ErrInvalid)
	}
	var out Difference
	layersA, layersB := map[LayerRef]bool{}, map[LayerRef]bool{}
	for i := range s.decisions {
		d := &s.decisions[i]
		if ref := (LayerRef{d.Stage, d.Layer}); d.Layer >= 0 {
			layersA[ref] = layersA[ref] || inA[i]
			layersB[ref] = layersB[ref] || inB[i]
		}
	}
	seen := map[LayerRef]bool{}
	for i := range s.decisions {
		d := &s.decisions[i]
		ref := LayerRef{d.Stage, d.Layer}
		if d.Layer >= 0 && !seen[ref] {
			seen[ref] = true
			switch {
			case layersA[ref] && !layersB[ref]:
				out.Removed = append(out.Removed, ref)
			case layersB[ref] && !layersA[ref]:
				out.Added = append(out.Added, ref)
			}
		}
		if inA[i] && inB[i] && a.At(i) != b.At(i) && d.Kind != KindDepth {
			out.Changed = append(out.Changed, Change{d.Name, d.Kind, d.Stage, d.Layer, d.Labels[a.At(i)],
				d.Labels[b.At(i)]})
		}
	}
	return out, nil
}

// String is a short text in one line, e.g. "+stage3.layer2 -stage5.layer3 stage1.layer0 kernel 3→5
// expand 6→4", and "no change" for a zero Difference.
func (d *Difference) String() string {
	if d.IsZero() {
		return "no change"
	}
	var parts []string
	for _, l := range d.Added {
		parts = append(parts, "+"+l.String())
	}
	for _, l := range d.Removed {
		parts = append(parts, "-"+l.String())
	}
	last := LayerRef{-1, -1}
	for _, c := range d.Changed {
		ref := LayerRef{c.Stage, c.Layer}
		what := fmt.Sprintf("%s %s→%s", c.Kind, c.From, c.To)
		if c.Kind == KindOther || c.Layer < 0 {
			what = fmt.Sprintf("%s %s→%s", c.Decision, c.From, c.To)
		} else if ref != last {
			what = ref.String() + " " + what
		}
		last = ref
		parts = append(parts, what)
	}
	return strings.Join(parts, " ")
}

// String is "stageS.layerL".
func (l LayerRef) String() string { return fmt.Sprintf("stage%d.layer%d", l.Stage, l.Layer) }
