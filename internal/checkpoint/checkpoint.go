package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// digestKey comes before the digest in a header. Inside any JSON string its quotes would be
// escaped, so the metadata field is the only place where these bytes can stand.
const digestKey = `"sha256":"`

// Write makes path a checkpoint of the given kind and version (1 or more): meta, which
// encoding/json must be able to marshal, and the tensors. The file is replaced atomically, see
// [WriteFileAtomic].
func Write(path, kind string, version int, meta any, tensors map[string]Tensor) error {
	header, order, err := prepare(kind, version, meta, tensors)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return WriteFileAtomic(path, func(w io.Writer) error { return writeContainer(w, header, order, tensors) })
}

// Encode is [Write] to a stream.
func Encode(w io.Writer, kind string, version int, meta any, tensors map[string]Tensor) error {
	header, order, err := prepare(kind, version, meta, tensors)
	if err != nil {
		return err
	}
	return writeContainer(w, header, order, tensors)
}

// prepare builds the header with the digest filled in. The tensors are read twice, here and when
// they are written, because the digest stands before them in the file.
func prepare(kind string, version int, meta any, tensors map[string]Tensor) ([]byte, []string, error) {
	if kind == "" || version < 1 {
		return nil, nil, fmt.Errorf("checkpoint of kind %q and version %d, expected a name and 1 or more",
			kind, version)
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint of kind %q: %w", kind, err)
	}
	header, order, err := buildHeader(map[string]string{
		"format": "tendril", "kind": kind, "version": strconv.Itoa(version), "meta": string(text),
		"sha256": strings.Repeat("0", 2*sha256.Size),
	}, tensors)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint of kind %q: %w", kind, err)
	}
	h := sha256.New()
	if err := writeContainer(h, header, order, tensors); err != nil {
		return nil, nil, err
	}
	digest, ok := digestField(header)
	if !ok {
		return nil, nil, fmt.Errorf("checkpoint of kind %q: header has no single digest field", kind)
	}
	hex.Encode(digest, h.Sum(nil))
	return header, order, nil
}

// digestField is the part of a header that holds the digest's digits.
func digestField(header []byte) ([]byte, bool) {
	if bytes.Count(header, []byte(digestKey)) != 1 {
		return nil, false
	}
	i := bytes.Index(header, []byte(digestKey)) + len(digestKey)
	if i+2*sha256.Size > len(header) {
		return nil, false
	}
	return header[i : i+2*sha256.Size], true
}

// Read reads a checkpoint and unmarshals its meta text into meta (skipped when nil). The error
// wraps [ErrCorrupt] when the file is damaged, otherwise [ErrKind] when it is of another kind,
// otherwise [ErrVersion] when its version is above maxVersion; errors of the file system
// (fs.ErrNotExist, say) are passed on. meta is changed only when the file is intact. Readers that
// understand several versions ask [Inspect] first.
func Read(path, kind string, maxVersion int, meta any) (map[string]Tensor, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tensors, err := Decode(f, info.Size(), kind, maxVersion, meta)
	return tensors, inFile(path, err)
}

// Decode is [Read] from a stream of exactly size bytes.
func Decode(r io.Reader, size int64, kind string, maxVersion int, meta any) (map[string]Tensor, error) {
	c, err := openContainer(r, size)
	if err != nil {
		return nil, err
	}
	info, sum, err := c.describe()
	if err != nil {
		return nil, err
	}
	// An intact file of another kind must be told from a damaged one of this kind, so the digest
	// comes before everything.
	var mismatch error
	switch {
	case info.Kind != kind:
		mismatch = fmt.Errorf("%w: %q, expected %q", ErrKind, info.Kind, kind)
	case info.Version > maxVersion:
		mismatch = fmt.Errorf("%w: %d of %q, expected at most %d", ErrVersion, info.Version, kind, maxVersion)
	}
	var tensors map[string]Tensor
	if mismatch != nil {
		_, err = io.Copy(sum, c.r)
	} else {
		tensors, err = c.readAll(sum)
	}
	if err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != c.metadata["sha256"] {
		return nil, corrupt(size, "digest of the file is %s, its header says %q", got, c.metadata["sha256"])
	}
	if mismatch != nil {
		return nil, mismatch
	}
	if meta != nil {
		if err := json.Unmarshal(info.Meta, meta); err != nil {
			return nil, fmt.Errorf("meta of checkpoint %q version %d: %w", info.Kind, info.Version, err)
		}
	}
	return tensors, nil
}

// Info is what a checkpoint says about itself.
type Info struct {
	Kind    string
	Version int
	Meta    json.RawMessage
	Tensors []TensorInfo // in the order of the file
}

// TensorInfo describes one tensor of a file.
type TensorInfo struct {
	Name  string
	DType string // F32, F64, F16, BF16, I32, I64 or U8
	Shape []int
}

// Inspect reads the header of a checkpoint only. The digest is not verified.
func Inspect(path string) (Info, error) {
	f, err := openRegular(path)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return Info{}, err
	}
	c, err := openContainer(f, stat.Size())
	if err != nil {
		return Info{}, inFile(path, err)
	}
	info, _, err := c.describe()
	return info, inFile(path, err)
}

// describe reads the metadata that make a container a checkpoint and starts the digest with the
// header.
func (c *container) describe() (Info, hash.Hash, error) {
	m := c.metadata
	if m["kind"] == "" || m["format"] != "tendril" {
		return Info{}, nil, corrupt(8, "container is not a checkpoint of this library")
	}
	version, err := strconv.Atoi(m["version"])
	if err != nil || version < 1 {
		return Info{}, nil, corrupt(8, "version %q, expected a number from 1", m["version"])
	}
	digest, ok := digestField(c.header)
	if !ok || string(digest) != m["sha256"] {
		return Info{}, nil, corrupt(8, "header has no single digest field")
	}
	h := sha256.New()
	begin := bytes.Index(c.header, []byte(digestKey)) + len(digestKey)
	h.Write(c.header[:begin])
	h.Write([]byte(strings.Repeat("0", len(digest))))
	h.Write(c.header[begin+len(digest):])
	return Info{Kind: m["kind"], Version: version, Meta: json.RawMessage(m["meta"]),
		Tensors: c.tensorInfo()}, h, nil
}

// tensorInfo describes the tensors, in the order of the file.
func (c *container) tensorInfo() []TensorInfo {
	var out []TensorInfo
	for _, e := range c.entries {
		out = append(out, TensorInfo{Name: e.name, DType: e.dtype, Shape: e.shape})
	}
	return out
}
