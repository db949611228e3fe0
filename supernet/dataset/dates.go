package dataset

import (
	"fmt"
	"regexp"
)

// dates are numbers, months, weekdays, and words of time with a number, in any order: 2023,
// 2023-05-17T10, 17 May 2023, September, 2023-W20, day 3, 2023_summer.
var dates = regexp.MustCompile(`(?i)^` + date + `([-_., :t]*` + date + `)*$`)

const date = `([0-9]+(st|nd|rd|th|h|am|pm)?|[0-9]{4}[-_. ]*(spring|summer|autumn|fall|winter)|` +
	`(spring|summer|autumn|fall|winter|year|quarter|q|month|week|wk|w|kw|day)[-_. ]*[0-9]+|` +
	`jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|` +
	`oct(ober)?|nov(ember)?|dec(ember)?|` +
	`mon(day)?|tue(sday)?|wed(nesday)?|thu(rsday)?|fri(day)?|sat(urday)?|sun(day)?)`

// dayWithin is a whole date within a name: IMG_20230517, walk 2023-05-17 (2).
var dayWithin = regexp.MustCompile(`(^|[^0-9])(19|20)[0-9]{2}[-_.]?` +
	`(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12][0-9]|3[01])([^0-9]|$)`)

// rolls are the folders of a camera's card: 100CANON, 101MSDCF (JEITA CP-3461, DCF 2.0).
var rolls = regexp.MustCompile(`^[1-9][0-9]{2}[A-Z0-9_]{5}$`)

// areDates tells names that are all dates or numbers, or all of a camera's folders; numbers from 0
// without a gap are not meant.
func areDates(names map[string]bool) bool {
	plain, card := true, true
	for i := range len(names) {
		plain = plain && names[fmt.Sprint(i)]
	}
	for name := range names {
		card = card && rolls.MatchString(name)
	}
	if plain || card {
		return card
	}
	for name := range names {
		if !dates.MatchString(name) && !dayWithin.MatchString(name) {
			return false
		}
	}
	return true
}

// dated refuses one folder whose folders are all numbers or dates: a class sorted by time, or a set
// whose classes have such names. Numbers from 0 without a gap are classes.
func (t *tree) dated(where string, paths [][]string) error {
	names := map[string]bool{}
	for _, p := range paths {
		if len(p) < 3 {
			return nil
		}
		names[p[1]] = true
	}
	if !areDates(names) && !(len(names) == 1 && names["0"]) {
		return nil
	}
	return badFile(where, t.images[0].name, 0,
		"%q has folders %s: dates of one class, or classes? For one class, move the images up; for classes, "+
			"open the folder %q itself", paths[0][0], some(names), paths[0][0])
}
