package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// headerOf is that of a file of numpy, version 1, with a matrix of float32, row after row or column
// after column.
var headerOf = regexp.MustCompile(
	`^\{'descr': '<f4', 'fortran_order': (False|True), 'shape': \((\d{1,6}), (\d{1,6})\), \} *\n$`)

// readRows reads a matrix; from a name that ends in .gz, a compressed one.
func readRows(path string) ([][]float64, error) {
	data, err := os.ReadFile(path)
	if err == nil && strings.HasSuffix(path, ".gz") {
		data, err = unpacked(data)
	}
	if err != nil {
		return nil, err
	}
	rows, err := parseRows(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}

func unpacked(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func parseRows(data []byte) ([][]float64, error) {
	const before = 10 // bytes before the header
	if len(data) < before || !bytes.HasPrefix(data, []byte("\x93NUMPY\x01\x00")) {
		return nil, fmt.Errorf("no file of numpy, version 1")
	}
	n := before + int(binary.LittleEndian.Uint16(data[before-2:]))
	if len(data) < n {
		return nil, fmt.Errorf("%d bytes, expected a header of %d", len(data), n)
	}
	m := headerOf.FindSubmatch(data[before:n])
	if m == nil {
		return nil, fmt.Errorf("header %q, expected a matrix of float32", data[before:n])
	}
	count, _ := strconv.Atoi(string(m[2])) // of six digits at most
	width, _ := strconv.Atoi(string(m[3]))
	if width < 2 || len(data) != n+4*count*width {
		return nil, fmt.Errorf("%d bytes for %d rows of %d numbers, expected two numbers a row and 4 bytes each",
			len(data)-n, count, width)
	}
	acrossRow, acrossColumn := 1, width
	if string(m[1]) == "True" {
		acrossRow, acrossColumn = count, 1
	}
	rows := make([][]float64, count)
	for i := range rows {
		rows[i] = make([]float64, width)
		for k := range rows[i] {
			bits := binary.LittleEndian.Uint32(data[n+4*(i*acrossColumn+k*acrossRow):])
			rows[i][k] = float64(math.Float32frombits(bits))
		}
	}
	return rows, nil
}
