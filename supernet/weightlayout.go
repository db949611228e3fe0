package supernet

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// WeightLayout says how a file names the weights of a model. Names of the file and names of the
// model meet after both went through rules of their own; most layouts need rules for the file only.
type WeightLayout struct {
	// Name is what reports and errors call the layout.
	Name string
	// Rules rename the tensors of the file, one rule after the other, each on what the ones before
	// it made of the names.
	Rules []WeightRule
	// Model are rules for the names of the model, likewise. They do not rename anything in the
	// model: they give the names that Rules lead to, where these are not the model's own.
	Model []WeightRule
	// Skip are regular expressions; tensors of the file whose names, as the file has them, match
	// one of them somewhere are passed over. PyTorch's batch counters ("num_batches_tracked")
	// always are.
	Skip []string
}

// WeightRule replaces the first match of a regular expression in the name of a tensor, the ending
// (".weight", ".running_mean") included. Names without a match stay.
type WeightRule struct {
	// Match is a regular expression in the syntax of package regexp. Where numbers of blocks have
	// to be counted anew, it has a group named count: see Replace.
	Match string
	// Replace is put in the place of the match: $1 or ${1} is what the first group matched, ${name}
	// that of a named one, $$ a dollar, as in regexp.Regexp.Expand. ${count} is a number: the texts
	// that the group count matches, over all names, are numbered from 0 in the order of the numbers
	// in them. So (?P<count>\d+\.\d+) makes 0, 1, 2 of 0.0, 1.0 and 1.1.
	Replace string
}

// countGroup is the name of the group that is counted.
const countGroup = "count"

// renaming is a WeightRule that was checked.
type renaming struct {
	match   *regexp.Regexp
	replace string
	count   int // number of the group that is counted, −1 if there is none
}

// compileRules checks rules. A mistaken reference to a group, which package regexp takes for an
// empty text, is an error here.
func compileRules(rules []WeightRule) ([]renaming, error) {
	reference := regexp.MustCompile(`\$(?:\$|\{(\w+)\}|(\w+))`) // $$, ${name} or $name
	out := make([]renaming, len(rules))
	for i, rule := range rules {
		match, err := regexp.Compile(rule.Match)
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
		out[i] = renaming{match: match, replace: rule.Replace, count: match.SubexpIndex(countGroup)}
		for _, ref := range reference.FindAllStringSubmatch(rule.Replace, -1) {
			name := cmp.Or(ref[1], ref[2])
			number, err := strconv.Atoi(name)
			known := ref[0] == "$$" || match.SubexpIndex(name) >= 0 ||
				err == nil && number <= match.NumSubexp()
			if !known || ref[2] == countGroup {
				return nil, fmt.Errorf("rule %d: %s in %q, expected a group of %q, in braces if more follows",
					i, ref[0], rule.Replace, rule.Match)
			}
		}
	}
	return out, nil
}

// apply renames in place.
func (r *renaming) apply(names []string) {
	var number map[string]int
	if r.count >= 0 {
		number = r.numbers(names)
	}
	for i, name := range names {
		loc := r.match.FindStringSubmatchIndex(name)
		if loc == nil {
			continue
		}
		template := r.replace
		if r.count >= 0 {
			n := strconv.Itoa(number[group(name, loc, r.count)])
			template = strings.ReplaceAll(template, "${"+countGroup+"}", n)
		}
		changed := append([]byte(name[:loc[0]]), r.match.ExpandString(nil, template, name, loc)...)
		names[i] = string(append(changed, name[loc[1]:]...))
	}
}

// group is the text of a group, "" where it has none.
func group(name string, loc []int, i int) string {
	if loc[2*i] < 0 {
		return ""
	}
	return name[loc[2*i]:loc[2*i+1]]
}

// numbers counts the texts of the group that is counted.
func (r *renaming) numbers(names []string) map[string]int {
	var texts []string
	for _, name := range names {
		if loc := r.match.FindStringSubmatchIndex(name); loc != nil {
			texts = append(texts, group(name, loc, r.count))
		}
	}
	slices.SortFunc(texts, compareNumbers)
	number := make(map[string]int)
	for i, text := range slices.Compact(texts) {
		number[text] = i
	}
	return number
}

// compareNumbers orders texts by the numbers in them: "2.9" comes before "2.10".
func compareNumbers(a, b string) int {
	return cmp.Or(slices.CompareFunc(digits(a), digits(b), func(x, y string) int {
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	}), strings.Compare(a, b))
}

// digits is the numbers in a text, without leading zeros.
func digits(text string) []string {
	out := strings.FieldsFunc(text, func(c rune) bool { return c < '0' || c > '9' })
	for i, d := range out {
		out[i] = strings.TrimLeft(d, "0")
	}
	return out
}

// renamed is what a list of tensors is called after rules.
func renamed(names []string, rules []WeightRule) ([]string, error) {
	compiled, err := compileRules(rules)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(names)
	for i := range compiled {
		compiled[i].apply(out)
	}
	return out, nil
}
