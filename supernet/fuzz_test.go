package supernet

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// FuzzLoadMeta loads intact files whose description is anything: an error or a working model, never
// a panic, and never memory for tensors that the file does not hold.
func FuzzLoadMeta(f *testing.F) {
	m := tinyModel(f)
	meta := m.meta()
	meta.Arch = m.space.Format(m.arch)
	good, err := json.Marshal(meta)
	if err != nil {
		f.Fatal(err)
	}
	tensors := make(map[string]checkpoint.Tensor)
	for key, data := range m.values() {
		tensors[key] = checkpoint.Of(m.store.byKey[key].dims(), data)
	}
	f.Add(string(good))
	meta.Classes = []string{"cat", "dog", "cat", ""}
	twice, err := json.Marshal(meta)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(twice))
	f.Add(`{}`)
	f.Add(`{"Space":{"family":"mobilenetv3","options":"e30="},"Arch":"2,2,2,2,2:3:3"}`)
	f.Add(`{"Space":{"family":"mobilenetv3","options":"eyJ3aWR0aCI6MWUzMCwiY2xhc3NlcyI6OTk5OTk5OTk5OTk5fQ=="},"Sharing":"elastic"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return // no writer makes such a file
		}
		dir := t.TempDir()
		for kind, load := range map[string]func(string) error{
			modelKind: func(path string) error { _, err := LoadModel(path, &Options{Workers: 1}); return err },
			netKind:   func(path string) error { _, err := Load(path, &Options{Workers: 1}); return err },
		} {
			path := filepath.Join(dir, kind)
			if err := checkpoint.Write(path, kind, fileVersion, json.RawMessage(text), tensors); err != nil {
				t.Fatal(err)
			}
			err := load(path)
			if text == string(good) && kind == modelKind && err != nil {
				t.Fatal(err)
			}
			if kind == netKind && err == nil {
				t.Fatal("the tensors of a model loaded as a supernet")
			}
		}
	})
}

// FuzzReadSafetensors reads damaged weight files.
func FuzzReadSafetensors(f *testing.F) {
	m := tinyModel(f)
	path := filepath.Join(f.TempDir(), "weights")
	if err := m.WriteSafetensors(f.Context(), path); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:2000])
	f.Add([]byte("\x10\x00\x00\x00\x00\x00\x00\x00{\"a\":1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "weights")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := m.ReadSafetensors(t.Context(), path, nil); err == nil && len(data) < 10000 {
			t.Error("a file too short for the weights was accepted")
		}
	})
}
