package nasoa

import "testing"

// Every network that the zoo is compared with can be made, for images as small as the program
// takes, and wider ones of a family cost more.
func TestNetworks(t *testing.T) {
	names := map[string]bool{}
	list := Networks()
	for _, size := range []int{16, 32} {
		before := int64(0)
		for i, n := range list {
			s, err := n.make(size, 60)
			if err != nil {
				t.Fatalf("%s: %v", n.Name, err)
			}
			cost, err := s.Cost(s.Largest())
			if err != nil {
				t.Fatalf("%s: %v", n.Name, err)
			}
			if i%3 > 0 && cost.MAdds <= before {
				t.Errorf("%s: %d multiply-adds, the one before %d", n.Name, cost.MAdds, before)
			}
			before, names[n.Name] = cost.MAdds, true
		}
	}
	if len(names) != len(list) {
		t.Errorf("%d names of %d networks", len(names), len(list))
	}
}
