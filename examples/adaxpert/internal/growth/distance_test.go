package growth

import (
	"math"
	"testing"
)

// The forms of d_t are one number seen in different ways.
func TestDistances(t *testing.T) {
	e := ready(t, "-volumes", "40,100", "-distance", "calibrated", "-retrain-steps", "60")
	s, err := e.service(2)
	if err != nil {
		t.Fatal(err)
	}
	d := map[string]float64{}
	for _, form := range Distances() {
		e.cfg.Adjuster.Distance = form
		m, err := e.measure(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if m.Reading.Distance != m.Distance.Value || !(m.Distance.Raw > 0) {
			t.Errorf("%s: %+v", form, m)
		}
		d[form] = m.Distance.Value
		if form == "unbiased" && math.Abs(m.Distance.Value-max(0, d["relative"]-m.Distance.Bias)) > 1e-12 {
			t.Errorf("%s: %+v of %v", form, m.Distance, d["relative"])
		}
	}
	var trace float64
	q := s.moments.Dim()
	for i, v := range s.moments.Covariance() {
		if i%(q+1) == 0 {
			trace += v
		}
	}
	if math.Abs(d["relative"]*trace-d["plain"]) > 1e-9*d["plain"] {
		t.Errorf("%v, relative %v at a trace of %v", d["plain"], d["relative"], trace)
	}
	if unit := s.record.Unit; !(unit > 0) || math.Abs(d["calibrated"]*unit-d["unbiased"]) > 1e-12 {
		t.Errorf("%v, calibrated %v by the unit %v", d["unbiased"], d["calibrated"], unit)
	}
}
