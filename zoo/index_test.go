package zoo

import (
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Whatever an intact index claims is an error or a zoo that is written and read back the same.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"classes":[["a","b"]],"machines":[""],"entries":[{"name":"x","space":{"family":"etnas","input_size":32,"classes":2},"arch":"0-_16_1-1-1-1","classes":1}]}`),
		[]byte{0, 0, 0, 8, 32, 1, 5, 4, 6, 0})
	f.Add([]byte(`{"entries":[{"name":"x","space":{"family":"f"},"arch":"a","weights":{"size":3,"sha256":"00"}}]}`), []byte{})
	f.Add([]byte(`{"entries":[{"name":"x"},{"name":"x","classes":9}]}`), []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Add([]byte(`{"entries":[{"name":"x","space":{"family":"f"},"arch":"a","steps":[{"batch":-1}]}]}`), []byte{255})
	f.Fuzz(func(t *testing.T, meta, numbers []byte) {
		if !json.Valid(meta) || !utf8.Valid(meta) {
			return
		}
		rows := make([]float64, len(numbers)/timeColumns*timeColumns)
		for i := range rows {
			rows[i] = float64(int8(numbers[i]))
			if numbers[i] == 255 {
				rows[i] = math.NaN()
			}
		}
		dir := t.TempDir()
		err := checkpoint.Write(filepath.Join(dir, indexName), indexKind, indexVersion, json.RawMessage(meta),
			map[string]checkpoint.Tensor{timesName: checkpoint.Of([]int{len(rows) / timeColumns, timeColumns}, rows)})
		if err != nil {
			t.Fatal(err)
		}
		z, err := Open(dir, nil)
		if err != nil {
			return
		}
		if err := writeIndex(dir, z.entries); err != nil {
			t.Fatal(err)
		}
		again, err := readIndex(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) != z.Len() {
			t.Fatalf("%d entries, then %d", z.Len(), len(again))
		}
		for i, e := range z.entries {
			if !reflect.DeepEqual(e.clone().Steps, again[i].clone().Steps) || e.Name != again[i].Name || e.Arch != again[i].Arch {
				t.Fatalf("%+v, then %+v", e, again[i])
			}
		}
	})
}
