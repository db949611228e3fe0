package nasoa

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"

	"github.com/tendril-nas/tendril/predictor"
)

// Outcome is a task that was fine-tuned on, how, and what came of it: a line of the log.
type Outcome struct {
	Kind       string  `csv:"kind" json:"kind"` // random: the regime was drawn; chosen: the generator chose it
	Number     int     `csv:"number" json:"number"`
	Source     string  `csv:"source" json:"source"` // data that the task is made of
	Classes    int     `csv:"classes" json:"classes"`
	Images     int     `csv:"images" json:"images"` // for training
	Similarity float64 `csv:"similarity" json:"similarity"`
	// Model is the one that was fine-tuned, "" where no regime fitted the limit; Pretrained is its
	// accuracy before, on its own classes.
	Model      string  `csv:"model" json:"model"`
	Pretrained float64 `csv:"pretrained" json:"pretrained"`
	Rate       float64 `csv:"rate" json:"rate"`
	Frozen     int     `csv:"frozen" json:"frozen"`
	Iterations int     `csv:"iterations" json:"iterations"` // planned
	Steps      int     `csv:"steps" json:"steps"`           // taken
	Batch      int     `csv:"batch" json:"batch"`
	// Limit and Planned are the time that there was and that the generator thought it would take,
	// Seconds what it took, Training of them; 0 of Limit = none. Where no regime fitted, Planned is
	// the smallest limit that would have done.
	Limit    float64 `csv:"limit" json:"limit"`
	Planned  float64 `csv:"planned" json:"planned"`
	Seconds  float64 `csv:"seconds" json:"seconds"`
	Training float64 `csv:"training" json:"training"`
	// Predicted is the accuracy that was foretold, between Low and High; fractions.
	Predicted float64 `csv:"predicted" json:"predicted"`
	Low       float64 `csv:"low" json:"low"`
	High      float64 `csv:"high" json:"high"`
	Accuracy  float64 `csv:"accuracy" json:"accuracy"` // on test images after fine-tuning
	Samples   int     `csv:"samples" json:"samples"`   // how many they were
}

// Refused says that no regime fitted the limit.
func (o *Outcome) Refused() bool { return o.Model == "" }

// Task is what the predictor knows of the task.
func (o *Outcome) Task() predictor.Task {
	return predictor.Task{Images: o.Images, Classes: o.Classes, Similarity: o.Similarity}
}

// Regime is how it was fine-tuned, as far as that was done.
func (o *Outcome) Regime() predictor.Regime {
	return predictor.Regime{Model: o.Model, Rate: o.Rate, Frozen: o.Frozen, Iterations: o.Steps}
}

// columns are the names of those of a log.
func columns() (names []string) {
	t := reflect.TypeFor[Outcome]()
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("csv"))
	}
	return names
}

// WriteLog writes outcomes as comma-separated values under a line of names. Numbers are written so
// that ReadLog reads the same ones.
func WriteLog(w io.Writer, log []Outcome) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns()); err != nil {
		return err
	}
	for i := range log {
		v := reflect.ValueOf(&log[i]).Elem()
		var line []string
		for k := range v.NumField() {
			switch f := v.Field(k); f.Kind() {
			case reflect.Int:
				line = append(line, strconv.FormatInt(f.Int(), 10))
			case reflect.Float64:
				line = append(line, strconv.FormatFloat(f.Float(), 'g', -1, 64))
			default:
				line = append(line, f.String())
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// ReadLog reads what WriteLog wrote.
func ReadLog(r io.Reader) ([]Outcome, error) {
	in := csv.NewReader(r)
	names := columns()
	in.FieldsPerRecord = len(names)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("log of outcomes: %w", err)
	}
	for i, name := range names {
		if head[i] != name {
			return nil, fmt.Errorf("log of outcomes: column %d is %q, expected %q", i+1, head[i], name)
		}
	}
	var log []Outcome
	for {
		line, err := in.Read()
		if errors.Is(err, io.EOF) {
			return log, nil
		}
		var o Outcome
		if err == nil {
			err = o.parse(line)
		}
		if err != nil {
			return nil, fmt.Errorf("log of outcomes: outcome %d: %w", len(log)+1, err)
		}
		log = append(log, o)
	}
}

// parse reads the fields of a line.
func (o *Outcome) parse(line []string) error {
	v := reflect.ValueOf(o).Elem()
	for k, text := range line {
		name := v.Type().Field(k).Tag.Get("csv")
		switch f := v.Field(k); f.Kind() {
		case reflect.Int:
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > math.MaxInt32 {
				return fmt.Errorf("%s is %q, expected a whole number from 0 on", name, text)
			}
			f.SetInt(int64(n))
		case reflect.Float64:
			x, err := strconv.ParseFloat(text, 64)
			if err != nil || !(x >= 0 && x <= math.MaxFloat32) {
				return fmt.Errorf("%s is %q, expected a number from 0 on", name, text)
			}
			f.SetFloat(x)
		default:
			f.SetString(text)
		}
	}
	switch {
	case o.Kind != kindRandom && o.Kind != kindChosen:
		return fmt.Errorf("kind %q, expected %s or %s", o.Kind, kindRandom, kindChosen)
	case o.Accuracy > 1:
		return fmt.Errorf("accuracy %g, expected a fraction", o.Accuracy)
	case o.Classes < 1 || o.Images < o.Classes:
		return fmt.Errorf("%d images of %d classes, expected one of each", o.Images, o.Classes)
	case !o.Refused() && (o.Steps < 1 || o.Rate == 0):
		return fmt.Errorf("%d steps at rate %g, expected more of both", o.Steps, o.Rate)
	}
	return nil
}
