package eas

import (
	"fmt"
	"regexp"
	"strings"
)

var unfit = regexp.MustCompile(`[^\pL\pM\pN_.+-]+`)

// longest is the number of characters of a text that its file name keeps: of four bytes each, with
// what comes before and after, they are still fewer than systems allow.
const longest = 50

// fileNames makes texts names of files anywhere, without an ending: no two are the same, also where
// capitals do not count.
func fileNames(texts []string) (out []string) {
	taken := map[string]bool{}
	for _, text := range texts {
		runes := []rune(unfit.ReplaceAllString(text, "-"))
		name := strings.TrimLeft(string(runes[:min(len(runes), longest)]), "-.")
		if name == "" {
			name = "_"
		}
		one := name
		for n := 2; taken[strings.ToLower(one)]; n++ {
			one = fmt.Sprintf("%s-%d", name, n)
		}
		taken[strings.ToLower(one)] = true
		out = append(out, one)
	}
	return out
}
