package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
)

// maxHeader is the largest header accepted, in bytes: the limit of the format's reference
// implementation.
const maxHeader = 100_000_000

// maxRank bounds the number of dimensions, so that a hostile header cannot make shapes of millions
// of extents.
const maxRank = 32

// entry is one tensor of a header; begin and end count bytes from the start of the data section.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64
}

// parseHeader reads the JSON text of a container whose data section has dataLen bytes. Entries come
// back in the order of their data and tile it exactly. Damage is reported at offset base plus the
// position in text.
func parseHeader(text []byte, dataLen, base int64) (map[string]string, []entry, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	p := headerParser{dec: dec, base: base}
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, corrupt(base, "header does not begin with '{'")
	}
	p.delim('{')
	var metadata map[string]string
	var entries []entry
	seen := make(map[string]bool)
	for p.more() {
		at := p.at()
		name := p.text("tensor name")
		if p.err == nil && seen[name] {
			p.fail(at, "duplicate name %q", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			metadata = p.metadata()
			continue
		}
		e := p.entry(name)
		if p.err == nil {
			p.check(at, e, dataLen)
		}
		entries = append(entries, e)
	}
	p.delim('}')
	if p.err != nil {
		return nil, nil, p.err
	}
	if rest := bytes.Trim(text[dec.InputOffset():], " "); len(rest) != 0 {
		return nil, nil, corrupt(p.at(), "text after the end of the header")
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return cmp.Compare(a.begin, b.begin)
		}
		return cmp.Compare(a.end, b.end)
	})
	var next int64
	for _, e := range entries {
		if e.begin != next {
			return nil, nil, corrupt(base+int64(len(text))+min(e.begin, next),
				"tensor %q begins at data byte %d, the one before it ends at %d", e.name, e.begin, next)
		}
		next = e.end
	}
	if next != dataLen {
		return nil, nil, corrupt(base+int64(len(text))+min(next, dataLen),
			"tensors take %d data bytes, file has %d", next, dataLen)
	}
	return metadata, entries, nil
}

// headerParser walks the tokens of a header; after the first error every method does nothing.
type headerParser struct {
	dec  *json.Decoder
	base int64
	err  error
}

func (p *headerParser) at() int64 { return p.base + p.dec.InputOffset() }

func (p *headerParser) fail(at int64, format string, args ...any) {
	if p.err == nil {
		p.err = corrupt(at, format, args...)
	}
}

func (p *headerParser) token() json.Token {
	if p.err != nil {
		return nil
	}
	t, err := p.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		p.fail(p.at(), "header is not valid JSON: %v", err)
		return nil
	}
	return t
}

func (p *headerParser) more() bool { return p.err == nil && p.dec.More() }

func (p *headerParser) delim(want json.Delim) {
	if t := p.token(); p.err == nil && t != want {
		p.fail(p.at(), "header has %v, expected %v", t, want)
	}
}

func (p *headerParser) text(what string) string {
	t := p.token()
	s, ok := t.(string)
	if p.err == nil && !ok {
		p.fail(p.at(), "header has %v, expected a %s", t, what)
	}
	return s
}

func (p *headerParser) integer(what string) int64 {
	t := p.token()
	n, ok := t.(json.Number)
	if p.err == nil && !ok {
		p.fail(p.at(), "header has %v, expected %s", t, what)
	}
	if p.err != nil {
		return 0
	}
	v, err := n.Int64()
	if err != nil || v < 0 {
		p.fail(p.at(), "header has %s, expected %s: an integer from 0 to %d", n, what, int64(math.MaxInt64))
		return 0
	}
	return v
}

// skip passes over a value of any kind.
func (p *headerParser) skip() {
	for depth := 0; p.err == nil; {
		switch p.token() {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return
		}
	}
}

func (p *headerParser) metadata() map[string]string {
	m := make(map[string]string)
	t := p.token()
	if p.err == nil && t == nil {
		return nil // null, as the format's own library reads it
	}
	if p.err == nil && t != json.Delim('{') {
		p.fail(p.at(), "header has %v, expected {", t)
	}
	for p.more() {
		at := p.at()
		key := p.text("metadata key")
		if _, ok := m[key]; ok {
			p.fail(at, "duplicate metadata key %q", key)
		}
		m[key] = p.text("metadata string")
	}
	p.delim('}')
	return m
}

func (p *headerParser) entry(name string) entry {
	e := entry{name: name, begin: -1, shape: []int{}}
	hasShape := false
	p.delim('{')
	for p.more() {
		at := p.at()
		switch key := p.text("tensor field"); key {
		case "dtype":
			if e.dtype != "" {
				p.fail(at, "tensor %q has two dtypes", name)
			}
			e.dtype = p.text("dtype")
		case "shape":
			if hasShape {
				p.fail(at, "tensor %q has two shapes", name)
			}
			hasShape = true
			p.delim('[')
			for p.more() {
				d := p.integer("an extent")
				if d > math.MaxInt || len(e.shape) == maxRank {
					p.fail(at, "tensor %q has more than %d dimensions or an extent above %d", name, maxRank,
						math.MaxInt)
				}
				e.shape = append(e.shape, int(d))
			}
			p.delim(']')
		case "data_offsets":
			if e.begin >= 0 {
				p.fail(at, "tensor %q has two data_offsets", name)
			}
			p.delim('[')
			e.begin = p.integer("a data offset")
			e.end = p.integer("a data offset")
			p.delim(']')
		default:
			p.skip() // as the format's own library does
		}
	}
	p.delim('}')
	if p.err == nil && (e.dtype == "" || !hasShape || e.begin < 0) {
		p.fail(p.at(), "tensor %q needs dtype, shape and data_offsets", name)
	}
	return e
}

// check holds one entry against its own extents and the length of the data section.
func (p *headerParser) check(at int64, e entry, dataLen int64) {
	size := dtypeSize(e.dtype)
	if size == 0 {
		p.fail(at, "tensor %q has dtype %q, expected one of whole bytes that safetensors has", e.name, e.dtype)
		return
	}
	if e.begin > e.end || e.end > dataLen {
		p.fail(at, "tensor %q takes data bytes %d to %d, file has %d", e.name, e.begin, e.end, dataLen)
		return
	}
	n, ok := elements(e.shape)
	if !ok || int64(n) > dataLen/size || int64(n)*size != e.end-e.begin {
		p.fail(at, "tensor %q has shape %v of %s in %d bytes", e.name, e.shape, e.dtype, e.end-e.begin)
	}
}
