package dataset

import (
	"bytes"
	"encoding/binary"
)

// Tags of a TIFF directory that are looked at, of which an EXIF block is one.
const (
	tagBits         = 258
	tagCompression  = 259
	tagOrientation  = 274
	tagRowsPerStrip = 278
	tagTileWidth    = 322
	tagTileHeight   = 323
)

// readIFD reads the first directory of a TIFF file or EXIF block: numbers by tag, the first of
// each. What is damaged is left out; it never fails.
func readIFD(data []byte) map[uint16]uint32 {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return nil
	}
	if len(data) < 8 {
		return nil
	}
	at := int64(order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return nil
	}
	entries := data[at+2:]
	out := map[uint16]uint32{}
	for range order.Uint16(data[at:]) {
		if len(entries) < 12 {
			break
		}
		tag, kind, count := order.Uint16(entries), order.Uint16(entries[2:]), uint64(order.Uint32(entries[4:]))
		value := entries[8:12]
		entries = entries[12:]
		size := map[uint16]uint64{1: 1, 3: 2, 4: 4}[kind]
		if size*count > uint64(len(value)) { // elsewhere
			value = data[min(uint64(order.Uint32(value)), uint64(len(data))):]
		}
		switch {
		case count == 0 || uint64(len(value)) < size:
		case kind == 1:
			out[tag] = uint32(value[0])
		case kind == 3:
			out[tag] = uint32(order.Uint16(value))
		case kind == 4:
			out[tag] = order.Uint32(value)
		}
	}
	return out
}

// orientationOf says how an image is to be turned, by the number that EXIF 2.3 gives it: 1,
// upright, also where the file does not say, or says nonsense.
func orientationOf(f *imageFormat, data []byte) int {
	if o := readIFD(f.exif(data))[tagOrientation]; o >= 2 && o <= 8 {
		return int(o)
	}
	return 1
}

// segments calls f for the segments of a JPEG file before its first scan, until it says stop. As
// the decoder does, it passes over bytes between segments that are none.
func segments(data []byte, f func(marker byte, body []byte) (stop bool)) {
	for at := 2; at < len(data); {
		next := bytes.IndexByte(data[at:], 0xff)
		if next < 0 {
			return
		}
		for at += next; at < len(data) && data[at] == 0xff; at++ {
		}
		if at+3 > len(data) {
			return
		}
		marker := data[at]
		at++
		switch {
		case marker == 0, marker >= 0xd0 && marker <= 0xd7: // without a body
			continue
		case marker == 0xda, marker == 0xd9:
			return
		}
		end := at + int(binary.BigEndian.Uint16(data[at:]))
		if end < at+2 || end > len(data) || f(marker, data[at+2:end]) {
			return
		}
		at = end
	}
}

// isProgressive reports whether a JPEG file comes in several scans.
func isProgressive(data []byte) (yes bool) {
	segments(data, func(marker byte, _ []byte) bool {
		yes = yes || marker == 0xc2
		return yes
	})
	return yes
}

func exifOfJPEG(data []byte) (block []byte) {
	segments(data, func(marker byte, body []byte) bool {
		var found bool
		if marker == 0xe1 {
			block, found = bytes.CutPrefix(body, []byte("Exif\x00\x00"))
		}
		if !found {
			block = nil
		}
		return found
	})
	return block
}

// exifOfPNG finds the chunk eXIf before or after the pixels.
func exifOfPNG(data []byte) []byte { return chunkOfPNG(data, "eXIf") }

// chunkOfPNG gives the first chunk of a kind, nil where there is none.
func chunkOfPNG(data []byte, kind string) []byte {
	for at := int64(8); at+12 <= int64(len(data)); {
		end := at + 8 + int64(binary.BigEndian.Uint32(data[at:]))
		if end+4 > int64(len(data)) {
			break
		}
		if string(data[at+4:at+8]) == kind {
			return data[at+8 : end]
		}
		at = end + 4
	}
	return nil
}

// exifOfWebP finds the chunk EXIF; some writers put the prefix of JPEG before the block.
func exifOfWebP(data []byte) []byte {
	for at := int64(12); at+8 <= int64(len(data)); {
		end := at + 8 + int64(binary.LittleEndian.Uint32(data[at+4:]))
		if end > int64(len(data)) {
			break
		}
		if string(data[at:at+4]) == "EXIF" {
			return bytes.TrimPrefix(data[at+8:end], []byte("Exif\x00\x00"))
		}
		at = end + end%2
	}
	return nil
}
