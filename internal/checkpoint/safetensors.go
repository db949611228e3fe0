package checkpoint

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// WriteSafetensors writes a plain safetensors container without the checksum of a checkpoint: for
// weights that other programs will read. metadata may be nil. Equal arguments give equal bytes.
func WriteSafetensors(w io.Writer, metadata map[string]string, tensors map[string]Tensor) error {
	header, order, err := buildHeader(metadata, tensors)
	if err != nil {
		return err
	}
	return writeContainer(w, header, order, tensors)
}

// ReadSafetensors reads a container of exactly size bytes from r. Damage gives an error that wraps
// [ErrCorrupt]. At most about twice size bytes are allocated, whatever the header claims.
func ReadSafetensors(r io.Reader,
	size int64) (metadata map[string]string, tensors map[string]Tensor, err error) {
	c, err := openContainer(r, size)
	if err != nil {
		return nil, nil, err
	}
	tensors, err = c.readAll(nil)
	if err != nil {
		return nil, nil, err
	}
	return c.metadata, tensors, nil
}

// ReadHeader reads what a container of exactly size bytes, a checkpoint or not, says about itself,
// and nothing of its tensors. Damage gives an error that wraps [ErrCorrupt].
func ReadHeader(r io.Reader, size int64) (metadata map[string]string, tensors []TensorInfo, err error) {
	c, err := openContainer(r, size)
	if err != nil {
		return nil, nil, err
	}
	return c.metadata, c.tensorInfo(), nil
}

// buildHeader lays tensors out, widest elements first and then by name, so that every one is
// aligned to its element size, and pads the header with spaces so that the data section begins at a
// multiple of eight.
func buildHeader(metadata map[string]string, tensors map[string]Tensor) ([]byte, []string, error) {
	type field struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	order := make([]string, 0, len(tensors))
	sizes := make(map[string]int64, len(tensors))
	for name, t := range tensors {
		d, n, err := dtypeOf(t.Data)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if want, ok := elements(t.Shape); !ok || want != n || len(t.Shape) > maxRank {
			return nil, nil, fmt.Errorf("tensor %q: %w: shape %v for %d elements", name, ErrTensor,
				t.Shape, n)
		}
		if name == "__metadata__" || !utf8.ValidString(name) {
			return nil, nil, fmt.Errorf("tensor %q: %w: the name is reserved or not UTF-8", name, ErrTensor)
		}
		order, sizes[name] = append(order, name), d.size
	}
	slices.SortFunc(order, func(a, b string) int {
		if sizes[a] != sizes[b] {
			return cmp.Compare(sizes[b], sizes[a])
		}
		return strings.Compare(a, b)
	})
	var buf bytes.Buffer
	buf.Write(make([]byte, 8))
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	buf.WriteByte('{')
	member := func(name string, value any) error {
		if buf.Len() > 9 {
			buf.WriteByte(',')
		}
		for _, part := range []any{name, value} {
			if err := enc.Encode(part); err != nil {
				return err
			}
			buf.Truncate(buf.Len() - 1) // the encoder's newline
			buf.WriteByte(':')
		}
		buf.Truncate(buf.Len() - 1)
		return nil
	}
	if len(metadata) > 0 {
		for k, v := range metadata {
			if !utf8.ValidString(k) || !utf8.ValidString(v) {
				return nil, nil, fmt.Errorf("metadata %q is not UTF-8", k)
			}
		}
		if err := member("__metadata__", metadata); err != nil {
			return nil, nil, err
		}
	}
	var end int64
	for _, name := range order {
		t := tensors[name]
		d, n, _ := dtypeOf(t.Data)
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		begin := end
		end += int64(n) * d.size
		if err := member(name, field{d.name, shape, [2]int64{begin, end}}); err != nil {
			return nil, nil, err
		}
	}
	buf.WriteByte('}')
	for buf.Len()%8 != 0 {
		buf.WriteByte(' ')
	}
	header := buf.Bytes()
	if len(header)-8 > maxHeader {
		return nil, nil, fmt.Errorf("header of %d bytes, at most %d are allowed", len(header)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	return header, order, nil
}

func writeContainer(w io.Writer, header []byte, order []string, tensors map[string]Tensor) error {
	if _, err := w.Write(header); err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, 4*chunkBytes) // gathers small tensors
	buf := make([]byte, chunkBytes)
	for _, name := range order {
		if err := writeData(bw, tensors[name].Data, buf); err != nil {
			return err
		}
	}
	return bw.Flush()
}

// container is a file whose header has been read and checked; its data section comes next from r.
type container struct {
	r        io.Reader
	header   []byte // with the 8 length bytes
	metadata map[string]string
	entries  []entry
}

func openContainer(r io.Reader, size int64) (*container, error) {
	if size < 8 {
		return nil, corrupt(max(size, 0), "%d bytes, expected at least the 8 of the header's length", size)
	}
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, &FormatError{Reason: "header length cannot be read", Err: err}
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, corrupt(0, "header of %d bytes, expected at most %d", n, min(size-8, maxHeader))
	}
	header := make([]byte, 8+n)
	copy(header, length[:])
	if got, err := io.ReadFull(r, header[8:]); err != nil {
		return nil, &FormatError{Offset: 8 + int64(got), Reason: "header cannot be read", Err: err}
	}
	metadata, entries, err := parseHeader(header[8:], size-8-int64(n), 8)
	if err != nil {
		return nil, err
	}
	// Networks have hundreds of small tensors; without the buffer each would be a system call.
	return &container{r: bufio.NewReaderSize(r, 4*chunkBytes), header: header, metadata: metadata,
		entries: entries}, nil
}

// readAll reads every tensor; when tee is not nil it is sent the data bytes as well.
func (c *container) readAll(tee io.Writer) (map[string]Tensor, error) {
	r := c.r
	if tee != nil {
		r = io.TeeReader(r, tee)
	}
	buf := make([]byte, chunkBytes)
	tensors := make(map[string]Tensor, len(c.entries))
	for _, e := range c.entries {
		n, _ := elements(e.shape)
		data := allocate(e.dtype, n)
		if err := readData(r, data, buf); err != nil {
			return nil, &FormatError{Offset: int64(len(c.header)) + e.begin,
				Reason: fmt.Sprintf("tensor %q cannot be read", e.name), Err: err}
		}
		tensors[e.name] = Tensor{Shape: e.shape, Data: data}
	}
	return tensors, nil
}
