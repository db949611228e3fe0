package fake

import (
	"math"
	"sync"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// New is a fake device.
func New() tensor.Backend { return &backend{} }

type backend struct{}

func (*backend) Name() string { return "fake" }

func (*backend) NewBuffer(n int) tensor.Buffer {
	if n < 1 {
		tensor.Failf("buffer", "%d elements", n)
	}
	return &buffer{data: make([]float32, n)}
}

func (b *backend) NewStream() tensor.Stream { return &stream{backend: b} }

// Portions are other ones than the CPU's.
func (b *backend) Portions(images, _ int) (size, atOnce int) { return min(2, images), 3 }

type buffer struct{ data []float32 }

func (b *buffer) Len() int { return len(b.data) }

func data(b tensor.Buffer) []float32 { return b.(*buffer).data }

// array is a tensor in N×C×H×W order. Its data are made and read by queued jobs only.
type array struct {
	shape tensor.Shape
	data  []float32
	owner *stream
	step  int
	freed bool
}

func (a *array) Shape() tensor.Shape { return a.shape }

// at is the index of sample n, position (y, x), channel c.
func (a *array) at(n, y, x, c int) int { return ((n*a.shape.C+c)*a.shape.H+y)*a.shape.W + x }

// inside reports whether (y, x) is a position and not padding.
func (a *array) inside(y, x int) bool { return y >= 0 && y < a.shape.H && x >= 0 && x < a.shape.W }

// each calls f for every element in N×H×W×C order.
func (a *array) each(f func(n, y, x, c int)) {
	for n := range a.shape.N {
		for y := range a.shape.H {
			for x := range a.shape.W {
				for c := range a.shape.C {
					f(n, y, x, c)
				}
			}
		}
	}
}

// stream is a queue of jobs; a goroutine lives while there are any.
type stream struct {
	backend *backend
	step    int
	live    []*array

	mu      sync.Mutex
	jobs    []func()
	running bool
	idle    sync.WaitGroup
}

func (s *stream) Backend() tensor.Backend { return s.backend }

// do queues a job.
func (s *stream) do(job func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, job)
	if !s.running {
		s.running = true
		s.idle.Add(1)
		go s.work()
	}
}

func (s *stream) work() {
	defer s.idle.Done()
	for {
		s.mu.Lock()
		if len(s.jobs) == 0 {
			s.running = false
			s.mu.Unlock()
			return
		}
		jobs := s.jobs
		s.jobs = nil
		s.mu.Unlock()
		for _, job := range jobs {
			job()
		}
	}
}

// Sync waits for the queue.
func (s *stream) Sync() error {
	s.idle.Wait()
	return nil
}

// make is a new tensor of zeros whose elements are filled in by a job.
func (s *stream) make(shape tensor.Shape, fill func(out *array)) *array {
	out := &array{shape: shape, owner: s, step: s.step}
	s.live = append(s.live, out)
	s.do(func() {
		out.data = make([]float32, shape.Size())
		if fill != nil {
			fill(out)
		}
	})
	return out
}

// use checks that a handle is alive and belongs here.
func (s *stream) use(t tensor.Tensor) *array {
	a, ok := t.(*array)
	switch {
	case !ok || a == nil:
		tensor.Failf("fake", "a tensor of another device")
	case a.owner != s:
		tensor.Failf("fake", "a tensor of another stream")
	case a.freed || a.step != s.step:
		tensor.Failf("fake", "a tensor of shape %v used after it was freed", a.shape)
	}
	return a
}

// Free poisons the tensor once everything queued before has run.
func (s *stream) Free(t tensor.Tensor) {
	a := s.use(t)
	a.freed = true
	s.do(func() { poison(a) })
}

// Reset poisons all tensors of the step.
func (s *stream) Reset() {
	s.step++
	live := s.live
	s.live = nil
	s.do(func() {
		for _, a := range live {
			poison(a)
		}
	})
}

func poison(a *array) {
	nan := float32(math.NaN())
	for i := range a.data {
		a.data[i] = nan
	}
}
