package progress

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Columns that a bar takes at least and at most.
const (
	shortBar = 8
	longBar  = 30
)

// fit makes a line of at most so many columns. What does not find room is left out: the bar first,
// then the note, then the time left of the phase, then that of the run.
func fit(columns int, name string, share float64, note, left, all string) string {
	line := fmt.Sprintf("%s %3.0f %%", name, 100*share)
	room := func() int { return columns - utf8.RuneCountInString(line) }
	first := all // to find room, not to stand
	if first == "" {
		first = left
	}
	both := strings.TrimSpace(left + "  " + all)
	for _, times := range []string{both, first} {
		if times != "" && utf8.RuneCountInString(times)+2 <= room() {
			line += "  " + times
			break
		}
	}
	if note != "" && utf8.RuneCountInString(note)+2 <= room() {
		line += "  " + note
	}
	if n := min(room()-1, longBar); n >= shortBar {
		full := int(share * float64(n-2))
		bar := strings.Repeat("=", full) + strings.Repeat(" ", n-2-full)
		line = name + " [" + bar + "]" + line[len(name):]
	}
	if room() < 0 {
		return string([]rune(line)[:columns])
	}
	return line
}

// brief writes a duration in at most five columns, up to a hundred days.
func brief(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 10*time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 10*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
