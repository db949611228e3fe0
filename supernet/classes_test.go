package supernet

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// animals are the names of the classes of named test networks.
var animals = []string{"cat", "dog", "eel", "fox"}

// named gives a model of four classes names and weights that tell tensors apart.
func named(t testing.TB) *Model {
	t.Helper()
	s := tinySpace(t)
	m, err := NewModel(s, sample(t, s, 5), &Options{Seed: 7, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, m.network, 1)
	return m
}

// TestWithClasses compares the logits of classes that a model keeps, in other places, bit for bit,
// and those of new ones with the weights that they start with.
func TestWithClasses(t *testing.T) {
	m := named(t)
	m.SetStage(3)
	b := firstBatch(t, stripes(t, 5, 16, 2), 5)
	before, want := m.values(), outputs(t, m.network, m.prog, b)
	for _, names := range [][]string{
		{"dog"}, {"fox", "ant", "cat"}, {"ant", "bee"}, {"yak", "fox", "eel", "dog", "cat", "ant"}, animals,
	} {
		got, err := m.WithClasses(t.Context(), names...)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.ClassNames(), names) || got.Classes() != len(names) || got.Arch() != m.Arch() || got.Stage() != 3 {
			t.Errorf("%v: classes %v, stage %d", names, got.ClassNames(), got.Stage())
		}
		fresh, err := NewModel(got.Space(), m.Arch(), &Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		const weight, bias = "classifier.linear.weight", "classifier.linear.bias"
		values, initial := got.values(), fresh.values()
		logits, q := outputs(t, got.network, got.prog, b), m.FeatureLen()
		for i, name := range names {
			old := slices.Index(animals, name)
			for j := range b.N {
				if old >= 0 && logits[j*len(names)+i] != want[j*4+old] {
					t.Errorf("%v: logit of %s is %v, expected %v", names, name, logits[j*len(names)+i], want[j*4+old])
				}
			}
			for j := range q {
				if old < 0 && values[weight][j*len(names)+i] != initial[weight][j*len(names)+i] {
					t.Fatalf("%v: %s starts with other weights than in a new model", names, name)
				}
			}
			if old < 0 && values[bias][i] != 0 {
				t.Errorf("%v: bias of %s is %v", names, name, values[bias][i])
			}
		}
		for _, key := range []string{weight, bias} {
			delete(values, key)
		}
		for key, v := range values {
			if !slices.Equal(v, before[key]) {
				t.Errorf("%v: %s changed", names, key)
			}
		}
	}
	sameValues(t, m.values(), before)
}

// TestWithClassesByNumber drops and adds classes of a model without names.
func TestWithClassesByNumber(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	b := firstBatch(t, stripes(t, 5, 16, 2), 5)
	want := outputs(t, m.network, m.prog, b)
	for _, k := range []int{1, 4, 6} {
		got, err := m.WithClasses(t.Context(), Unnamed(k)...)
		if err != nil {
			t.Fatal(err)
		}
		logits := outputs(t, got.network, got.prog, b)
		if n := min(k, 4); got.ClassNames() != nil || !slices.Equal(logits[:n], want[:n]) {
			t.Errorf("%d classes: names %v, logits %v, expected those of %v", k, got.ClassNames(), logits[:k], want[:4])
		}
	}
}

// TestGrowByName grows a supernet and a model to classes of a data set that sorts them otherwise.
func TestGrowByName(t *testing.T) {
	n, err := New(tinySpace(t), &Options{Seed: 7, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, n.network, 1)
	m, err := n.Extract(t.Context(), n.space.Smallest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.ClassNames(), animals) {
		t.Errorf("extracted classes %v", m.ClassNames())
	}
	b := firstBatch(t, stripes(t, 3, 16, 1), 3)
	want := outputs(t, m.network, m.prog, b)
	for _, step := range []struct{ add, all []string }{
		{[]string{"dog", "cat"}, animals},
		{[]string{"ant", "cat", "bee"}, append(slices.Clone(animals), "ant", "bee")},
		{[]string{"ape"}, append(slices.Clone(animals), "ant", "bee", "ape")},
	} {
		versions := [2]uint64{n.WeightVersion(), m.WeightVersion()}
		grows := len(step.all) > n.Classes()
		if err := n.GrowClasses(t.Context(), step.add...); err != nil {
			t.Fatal(err)
		}
		if err := m.GrowClasses(t.Context(), step.add...); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(n.ClassNames(), step.all) || !slices.Equal(m.ClassNames(), step.all) {
			t.Errorf("grown by %v: %v and %v, expected %v", step.add, n.ClassNames(), m.ClassNames(), step.all)
		}
		if n.Classes() != len(step.all) || m.Classes() != len(step.all) {
			t.Errorf("grown by %v: %d and %d classes", step.add, n.Classes(), m.Classes())
		}
		if moved := [2]uint64{n.WeightVersion(), m.WeightVersion()} != versions; moved != grows {
			t.Errorf("grown by %v: weight versions moved %v", step.add, moved)
		}
		got, k := outputs(t, m.network, m.prog, b), len(step.all)
		for i := range b.N {
			if !slices.Equal(got[i*k:i*k+4], want[i*4:i*4+4]) {
				t.Errorf("grown by %v: old logits %v became %v", step.add, want[i*4:i*4+4], got[i*k:i*k+4])
			}
		}
	}
}

// TestClassErrors checks which class lists are refused, by what the message says, and that nothing
// changes then.
func TestClassErrors(t *testing.T) {
	with, without := named(t), tinyModel(t)
	before, version := with.values(), with.WeightVersion()
	for _, c := range []struct {
		model   *Model
		classes []string
		want    string
	}{
		{with, nil, "no classes"},
		{with, []string{"ant", "ant"}, `both called "ant"`},
		{with, []string{"ant", ""}, "expected names for all classes or for none"},
		{with, []string{"", "ant"}, "expected names for all classes or for none"},
		{with, []string{"a\xff"}, "not UTF-8"},
		{with, Unnamed(6), "expected names"},
		{without, []string{"ant"}, "SetClassNames"},
	} {
		for call, err := range map[string]error{
			"grow": c.model.GrowClasses(t.Context(), c.classes...),
			"with": func() error { _, err := c.model.WithClasses(t.Context(), c.classes...); return err }(),
		} {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "supernet: ") {
				t.Errorf("%s %q: %v, expected %q", call, c.classes, err, c.want)
			}
		}
	}
	if err := without.GrowClasses(t.Context(), Unnamed(3)...); err == nil {
		t.Error("fewer classes were accepted")
	}
	for _, names := range [][]string{{"a", "b"}, {"a", "a", "b", "c"}, {"a", "b", "", "c"}} {
		if err := without.SetClassNames(t.Context(), names...); err == nil {
			t.Errorf("class names %q were accepted", names)
		}
	}
	if with.WeightVersion() != version || !slices.Equal(with.ClassNames(), animals) || without.ClassNames() != nil {
		t.Error("a refused call changed something")
	}
	sameValues(t, with.values(), before)
}

// TestSetClassNames names the classes of a model, renames and forgets them.
func TestSetClassNames(t *testing.T) {
	m := tinyModel(t)
	if m.ClassNames() != nil {
		t.Errorf("a new model has names %v", m.ClassNames())
	}
	names := slices.Clone(animals)
	if err := m.SetClassNames(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	names[0] = "changed"
	m.ClassNames()[1] = "changed"
	if !slices.Equal(m.ClassNames(), animals) {
		t.Errorf("names %v, expected %v", m.ClassNames(), animals)
	}
	if err := m.GrowClasses(t.Context(), "ant"); err != nil || m.Classes() != 5 {
		t.Errorf("%d classes, error %v", m.Classes(), err)
	}
	if err := m.SetClassNames(t.Context(), Unnamed(5)...); err != nil || m.ClassNames() != nil {
		t.Errorf("names %v, error %v", m.ClassNames(), err)
	}
}

// TestClassNamesInFiles saves, loads and exports names.
func TestClassNamesInFiles(t *testing.T) {
	m := named(t)
	path := filepath.Join(t.TempDir(), "model")
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadModel(path, &Options{Classes: []string{"of", "no", "account"}})
	if err != nil || !slices.Equal(loaded.ClassNames(), animals) {
		t.Fatalf("error %v", err)
	}
	n, err := New(tinySpace(t), &Options{Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.SetClassNames(t.Context(), "a", "b", "c", "d"); err != nil {
		t.Fatal(err)
	}
	if err := n.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if again, err := Load(path, nil); err != nil || !slices.Equal(again.ClassNames(), []string{"a", "b", "c", "d"}) {
		t.Errorf("error %v", err)
	}
	for want, model := range map[string]*Model{`["cat","dog","eel","fox"]`: loaded, `["0","1","2","3"]`: tinyModel(t)} {
		if got := writeONNX(t, model, nil).meta["classes"]; got != want {
			t.Errorf("exported classes %s, expected %s", got, want)
		}
	}
	var got []string
	others := []string{"w", "x", "y", "z"}
	text := writeONNX(t, loaded, &ONNXOptions{ClassNames: others}).meta["classes"]
	if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, others) {
		t.Errorf("exported classes %s, expected %v", text, others)
	}
	for _, bad := range [][]string{{"a", "b"}, {"a", "a", "b", "c"}, {"\u00e9", "e\u0301", "b", "c"}} {
		meta := m.meta()
		meta.Arch, meta.Classes = m.space.Format(m.arch), bad
		if err := m.write(path, modelKind, meta); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadModel(path, nil); err == nil {
			t.Errorf("loaded a model with names %v", bad)
		}
	}
}

// TestMatch compares the matching of class lists with its definition, and growing with set union.
func TestMatch(t *testing.T) {
	lists := rapid.SliceOfNDistinct(rapid.StringOfN(rapid.RuneFrom([]rune("aAéжß_.0漢")), 1, 2, 6), 1, 8, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		from, to := classList(lists.Draw(t, "from")), classList(lists.Draw(t, "to"))
		source, err := from.match(to)
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]string)
		for i, class := range source {
			if class >= 0 {
				got[to[i]] = from[class]
			}
		}
		for _, name := range to {
			if want := slices.Contains(from, name); (got[name] == name) != want || got[name] != "" && !want {
				t.Errorf("%q of %q into %q: %q", name, from, to, got)
			}
		}
		grown, err := from.grow(to)
		if err != nil || !slices.Equal(grown[:len(from)], from) {
			t.Fatalf("%q grew to %q, error %v", from, grown, err)
		}
		for _, name := range to {
			if !slices.Contains(grown, name) {
				t.Errorf("%q is not in %q", name, grown)
			}
		}
		if err := grown.check(); err != nil {
			t.Errorf("%q: %v", grown, err)
		}
	})
}

// TestGrownByNameLikeMade checks that classes which a supernet grows by start as in one made with
// them, through a file too.
func TestGrownByNameLikeMade(t *testing.T) {
	all := append(slices.Clone(animals), "ant", "bee")
	wide, err := tinySpace(t).WithClasses(len(all))
	if err != nil {
		t.Fatal(err)
	}
	for _, sharing := range sharings() {
		n, err := New(tinySpace(t), &Options{Sharing: sharing, Seed: 7, Classes: animals})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "net")
		if err := n.Save(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if n, err = Load(path, nil); err != nil {
			t.Fatal(err)
		}
		if err := n.GrowClasses(t.Context(), "ant", "bee"); err != nil {
			t.Fatal(err)
		}
		made, err := New(wide, &Options{Sharing: sharing, Seed: 7, Classes: all})
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, n.values(), made.values())
	}
}

// Classes of one's own beside, or in the place of, the thousand of published weights.
func TestThousandClasses(t *testing.T) {
	space, err := tinySpace(t).WithClasses(1000)
	if err != nil {
		t.Fatal(err)
	}
	six := []string{"ant", "bat", "cat", "dog", "eel", "fox"}
	model := func(classes []string) *Model {
		t.Helper()
		m, err := NewModel(space, space.Smallest(), &Options{Classes: classes})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, call := range map[string]func() error{
		"fewer":   func() error { return model(nil).GrowClasses(t.Context(), Unnamed(6)...) },
		"named":   func() error { return model(nil).GrowClasses(t.Context(), six...) },
		"another": func() error { _, err := model(nil).WithClasses(t.Context(), six...); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "NewHead") {
			t.Errorf("%s: error %v, expected one that says what to do", name, err)
		}
	}
	known := make([]string, 1000)
	for i := range known {
		known[i] = "class " + strconv.Itoa(i)
	}
	m := model(known)
	instead, err := m.WithClasses(t.Context(), six...)
	if err != nil || !slices.Equal(instead.ClassNames(), six) {
		t.Errorf("other classes: %v", err)
	}
	if err := m.GrowClasses(t.Context(), six...); err != nil || m.Classes() != 1006 {
		t.Errorf("more classes: %d, %v", m.Classes(), err)
	}
	if err := m.GrowClasses(t.Context(), "cat", "class 7"); err != nil || m.Classes() != 1006 {
		t.Errorf("known classes: %d, %v", m.Classes(), err)
	}
}
