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
// then the note, then the time left of the run, then that of the phase.
func fit(columns int, name string, share float64, note, left, all string) string {
	line := fmt.Sprintf("%s %3.0f %%", name, 100*share)
	room := func() int { return columns - utf8.RuneCountInString(line) }
	for _, more := range []string{left, all, note} {
		if more != "" && utf8.RuneCountInString(more)+2 <= room() {
			line += "  " + more
		}
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

// brief writes a duration in at most seven columns.
func brief(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
