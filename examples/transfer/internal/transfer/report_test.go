package transfer

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/contest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a report in which everything is there.
func sample() *Report {
	verdicts := []contest.Verdict{{True: 0, Answer: 0, Probability: 0.9, Confidence: 0.9},
		{True: 0, Answer: 1, Probability: 0.25, Confidence: 0.5},
		{True: 1, Answer: 1, Probability: 0.6, Confidence: 0.6},
		{True: 2, Answer: 1, Probability: 0.125, Confidence: 0.75},
		{True: 2, Answer: 0, Probability: 0.375, Confidence: 0.5},
		{True: 0, Answer: 1, Probability: 0.0625, Confidence: 0.875}}
	classes := []string{"cat", "dog <small>", "a class whose name is far too long"}
	r := &Report{
		Images: ImagesReport{Path: "photos", Size: 64, Classes: classes, Train: 40, Held: 8, Test: 6},
		Lengths: Lengths{Head: 40, Tune: Span{40, 3, 6}, Search: 8,
			Last: Span{40, 1, 2}},
		Steps: []StepReport{
			{Name: StepHead, Arch: "a", Accuracy: 0.5, StandardError: 0.2041, Held: 0.625, MAdds: 31_400_000, Params: 3_376_000,
				Seconds: 4.25, Millis: 3.5},
			{Name: StepTuned, Arch: "a", Accuracy: 0.75, StandardError: 0.1768, Held: 0.75, MAdds: 31_400_000, Params: 3_376_000,
				Seconds: 50, Millis: 3.5, Gain: 0.25, GainError: 0.125},
			{Name: StepKept, Arch: "a", Accuracy: 0.75, StandardError: 0.1768, Held: 0.75, MAdds: 31_400_000,
				Params: 3_376_000, Seconds: 15, Millis: 3.5},
			{Name: StepAdapted, Arch: "b", Accuracy: 0.8125, StandardError: 0.1594, Held: 0.875, MAdds: 21_000_000,
				Params: 2_750_000, Seconds: 61.5, Millis: 2.25, Gain: 0.0625, GainError: 0.0625},
		},
		Model: StepAdapted, Seconds: 130.75, Files: []string{"out/model.ckpt"},
	}
	r.Matrix = matrix(verdicts, 3)
	r.Confusions = confusions(r.Matrix, classes)
	for _, i := range worst(verdicts) {
		v := verdicts[i]
		r.Worst = append(r.Worst, Worst{Image: "photos/" + string(rune('a'+i)) + ".jpg", Index: i,
			True: classes[v.True], Answer: classes[v.Answer], Probability: float64(v.Probability),
			Confidence: float64(v.Confidence)})
	}
	return r
}

// golden compares with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// The form of what is written stays: programs read the one and people know the other.
func TestReportForm(t *testing.T) {
	r := sample()
	golden(t, "report.txt", []byte(r.Text("out")))
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(text, '\n'))
	golden(t, "confusion.svg", confusionSVG(r.Images.Classes, r.Matrix))
}

// Pictures of many classes are well-formed too, and no larger than needed.
func TestConfusionOfManyClasses(t *testing.T) {
	for _, n := range []int{2, 16, 41, 101} {
		m := make([][]int, n)
		classes := make([]string, n)
		for i := range m {
			m[i], classes[i] = make([]int, n), strings.Repeat("&", 1+i)
			m[i][(i+1)%n] = i
		}
		svg := confusionSVG(classes, m)
		d := xml.NewDecoder(bytes.NewReader(svg))
		cells := 0
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "title" {
				cells++
			}
		}
		if cells != n*n {
			t.Errorf("%d classes: %d cells", n, cells)
		}
	}
}

func TestWorst(t *testing.T) {
	r := sample()
	var order []int
	for _, w := range r.Worst {
		order = append(order, w.Index)
	}
	if d := cmp.Diff([]int{5, 3, 1, 4, 2, 0}, order); d != "" {
		t.Errorf("order of images (-want +got):\n%s", d)
	}
	if c := r.Confusions[0]; c.True != "cat" || c.Images != 2 || c.Of != 3 {
		t.Errorf("%+v", c)
	}
	if worst(nil) != nil && len(worst(nil)) != 0 {
		t.Error("worst of no images")
	}
}

// The choice goes by held-out images, and less work is worth a little.
func TestChoose(t *testing.T) {
	for name, c := range map[string]struct {
		held [4]float64 // head, tuned, kept, adapted
		want string
	}{
		"adapted":           {[4]float64{0.5, 0.8, 0.81, 0.82}, StepAdapted},
		"adapted, cheaper":  {[4]float64{0.5, 0.8, 0.79, 0.796}, StepAdapted},
		"adapted, too bad":  {[4]float64{0.5, 0.8, 0.79, 0.794}, StepTuned},
		"kept":              {[4]float64{0.5, 0.8, 0.8, 0.79}, StepKept},
		"kept, worse":       {[4]float64{0.5, 0.8, 0.799, 0.7}, StepTuned},
		"tuning spoilt all": {[4]float64{0.9, 0.8, 0.7, 0.85}, StepHead},
	} {
		r := sample()
		for i := range r.Steps {
			r.Steps[i].Held = c.held[i]
		}
		if got := r.choose(); got != c.want {
			t.Errorf("%s: %s, expected %s", name, got, c.want)
		}
	}
}

// All right on two images is not certain; on many the usual formula holds.
func TestStandardError(t *testing.T) {
	if e := standardError(2, 2); e < 0.25 || e > 0.35 {
		t.Errorf("2 of 2: %v", e)
	}
	if e, usual := standardError(8000, 10000), math.Sqrt(0.8*0.2/10000); math.Abs(e-usual) > 1e-5 {
		t.Errorf("8000 of 10000: %v, expected about %v", e, usual)
	}
}
