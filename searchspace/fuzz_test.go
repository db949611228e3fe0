package searchspace_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// FuzzParse: whatever the text, Parse gives an architecture whose text reads back to it, or a
// SyntaxError inside the text, or an invalid architecture.
func FuzzParse(f *testing.F) {
	all := spaces(f)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	three := strings.Repeat("3,", 19) + "3"
	f.Add("2,2,2,2,2:" + three + ":" + three)
	f.Add("4,4,4,4,4:" + strings.ReplaceAll(three, "3", "7") + ":" + strings.ReplaceAll(three, "3", "6"))
	f.Add("2,2,2,2,2:" + three + ":" + three + ",3")
	f.Add(adaxpert200)
	f.Add("")
	f.Add(":::")
	f.Add("2,,2")
	f.Add("16,2,dense,5,dense,5,32,2,dense,5,dense,5")
	for name, s := range all {
		f.Add(s.Format(s.Largest()))
		if s.Format(s.Largest()) == "" {
			f.Errorf("%s has no text form", name)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range names {
			s := all[name]
			a, err := s.Parse(text)
			var syntax *searchspace.SyntaxError
			switch {
			case errors.As(err, &syntax):
				if syntax.Offset < 0 || syntax.Offset > len(text) || syntax.Got == "" || syntax.Want == "" {
					t.Errorf("%s: %q gives %+v", name, text, syntax)
				}
			case err != nil:
				if !errors.Is(err, searchspace.ErrInvalid) {
					t.Errorf("%s: %q gives %v", name, text, err)
				}
			default:
				if b, err := s.Parse(s.Format(a)); err != nil || b != a {
					t.Errorf("%s: %q prints as %q, which gives %v, %v", name, text, s.Format(a), b, err)
				}
				if _, err := s.Cost(a); err != nil {
					t.Errorf("%s: %q has no cost: %v", name, text, err)
				}
			}
		}
	})
}

// FuzzArch: choices from anywhere never make a space panic.
func FuzzArch(f *testing.F) {
	all := spaces(f)
	f.Add([]byte(strings.Repeat("00", 45)))
	f.Add([]byte(strings.Repeat("02", 45)))
	f.Add([]byte(strings.Repeat("ff", 12)))
	f.Add([]byte("0"))
	for _, s := range all {
		s.Smallest() // computed once; not on the time of the first input
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a searchspace.Arch
		if a.UnmarshalText(text) != nil {
			return
		}
		for name, s := range all {
			valid := s.Valid(a)
			_, err := s.Cost(a)
			if (valid == nil) != (err == nil) {
				t.Errorf("%s: valid %v, cost %v", name, valid, err)
			}
			_, _ = s.Diff(a, s.Smallest())
			if text := s.Format(a); valid == nil {
				if b, err := s.Parse(text); err != nil || a != b {
					t.Errorf("%s: %q parses to %v, %v", name, text, b, err)
				}
			}
		}
	})
}

// FuzzLimit: limits from anywhere are refused, or make a space whose samples are valid and whose
// spec reads back.
func FuzzLimit(f *testing.F) {
	s := plain(f)
	f.Add([]byte(`[{"of":"madds","max":1e6},{"of":"params","min":100}]`))
	f.Add([]byte(`[{"of":"terms","max":1,"terms":[{"decisions":[0,1],"table":[0,1,2,3,4,5]}]}]`))
	f.Add([]byte(`[{"of":"seconds","max":1,"table":{"Batch":1,"Workers":1}}]`))
	f.Add([]byte(`[{"of":"activation_infer","min":1e9}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var limits []searchspace.CostLimit
		if json.Unmarshal(text, &limits) != nil || len(limits) > 4 {
			return
		}
		limited, err := s.Limit(limits...)
		if err != nil {
			return
		}
		a, err := limited.Sample(newRand(1))
		if err != nil || limited.Valid(a) != nil {
			t.Fatalf("sample %v, %v", a, err)
		}
		if n := len(respec(t, limited).Limits); n != len(limits) {
			t.Fatalf("%d limits in the spec, expected %d", n, len(limits))
		}
		additive := true
		even := s.Zeros()
		for _, l := range limits {
			additive = additive && l.Of != searchspace.CostActivationInfer
		}
		for i := range even {
			for c := range even[i] {
				even[i][c] = 1
			}
		}
		if a, _, err := s.MostProbable(t.Context(), even, limits...); additive && (err != nil || limited.Valid(a) != nil) {
			t.Fatalf("most probable %v, %v", a, err)
		}
	})
}

// FuzzNets: options from anywhere are refused, or make a space whose extremes have costs and whose
// spec reads back.
func FuzzNets(f *testing.F) {
	families := []string{"vgg", "resnet", "mobilenet", "shufflenet", "regnet", "danas-mobile", "danas-shuffle"}
	f.Add(uint8(0), []byte(`{"width":0.1,"layers":[1,2,3,4,5],"depth_range":9}`))
	f.Add(uint8(1), []byte(`{"layers":[64,1,64],"widths":[0.1,0.2,1],"input_size":3}`))
	f.Add(uint8(2), []byte(`{"width":1.4,"classes":1000000,"dropout":0.9}`))
	f.Add(uint8(3), []byte(`{"width":2,"depth_range":-1,"stem_stride":2}`))
	f.Add(uint8(4), []byte(`{"depth":28,"w0":8,"wa":50,"wm":3,"group":24,"se":true,"width":0.01}`))
	f.Add(uint8(5), []byte(`{"width":0.25,"layers":2,"stem_stride":1,"se":true}`))
	f.Add(uint8(6), []byte(`{"variant":"shuffle","width":0.1,"layers":1}`))
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		s, err := searchspace.FromSpec(searchspace.Spec{Family: families[int(which)%len(families)], Options: text,
			InputSize: 16, Classes: 3})
		if err != nil {
			return
		}
		low, high := s.Smallest(), s.Largest()
		from, errLow := s.Cost(low)
		to, errHigh := s.Cost(high)
		if errLow != nil || errHigh != nil || from.MAdds > to.MAdds {
			t.Fatalf("%d to %d multiply-adds, %v, %v", from.MAdds, to.MAdds, errLow, errHigh)
		}
		if back := respec(t, s); back.Family == "" {
			t.Fatal("no spec")
		}
	})
}
