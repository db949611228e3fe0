package supernet

import (
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestCover: the networks that stand for a space have every number of its tensors.
func TestCover(t *testing.T) {
	spaces := lightSpaces(t)
	danas, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: 32, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	spaces["danas"] = danas
	for name, s := range spaces {
		for _, scheme := range schemes {
			ss, err := specsOfSpace(s, scheme)
			if err != nil {
				t.Fatal(err)
			}
			nets, u, err := cover(s, ss, s.Smallest().Choices())
			if err != nil {
				t.Fatal(err)
			}
			largest := make(map[string]extent)
			for _, p := range nets {
				for i := range p.Nodes {
					n := &p.Nodes[i]
					if !p.has(n, ss) {
						continue
					}
					for _, k := range kindsOf(n) {
						at := ss.place(n, k)
						if e := largest[at.key]; e.within(extent{at.kernel, at.in.to, at.out.to}) {
							largest[at.key] = extent{at.kernel, at.in.to, at.out.to}
						}
						if n.Out.C < u.least[n.Site] {
							t.Errorf("%s: %s has %d channels, the least is said to be %d", name, n.Site, n.Out.C, u.least[n.Site])
						}
					}
				}
			}
			for _, sp := range ss.list {
				if largest[sp.key] != sp.extent {
					t.Errorf("%s %s: of %s with %+v the networks have %+v", name, scheme.name(), sp.key, sp.extent,
						largest[sp.key])
				}
			}
			if len(nets) > 40 {
				t.Errorf("%s %s: %d networks", name, scheme.name(), len(nets))
			}
		}
	}
}
