package searchspace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SyntaxError is what Parse returns for bad text.
type SyntaxError struct {
	Offset int    // byte offset in the text, from 0
	Got    string // what stands there, or "end of text"
	Want   string // what was expected
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("searchspace: architecture text, position %d: got %s, expected %s", e.Offset,
		e.Got, e.Want)
}

// textList is a TextList with its decisions resolved.
type textList struct {
	name      string
	decisions []int
}

// token is one number or label of the text.
type token struct {
	text   string
	offset int
}

// Parse reads the text form of the family. What inactive places hold is ignored, so different texts
// can give one Arch. Bad text gives a *SyntaxError; an architecture outside restrictions or limits
// an error that wraps ErrInvalid.
func (s *Space) Parse(text string) (Arch, error) {
	var choices []int
	var err error
	if s.fam.Codec != nil {
		choices, err = s.fam.Codec.Parse(text, s.Decisions())
	} else {
		choices, err = s.parseLists(text)
	}
	if err != nil {
		return Arch{}, err
	}
	return s.New(choices)
}

// Format is the text form of a, which Parse reads back to a; "" for an Arch of another space.
// Inactive places hold their decision's first choice.
func (s *Space) Format(a Arch) string {
	if a.Len() != len(s.decisions) || s.inRange(a) != nil {
		return ""
	}
	if s.fam.Codec != nil {
		return s.fam.Codec.Format(a.Choices(), s.Decisions())
	}
	var out strings.Builder
	for k, l := range s.lists {
		if k > 0 {
			out.WriteByte(':')
		}
		for j, d := range l.decisions {
			if j > 0 {
				out.WriteByte(',')
			}
			out.WriteString(s.decisions[d].Labels[a.At(d)])
		}
	}
	return out.String()
}

func (s *Space) parseLists(text string) ([]int, error) {
	// The mistake that stands first in the text is the one to report.
	tokens, first := s.split(text)
	choices := make([]int, len(s.decisions))
	for i := range s.decisions {
		tok, ok := tokens[i]
		d := &s.decisions[i]
		if !ok {
			continue
		}
		if !s.active(i, choices) {
			if _, err := strconv.ParseFloat(tok.text, 64); err != nil && d.Values != nil &&
				(first == nil || tok.offset < first.Offset) {
				first = &SyntaxError{tok.offset, quote(tok.text), "a number for " + d.Name +
					", which has no effect here"}
			}
			continue
		}
		c := slices.Index(d.Labels, s.meaning(d.Name, tok.text))
		if c < 0 {
			all := make([]int, d.Len())
			for k := range all {
				all[k] = k
			}
			full := Decision{Labels: d.Labels, Allowed: all}
			if first == nil || tok.offset < first.Offset {
				first = &SyntaxError{tok.offset, quote(tok.text), full.expected() + " for " + d.Name}
			}
			continue // choice 0 stands in, so that later mistakes can be compared
		}
		choices[i] = c
	}
	if first != nil {
		return nil, first
	}
	return choices, nil
}

// meaning is the label that text stands for in a decision.
func (s *Space) meaning(decision, text string) string {
	for _, syn := range s.fam.Synonyms {
		if syn.Decision == decision && syn.Label == text {
			return syn.Means
		}
	}
	return text
}

// split cuts the text into one token per decision. After a wrong number of entries it returns those
// before the mistake as well.
func (s *Space) split(text string) (map[int]token, *SyntaxError) {
	tokens := make(map[int]token, len(s.decisions))
	offset := 0
	for k, l := range s.lists {
		for j, d := range l.decisions {
			end := offset
			for end < len(text) && text[end] != ',' && text[end] != ':' {
				end++
			}
			tok := token{text[offset:end], offset}
			if !wellFormed(tok.text) {
				return tokens, &SyntaxError{offset, quoteAt(text, offset),
					fmt.Sprintf("entry %d of %d of the %s", j+1, len(l.decisions), l.name)}
			}
			tokens[d] = tok
			want, what := byte(','), fmt.Sprintf("',' and entry %d of %d of the %s", j+2,
				len(l.decisions), l.name)
			if j == len(l.decisions)-1 {
				want, what = ':', fmt.Sprintf("':' after the %d entries of the %s", len(l.decisions), l.name)
				if k == len(s.lists)-1 {
					want, what = 0, fmt.Sprintf("end of text after the %d entries of the %s",
						len(l.decisions), l.name)
				}
			}
			offset = end
			if want == 0 && end == len(text) {
				return tokens, nil
			}
			if want == 0 || end == len(text) || text[end] != want {
				return tokens, &SyntaxError{offset, quoteAt(text, offset), what}
			}
			offset++
		}
	}
	return tokens, nil
}

// wellFormed reports whether a token can be a number or label at all. Labels of ignored places are
// held to no more than this.
func wellFormed(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' ||
			c == '_' || c == '+') {
			return false
		}
	}
	return true
}

// quoteAt quotes what stands at offset, up to the next separator.
func quoteAt(text string, offset int) string {
	if offset >= len(text) {
		return "end of text"
	}
	end := offset + 1
	if c := text[offset]; c != ',' && c != ':' {
		for end < len(text) && text[end] != ',' && text[end] != ':' {
			end++
		}
	}
	return quote(text[offset:end])
}

func quote(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
