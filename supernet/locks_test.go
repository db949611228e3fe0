package supernet

import (
	"context"
	"testing"
)

// Two models that teach each other while both are trained do not wait for each other for ever.
func TestMutualTeachers(t *testing.T) {
	a, b := tinyModel(t), tinyModel(t)
	train := stripes(t, 32, 16, 1)
	done := make(chan error, 2)
	for _, pair := range [][2]*Model{{a, b}, {b, a}} {
		go func() {
			o := short(8)
			o.Teacher = &Teacher{Model: pair[1]}
			_, err := pair[0].Train(t.Context(), train, o)
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A teacher with more classes than the student has come to be too much for it.
func TestTeacherOutgrowsStudent(t *testing.T) {
	m, teacher := tinyModel(t), tinyModel(t)
	o := short(1)
	o.Teacher = &Teacher{Model: teacher}
	o.Before = func(ctx context.Context, step int) error {
		return teacher.GrowClasses(ctx, Unnamed(teacher.Classes()+1)...)
	}
	if _, err := m.Train(t.Context(), stripes(t, 32, 16, 1), o); err == nil {
		t.Error("trained by a teacher with more classes")
	}
}

// A panic in Before leaves a network that can be used.
func TestBeforePanics(t *testing.T) {
	m, train := tinyModel(t), stripes(t, 32, 16, 1)
	o := short(1)
	o.Before = func(context.Context, int) error { panic("stop") }
	func() {
		defer func() {
			if v := recover(); v != "stop" {
				t.Errorf("recovered %v, expected the panic of Before", v)
			}
		}()
		_, err := m.Train(t.Context(), train, o)
		t.Errorf("training returned %v", err)
	}()
	if _, err := m.Train(t.Context(), train, short(1)); err != nil {
		t.Errorf("training afterwards: %v", err)
	}
}
