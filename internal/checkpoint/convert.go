package checkpoint

import (
	"encoding/binary"
	"io"
	"math"
)

// chunkBytes is the size of the conversion buffer: small enough to stay in the first-level cache
// beside the data it is filled from. It is a multiple of every element size.
const chunkBytes = 16 << 10

// writeData streams data, little-endian, to w through buf of chunkBytes bytes.
func writeData(w io.Writer, data any, buf []byte) error {
	switch d := data.(type) {
	case []float32:
		return put(w, d, 4, buf,
			func(b []byte, v float32) { binary.LittleEndian.PutUint32(b, math.Float32bits(v)) })
	case []float64:
		return put(w, d, 8, buf,
			func(b []byte, v float64) { binary.LittleEndian.PutUint64(b, math.Float64bits(v)) })
	case []Float16:
		return put(w, d, 2, buf, func(b []byte, v Float16) { binary.LittleEndian.PutUint16(b, uint16(v)) })
	case []BFloat16:
		return put(w, d, 2, buf, func(b []byte, v BFloat16) { binary.LittleEndian.PutUint16(b, uint16(v)) })
	case []int32:
		return put(w, d, 4, buf, func(b []byte, v int32) { binary.LittleEndian.PutUint32(b, uint32(v)) })
	case []int64:
		return put(w, d, 8, buf, func(b []byte, v int64) { binary.LittleEndian.PutUint64(b, uint64(v)) })
	case []uint8:
		_, err := w.Write(d)
		return err
	case Raw:
		_, err := w.Write(d.Bytes)
		return err
	}
	_, _, err := dtypeOf(data)
	return err
}

func put[T any](w io.Writer, data []T, size int, buf []byte, store func([]byte, T)) error {
	for len(data) > 0 {
		n := min(len(data), len(buf)/size)
		b := buf[:n*size]
		for i, v := range data[:n] {
			store(b[i*size:i*size+size], v)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// readData fills data from r through buf.
func readData(r io.Reader, data any, buf []byte) error {
	switch d := data.(type) {
	case []float32:
		return get(r, d, 4, buf,
			func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
	case []float64:
		return get(r, d, 8, buf,
			func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) })
	case []Float16:
		return get(r, d, 2, buf, func(b []byte) Float16 { return Float16(binary.LittleEndian.Uint16(b)) })
	case []BFloat16:
		return get(r, d, 2, buf, func(b []byte) BFloat16 { return BFloat16(binary.LittleEndian.Uint16(b)) })
	case []int32:
		return get(r, d, 4, buf, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) })
	case []int64:
		return get(r, d, 8, buf, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })
	case []uint8:
		_, err := io.ReadFull(r, d)
		return err
	case Raw:
		_, err := io.ReadFull(r, d.Bytes)
		return err
	}
	_, _, err := dtypeOf(data)
	return err
}

func get[T any](r io.Reader, data []T, size int, buf []byte, load func([]byte) T) error {
	for len(data) > 0 {
		n := min(len(data), len(buf)/size)
		b := buf[:n*size]
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		for i := range data[:n] {
			data[i] = load(b[i*size : i*size+size])
		}
		data = data[n:]
	}
	return nil
}
