package run

import (
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Percents is the flag value of fractions that are written as percentages, separated by commas.
func Percents(x *[]float64) flag.Value {
	return &list[float64]{x, "percentages above 0 and at most 100",
		func(text string) (float64, bool) {
			v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
			return v / 100, err == nil && v > 0 && v <= 100
		},
		func(v float64) string { return strconv.FormatFloat(v*100, 'g', 6, 64) }}
}

// Amounts is the flag value of numbers above 0, separated by commas.
func Amounts(x *[]float64) flag.Value {
	return &list[float64]{x, "numbers above 0",
		func(text string) (float64, bool) {
			v, err := strconv.ParseFloat(text, 64)
			return v, err == nil && v > 0 && !math.IsInf(v, 0)
		},
		func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }}
}

// Counts is the flag value of whole numbers from 1, separated by commas.
func Counts(x *[]int) flag.Value {
	return &list[int]{x, "whole numbers from 1",
		func(text string) (int, bool) {
			v, err := strconv.Atoi(text)
			return v, err == nil && v >= 1
		}, strconv.Itoa}
}

// list is the flag value of several things.
type list[T any] struct {
	x      *[]T
	what   string
	parse  func(text string) (T, bool)
	format func(T) string
}

func (l *list[T]) String() string {
	if l.x == nil { // package flag asks a zero value
		return ""
	}
	parts := make([]string, len(*l.x))
	for i, v := range *l.x {
		parts[i] = l.format(v)
	}
	return strings.Join(parts, ",")
}

func (l *list[T]) Set(text string) error {
	var out []T
	for f := range strings.SplitSeq(text, ",") {
		v, ok := l.parse(strings.TrimSpace(f))
		if !ok {
			return fmt.Errorf("got %q, expected %s, separated by commas", text, l.what)
		}
		out = append(out, v)
	}
	*l.x = out
	return nil
}
