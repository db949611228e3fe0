package checkpoint

import (
	"path/filepath"
	"testing"
)

// BenchmarkWriteRead writes and reads 64 MiB of weights and a thousand small tensors.
func BenchmarkWriteRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	tensors := map[string]Tensor{"w": Of([]int{1 << 24}, make([]float32, 1<<24))}
	for i := range 1000 {
		tensors["bn"+string(rune('a'+i))] = Of([]int{100}, make([]float32, 100))
	}
	b.SetBytes(64 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(path, "bench", 1, nil, tensors); err != nil {
			b.Fatal(err)
		}
		if _, err := Read(path, "bench", 1, nil); err != nil {
			b.Fatal(err)
		}
	}
}
