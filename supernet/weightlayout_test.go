package supernet

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

func TestWeightRules(t *testing.T) {
	for _, c := range []struct {
		title    string
		rules    []WeightRule
		from, to []string
	}{
		{"none", nil, []string{"a.weight"}, []string{"a.weight"}},
		{"the first match", []WeightRule{{Match: "a", Replace: "b"}}, []string{"a.a", "c"}, []string{"b.a", "c"}},
		{"one after the other", []WeightRule{{Match: "^a", Replace: "b"}, {Match: "^b", Replace: "c"}}, []string{"a", "b", "d"}, []string{"c", "c", "d"}},
		{"groups", []WeightRule{{Match: `^(\w+)\.(?P<what>\w+)$`, Replace: "${what}_x.$1$$"}}, []string{"bn.bias"}, []string{"bias_x.bn$"}},
		{"the whole", []WeightRule{{Match: `^b.*`, Replace: "<$0>"}}, []string{"a", "bc"}, []string{"a", "<bc>"}},
		{"nothing left", []WeightRule{{Match: `^net\.`}}, []string{"net.a", "a.net."}, []string{"a", "a.net."}},
		{"a group without a match", []WeightRule{{Match: `a(b)?`, Replace: "x$1"}}, []string{"a", "ab"}, []string{"x", "xb"}},
		{"counted", []WeightRule{{Match: `^s(?P<count>\d+\.\d+)`, Replace: "n${count}"}},
			[]string{"s2.10.a", "s2.9.a", "s10.0.a", "s2.10.b", "s0002.9.b", "t1.1"}, []string{"n2.a", "n1.a", "n3.a", "n2.b", "n0.b", "t1.1"}},
		{"counted, large", []WeightRule{{Match: `(?P<count>\d+)$`, Replace: "${count}"}},
			[]string{"x99999999999999999999999", "x100000000000000000000000", "x7"}, []string{"x1", "x2", "x0"}},
		{"counted, letters", []WeightRule{{Match: `^(?P<count>[a-z]+)`, Replace: "${count}"}}, []string{"b", "a.1", "c"}, []string{"1", "0.1", "2"}},
		{"counted and left out", []WeightRule{{Match: `^(?P<count>[a-z])?\d`, Replace: "${count}"}}, []string{"1", "a1"}, []string{"0", "1"}},
	} {
		got, err := renamed(c.from, c.rules)
		if err != nil || !slices.Equal(got, c.to) {
			t.Errorf("%s: %q becomes %q, expected %q (%v)", c.title, c.from, got, c.to, err)
		}
	}
	for _, rule := range []WeightRule{
		{Match: "("}, {Match: "(?<x"}, {Match: "a(b)", Replace: "$2"}, {Match: "a(b)", Replace: "$1_c"},
		{Match: "a", Replace: "${count}"}, {Match: "(?P<count>a)", Replace: "$count"}, {Match: "(?P<x>a)", Replace: "${y}"},
	} {
		if got, err := renamed([]string{"ab"}, []WeightRule{{}, rule}); err == nil || !strings.Contains(err.Error(), "rule 1") {
			t.Errorf("%+v: %q, %v, expected an error", rule, got, err)
		}
	}
}

// A layout that a program writes itself.
func TestOwnLayout(t *testing.T) {
	m, tensors := published(t)
	file := retitled(tensors, func(s string) string { return "student." + strings.Replace(s, "_blocks", "body", 1) })
	file["teacher._fc.weight"] = checkpoint.Of([]int{1}, []float32{1})
	file["ema_decay"] = checkpoint.Of(nil, []float64{0.5})
	layout := &WeightLayout{Name: "mine", Skip: []string{`^teacher\.`, `^ema_decay$`},
		Rules: []WeightRule{{Match: `^student\.`}, {Match: `^body`, Replace: "_blocks"}}}
	got, report, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), &PretrainedOptions{Layout: layout})
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, got.values(), m.values())
	if report.Layout != "mine" || !slices.Equal(report.Skipped, []string{"ema_decay", "teacher._fc.weight"}) {
		t.Errorf("%+v", report)
	}
	// The names of the model may go through rules instead.
	layout = &WeightLayout{Name: "mine", Skip: layout.Skip, Model: []WeightRule{{Match: `^_blocks`, Replace: "body"}, {Match: `^`, Replace: "student."}}}
	got, _, err = Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), &PretrainedOptions{Layout: layout})
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, got.values(), m.values())

	for want, l := range map[string]WeightLayout{
		`layout "x": rule 0`:               {Name: "x", Rules: []WeightRule{{Match: "("}}},
		`layout "x": of the model: rule 0`: {Name: "x", Model: []WeightRule{{Match: "("}}},
		`layout "x": skip 1`:               {Name: "x", Skip: []string{"", "("}},
		"both become a":                    {Name: "x", Model: []WeightRule{{Match: ".*", Replace: "a"}}},
	} {
		if _, _, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), &PretrainedOptions{Layout: &l}); err == nil || errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, expected an error with %q", l, err, want)
		}
	}
	l := WeightLayout{Name: "x", Rules: []WeightRule{{Match: ".*", Replace: "_fc.bias"}}}
	if _, _, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), &PretrainedOptions{Layout: &l}); !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), "for the same tensor") {
		t.Errorf("everything becomes one: %v", err)
	}
}

// Layouts that are handed out are the caller's.
func TestWeightLayoutsAreCopies(t *testing.T) {
	for _, l := range WeightLayouts() {
		for i := range l.Rules {
			l.Rules[i].Match = "("
		}
	}
	for _, l := range WeightLayouts() {
		if _, err := renamed(nil, slices.Concat(l.Rules, l.Model)); err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}

// FuzzWeightRule renames by any rule: an error or names, the same every time and in any order.
func FuzzWeightRule(f *testing.F) {
	for _, l := range WeightLayouts() {
		for _, rule := range slices.Concat(l.Rules, l.Model) {
			f.Add(rule.Match, rule.Replace, "blocks.1.10.bn1.weight", "features.2.conv.0.0.weight")
		}
	}
	f.Add(`(?P<count>x)?`, "${count}$1$$", "x", "")
	f.Add(`(a*)(?P<b>b)`, "${b}${1}$0", "aab", "\xff")
	f.Fuzz(func(t *testing.T, match, replace, one, two string) {
		rule := []WeightRule{{Match: match, Replace: replace}}
		a, err := renamed([]string{one, two}, rule)
		if err != nil {
			return
		}
		b, err := renamed([]string{two, one}, rule)
		if err != nil || a[0] != b[1] || a[1] != b[0] {
			t.Fatalf("%q and %q become %q, in the other order %q (%v)", one, two, a, b, err)
		}
	})
}

// FuzzPretrained reads files that are anything: an error, or a model of finite weights.
func FuzzPretrained(f *testing.F) {
	m, tensors := published(f)
	whole := make([]byte, 4096)
	if _, err := encoded(f, nil, retitled(tensors, inTimm)).Read(whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	var small bytes.Buffer
	if err := checkpoint.WriteSafetensors(&small, map[string]string{metaClasses: `["a","b","c","d"]`}, map[string]checkpoint.Tensor{
		"bn1.weight": checkpoint.Halves([]int{1}, []float32{1}), "module._bn0.weight": checkpoint.Of(nil, []checkpoint.BFloat16{0x7fc0}),
	}); err != nil {
		f.Fatal(err)
	}
	f.Add(small.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, head := range []bool{false, true} {
			got, _, err := Pretrained(t.Context(), m.space, m.arch, bytes.NewReader(data), &PretrainedOptions{NewHead: head})
			switch {
			case err == nil && len(data) < 10000:
				t.Fatal("a file too short for the weights was accepted")
			case err == nil:
				if err := got.WriteSafetensors(t.Context(), t.TempDir()+"/weights"); err != nil {
					t.Fatal(err)
				}
			case !errors.Is(err, ErrWeights) && !errors.Is(err, checkpoint.ErrCorrupt):
				t.Fatalf("error of another kind: %v", err)
			}
		}
	})
}
