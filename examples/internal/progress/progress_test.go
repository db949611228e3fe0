package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
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
	if lines[0] != "  supernet 10/100  loss 0.5  1m30s left" || lines[10] != "snapshot 1" {
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
	if i == 0 || text[i-1] != '\r' {
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

// A bar keeps within the terminal, however narrow, and says what matters most there.
func TestBarFits(t *testing.T) {
	for columns := 1; columns <= 120; columns++ {
		for _, name := range []string{"retrain 12/15", "épreuve", strings.Repeat("long ", 20)} {
			line := fit(columns, name, 0.43, "epoch 3/8 loss 1.234", "1m20s left", "all 2m10s")
			if n := utf8.RuneCountInString(line); n > columns {
				t.Errorf("%d columns: %d used by %q", columns, n, line)
			}
		}
	}
	for columns, want := range map[int]string{
		20: "retrain 2/5  43 %",
		29: "retrain 2/5  43 %  all 2m10s",
		40: "retrain 2/5  43 %  1m20s left  all 2m10s",
		50: "retrain 2/5  43 %  1m20s left  all 2m10s  loss 1.2",
		71: "retrain 2/5 [=======           ]  43 %  1m20s left  all 2m10s  loss 1.2",
	} {
		if line := fit(columns, "retrain 2/5", 0.43, "loss 1.2", "1m20s left", "all 2m10s"); line != want {
			t.Errorf("%d columns: %q, want %q", columns, line, want)
		}
	}
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, &Options{Bar: true, Columns: 30, Now: func() time.Time { return clock }})
	p.Plan(Planned{"supernet 1/5", 100}, Planned{"retrain 1/5", 400})
	ph := p.Phase("supernet 1/5", 100)
	for i := range 100 {
		ph.Set(i, strings.Repeat("note ", 9))
		clock = clock.Add(time.Second)
	}
	p.Close()
	if !strings.Contains(out.String(), "supernet 1/5  50 %  all 7m30s") {
		t.Errorf("no time left of the run in 30 columns:\n%q", out.String())
	}
	for picture := range strings.SplitSeq(out.String(), "\r") {
		if len(picture) > 29 {
			t.Errorf("%d columns drawn: %q", len(picture), picture)
		}
	}
}

// The time left of the run follows from the work done so far, and phases that are left out count no
// more.
func TestPlanEstimates(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, &Options{Interval: time.Second, Now: func() time.Time { return clock }})
	p.Plan(Planned{"a", 100}, Planned{"b", 50}, Planned{"c", 200})
	ph := p.Phase("a", 10)
	for i := range 11 { // 10 units of work a second
		ph.Set(i, "")
		clock = clock.Add(time.Second)
	}
	if !strings.Contains(out.String(), "a 5/10  5s left  all 30s") {
		t.Errorf("in the first phase:\n%s", out.String())
	}
	ph = p.Phase("c", 4)
	out.Reset()
	clock = clock.Add(time.Second)
	ph.Set(2, "") // resumed half-way
	if !strings.Contains(out.String(), "c 2/4  all 10s") {
		t.Errorf("after a phase was left out:\n%s", out.String())
	}
	p.Phase("unplanned", 4).Set(1, "")

	// Phases of the same kind go equally fast: 10 units a second for a, 1 for b.
	p.Plan(Planned{"a 1", 100}, Planned{"b 1", 10}, Planned{"a 2", 100}, Planned{"b 2", 10})
	for _, name := range []string{"a 1", "b 1"} {
		ph = p.Phase(name, 10)
		for i := range 11 {
			clock = clock.Add(time.Second)
			ph.Set(i, "")
		}
	}
	if !strings.Contains(out.String(), "b 1 10/10  0s left  all 20s") {
		t.Errorf("kinds:\n%s", out.String())
	}
}

// A run takes as long as its phase under way at least, also where phases that work faster came
// before, and where the phase was not planned.
func TestRunTakesAsLongAsItsPhase(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := New(&out, &Options{Interval: time.Second, Now: func() time.Time { return clock }})
	p.Plan(Planned{"fast 1", 100}, Planned{"fast 2", 100}, Planned{"last", 30})
	run := func(name string, step time.Duration) {
		ph := p.Phase(name, 10)
		for i := range 11 {
			ph.Set(i, "")
			clock = clock.Add(step)
		}
	}
	run("fast 1", time.Second)
	run("fast 2", 8*time.Second)
	run("surprise", 2*time.Second)
	for _, want := range []string{
		"fast 2 5/10  40s left  all 50s", // 150 units took 50 seconds so far: ten for those of last
		"surprise 5/10  10s left  all 24s",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("expected %q in:\n%s", want, out.String())
		}
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59400 * time.Millisecond: "59s", time.Minute: "1m00s",
		599 * time.Second: "9m59s", 725 * time.Second: "12m", 3725 * time.Second: "1h02m", 20 * time.Hour: "20h",
		300 * time.Hour: "12d",
	} {
		if got := brief(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
