package searchspace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// etCodec is the published encoding BLOCK_CHANNELS_MACRO.
type etCodec struct{ blocks int }

// scanner walks over text and remembers the first mistake.
type scanner struct {
	text string
	at   int
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// wrong is a SyntaxError at the current position.
func (s *scanner) wrong(want string) error {
	got := "end of text"
	if s.at < len(s.text) {
		got = quote(s.text[s.at:])
	}
	return &SyntaxError{s.at, got, want}
}

// digit reads one of the digits in set and returns its index there.
func (s *scanner) digit(set, what string) (int, error) {
	k := -1
	if c := s.peek(); c != 0 {
		k = strings.IndexByte(set, c)
	}
	if k < 0 {
		return 0, s.wrong(fmt.Sprintf("%s, one of %s", what, strings.Join(strings.Split(set, ""), " ")))
	}
	s.at++
	return k, nil
}

func (s *scanner) literal(c byte, what string) error {
	if s.peek() != c || s.at == len(s.text) {
		return s.wrong(what)
	}
	s.at++
	return nil
}

// Parse reads an encoding.
func (e etCodec) Parse(text string, decisions []Decision) ([]int, error) {
	choices := make([]int, len(decisions))
	index := make(map[string]int, len(decisions))
	for i := range decisions {
		index[decisions[i].Name] = i
	}
	s := &scanner{text: text}
	if err := e.parseBlock(s, choices, index); err != nil {
		return nil, err
	}
	if err := s.literal('_', "'_' after the block"); err != nil {
		return nil, err
	}
	channels := &decisions[index["channels"]]
	end := s.at
	for end < len(text) && text[end] != '_' {
		end++
	}
	c := slices.Index(channels.Labels, text[s.at:end])
	if c < 0 {
		return nil, s.wrong("channels, " + orList(channels.Labels) + ", and '_'")
	}
	choices[index["channels"]] = c
	s.at = end
	if err := s.literal('_', "'_' after the channels"); err != nil {
		return nil, err
	}
	for stage := range etStages {
		if stage > 0 {
			if err := s.literal('-', fmt.Sprintf("1, 2, 4, or '-' before stage %d of %d", stage+1,
				etStages)); err != nil {
				return nil, err
			}
		}
		n := 0
		for n == 0 || s.at < len(text) && s.peek() != '-' {
			if n == e.blocks {
				return nil, s.wrong(fmt.Sprintf("at most %d blocks in stage %d", e.blocks, stage+1))
			}
			digit, err := s.digit("124", fmt.Sprintf("channel growth of block %d of stage %d", n+1, stage+1))
			if err != nil {
				return nil, err
			}
			choices[index[fmt.Sprintf("stage%d.layer%d.growth", stage+1, n)]] = digit
			n++
		}
		choices[index[fmt.Sprintf("stage%d.depth", stage+1)]] = n - 1
	}
	if s.at < len(text) {
		return nil, s.wrong(fmt.Sprintf("end of text after %d stages", etStages))
	}
	return choices, nil
}

// parseBlock reads LAYERS-SKIPS.
func (e etCodec) parseBlock(s *scanner, choices []int, index map[string]int) error {
	layers := 0
	for {
		op, err := s.digit("0123456", fmt.Sprintf("operation of layer %d", layers+1))
		if err != nil {
			return err
		}
		choices[index["block.op"+strconv.Itoa(layers)]] = op
		layers++
		if s.peek() == '-' {
			break
		}
		if layers == etLayers {
			return s.wrong(fmt.Sprintf("'-' after %d layers", etLayers))
		}
		ratio, err := s.digit("01234", fmt.Sprintf("channels of layer %d", layers))
		if err != nil {
			return err
		}
		choices[index["block.channels"+strconv.Itoa(layers-1)]] = ratio
	}
	choices[index["block.layers"]] = layers - 1
	s.at++
	all := etSkipChoices()
	for k := 0; s.peek() == 'a' || s.peek() == 'c'; k++ {
		if k == etSkips {
			return s.wrong(fmt.Sprintf("'_' after %d skips", etSkips))
		}
		end := min(s.at+3, len(s.text))
		c := slices.IndexFunc(all,
			func(skip etSkip) bool { return skip.String() == s.text[s.at:end] && skip.to <= layers })
		if c < 0 {
			return s.wrong(fmt.Sprintf("a skip: a or c, and two ascending places from 0 to %d", layers))
		}
		choices[index["block.skip"+strconv.Itoa(k)]] = c + 1
		s.at = end
	}
	return nil
}

// Format writes an encoding.
func (e etCodec) Format(choices []int, decisions []Decision) string {
	of := make(map[string]string, len(decisions))
	for i := range decisions {
		of[decisions[i].Name] = decisions[i].Labels[choices[i]]
	}
	var out strings.Builder
	layers, _ := strconv.Atoi(of["block.layers"])
	for i := range layers {
		out.WriteString(of["block.op"+strconv.Itoa(i)])
		if i < layers-1 {
			out.WriteString(of["block.channels"+strconv.Itoa(i)])
		}
	}
	out.WriteByte('-')
	for i := range etSkips {
		if skip := of["block.skip"+strconv.Itoa(i)]; skip != "none" {
			out.WriteString(skip)
		}
	}
	out.WriteString("_" + of["channels"] + "_")
	for stage := range etStages {
		if stage > 0 {
			out.WriteByte('-')
		}
		n, _ := strconv.Atoi(of[fmt.Sprintf("stage%d.depth", stage+1)])
		for i := range n {
			out.WriteString(of[fmt.Sprintf("stage%d.layer%d.growth", stage+1, i)])
		}
	}
	return out.String()
}
