package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	for _, p := range Available() {
		if got, err := ParsePath(strings.ToUpper(p.String())); err != nil || got != p {
			t.Errorf("%v: parsed as %v, %v", p, got, err)
		}
	}
	for _, name := range []string{"", "neon", "avx"} {
		if _, err := ParsePath(name); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

// TestPathEnv runs this test binary again with the override set.
func TestPathEnv(t *testing.T) {
	if want := os.Getenv("TENDRIL_TEST_WANT_PATH"); want != "" {
		if got, err := Default().String(), CheckDefault(); (got == want) != (err == nil) {
			t.Fatalf("path is %s, %v, expected %s", got, err, want)
		}
		return
	}
	if err := CheckDefault(); err != nil {
		t.Errorf("of the environment of the tests: %v", err)
	}
	names := []string{"avx215"} // unknown: the best path, and an error
	for _, p := range Available() {
		names = append(names, p.String())
	}
	for _, name := range names {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPathEnv$")
		cmd.Env = append(os.Environ(), PathEnv+"="+name, "TENDRIL_TEST_WANT_PATH="+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestAVX2Registers holds the AVX2 kernels, whose names carry 256, to the registers that a CPU
// without AVX-512 has: the register allocator knows of more.
func TestAVX2Registers(t *testing.T) {
	files, err := filepath.Glob("*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatal("no assembly found", err)
	}
	beyond := regexp.MustCompile(`\b(Z[0-9]+|[XY](1[6-9]|2[0-9]|3[01])|K[0-7])\b`)
	checked := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range strings.Split(string(text), "\nTEXT ·")[1:] {
			name, _, _ := strings.Cut(f, "(")
			if strings.Contains(name, "512") {
				continue
			}
			checked++
			if m := beyond.FindString(f); m != "" {
				t.Errorf("%s: %s uses %s", file, name, m)
			}
		}
	}
	if checked == 0 {
		t.Error("no kernel was looked at")
	}
}
