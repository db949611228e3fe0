package supernet

import (
	"math"
	"reflect"
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestOptionsNotFinite sets every number of every options struct to what no number may be, and to
// what is out of its range: the call that takes it refuses.
func TestOptionsNotFinite(t *testing.T) {
	train, space := stripes(t, 16, 16, 1), tinySpace(t)
	model := tinyModel(t)
	out := map[string]float64{"LabelSmoothing": 1, "Momentum": 1, "HeldOut": 1, "Temperature": -1, "Weight": -1,
		"Strengths": -1}
	passes := func(o *Pass) error {
		o.Arch = space.Smallest()
		opts := short(1)
		opts.Subnets.Sampler = NewSampler("of the test", func(int) ([]Pass, error) { return []Pass{*o}, nil })
		_, err := tinyNet(t, Elastic).Train(t.Context(), train, opts)
		return err
	}
	for _, c := range []struct {
		options any
		use     func(o any) error
	}{
		{TrainOptions{Epochs: 1, BatchSize: 16}, func(o any) error {
			_, err := tinyModel(t).Train(t.Context(), train, o.(*TrainOptions))
			return err
		}},
		{FitOptions{Strengths: []float64{1}}, func(o any) error {
			_, err := tinyModel(t).FitClassifier(t.Context(), train, o.(*FitOptions))
			return err
		}},
		{Pass{}, func(o any) error { return passes(o.(*Pass)) }},
		{Teacher{}, func(o any) error {
			teacher := o.(*Teacher)
			teacher.Model = model
			opts := short(1)
			opts.Teacher = teacher
			_, err := tinyModel(t).Train(t.Context(), train, opts)
			return err
		}},
		{RelaxOptions{}, func(o any) error {
			x, err := tinyNet(t, Elastic).Relax(nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = x.On(train, o.(*RelaxOptions))
			return err
		}},
		{Options{Normalization: dataset.ImageNet()}, func(o any) error {
			_, err := NewModel(space, space.Smallest(), o.(*Options))
			if err == nil {
				return nil
			}
			_, err = New(space, o.(*Options))
			return err
		}},
	} {
		kind, count := reflect.TypeOf(c.options), 0
		for k := range len(numbersOf(reflect.New(kind).Elem())) {
			fresh := func() (reflect.Value, number) {
				o := reflect.New(kind)
				o.Elem().Set(reflect.ValueOf(c.options))
				return o, numbersOf(o.Elem())[k]
			}
			_, n := fresh()
			bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}
			if v, ok := out[n.name]; ok {
				bad = append(bad, v)
			}
			for _, v := range bad {
				o, n := fresh()
				n.set(v)
				if err := c.use(o.Interface()); err == nil {
					t.Errorf("%v: %s of %v was accepted", kind, n.name, v)
				}
			}
			count++
		}
		if count == 0 {
			t.Errorf("%v: no numbers", kind)
		}
	}
}

// number is a field that holds a number.
type number struct {
	name string
	set  func(v float64)
}

// numbersOf lists the numbers with a fraction of a struct, those in structs and arrays within it,
// too. A slice of them is one.
func numbersOf(v reflect.Value) (out []number) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case f.Kind() == reflect.Float64:
			out = append(out, number{name, f.SetFloat})
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Float64:
			out = append(out, number{name, func(v float64) { f.Set(reflect.ValueOf([]float64{1, v})) }})
		case f.Kind() == reflect.Array && f.Type().Elem().Kind() == reflect.Float32:
			out = append(out, number{name, f.Index(1).SetFloat})
		case f.Kind() == reflect.Struct:
			out = append(out, numbersOf(f)...)
		}
	}
	return out
}
