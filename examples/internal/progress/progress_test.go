package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestPlainLines(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, &Options{Interval: 10 * time.Second, Now: func() time.Time { return clock }})
	ph := p.Phase("supernet", 100)
	for i := 1; i <= 100; i++ {
		clock = clock.Add(time.Second)
		ph.Set(i, "loss 0.5")
	}
	ph.Set(3, "backwards")
	ph.End()
	p.Printf("snapshot %d", 1)
	ph.Set(100, "after the end")
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 11 {
		t.Fatalf("got %d lines, want ten of progress and one of text:\n%s", len(lines), out.String())
	}
	if lines[0] != "  supernet 10/100  loss 0.5" || lines[10] != "snapshot 1" {
		t.Errorf("lines are %q", lines)
	}
	if strings.ContainsAny(out.String(), "\r\x1b") {
		t.Error("plain output holds control characters")
	}
}

func TestBarIsWipedBeforeText(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, &Options{Bar: true})
	ph := p.Phase("retrain", 4)
	ph.Set(2, "loss 1.0")
	p.Printf("hello")
	text := out.String()
	if !strings.Contains(text, "retrain") {
		t.Fatalf("no bar in %q", text)
	}
	i := strings.LastIndex(text, "hello")
	if i == 0 || (text[i-1] != '\r' && text[i-1] != 'K') {
		t.Errorf("text does not start on a clean line: %q", text)
	}
	next := p.Phase("adjuster", 2)
	ph.Set(4, "closed by the next phase")
	if strings.Contains(out.String()[len(text):], "closed by") {
		t.Error("an ended phase still draws")
	}
	next.End()
	next.End()
}

func TestPlainWinsOverBar(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, &Options{Bar: true, Plain: true})
	p.Phase("x", 0).Set(1, "")
	if out.Len() != 0 {
		t.Errorf("drew %q within the interval", out.String())
	}
	if IsTerminal(&out) {
		t.Error("a buffer is no terminal")
	}
}
