package eas

import (
	"fmt"
	"regexp"
	"strings"
)

var unfit = regexp.MustCompile(`[^A-Za-z0-9_.+-]+`)

// longest is the number of characters of a text that its file name keeps.
const longest = 80

// fileNames makes texts names of files anywhere, without an ending: no two are the same, also where
// capitals do not count.
func fileNames(texts []string) (out []string) {
	taken := map[string]bool{}
	for _, text := range texts {
		name := unfit.ReplaceAllString(text, "-")
		name = name[:min(len(name), longest)]
		one := name
		for n := 2; taken[strings.ToLower(one)]; n++ {
			one = fmt.Sprintf("%s-%d", name, n)
		}
		taken[strings.ToLower(one)] = true
		out = append(out, one)
	}
	return out
}
