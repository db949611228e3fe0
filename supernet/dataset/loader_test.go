package dataset

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/internal/stream"
)

// faulty fails at one image.
type faulty struct {
	Dataset
	bad int
}

var errFaulty = errors.New("disk on fire")

func (f faulty) Image(i int, dst []uint8) error {
	if i == f.bad {
		return errFaulty
	}
	return f.Dataset.Image(i, dst)
}

// epoch collects all batches, copied.
func epoch(t testing.TB, ds Dataset, o LoaderOptions) []Batch {
	t.Helper()
	var all []Batch
	for b, err := range Batches(ctx, ds, o) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Batch{slices.Clone(b.X), slices.Clone(b.Labels), slices.Clone(b.Indices), b.N, b.Size})
	}
	return all
}

func sameBatches(t testing.TB, got, want []Batch) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d batches, want %d", len(got), len(want))
	}
	for k, w := range want {
		g := got[k]
		if g.N != w.N || g.Size != w.Size || !slices.Equal(g.Indices, w.Indices) || !slices.Equal(g.Labels, w.Labels) || !slices.Equal(g.X, w.X) {
			t.Fatalf("batch %d differs", k)
		}
	}
}

// reference prepares a batch the slow way, from the documentation.
func reference(t testing.TB, ds Dataset, o LoaderOptions, indices []int) (x []float32) {
	size := ds.Size()
	for _, i := range indices {
		img := imageOf(t, ds, i)
		var c change
		if o.Augment != nil {
			c = o.Augment.draw(stream.New(o.Seed, "dataset.augment", uint64(o.Epoch), uint64(i)), size)
		}
		for y := range size {
			for px := range size {
				from := px
				if c.flip {
					from = size - 1 - px
				}
				sx, sy := from+c.dx, y+c.dy
				for k := range 3 {
					v := 0.0
					if sx >= 0 && sx < size && sy >= 0 && sy < size {
						v = float64(img[(sy*size+sx)*3+k])
					}
					f := float32((v/255 - float64(o.Normalization.Mean[k])) / float64(o.Normalization.Std[k]))
					if y >= c.y0 && y < c.y1 && px >= c.x0 && px < c.x1 {
						f = 0
					}
					x = append(x, f)
				}
			}
		}
	}
	return x
}

func TestBatches(t *testing.T) {
	base := grid(t, 53, 6, 4)
	gray, err := FromPixels(6, []string{"a", "b"}, make([]int, 20), make([]uint8, 20*36))
	if err != nil {
		t.Fatal(err)
	}
	for i := range gray.images {
		for p := range gray.images[i] {
			gray.images[i][p] = uint8(i * p)
		}
	}
	for _, ds := range []Dataset{base, gray, faulty{base, -1}, must(t)(Concat(base, base)), must(t)(Fraction(base, 0.4, 1))} {
		for _, aug := range []*Augment{nil, {}, {CropPadding: 2, Flip: true, Cutout: 3}} {
			o := LoaderOptions{BatchSize: 10, Shuffle: true, Seed: 3, Epoch: 2, Augment: aug, Normalization: ImageNet()}
			var seen []int
			for k, b := range epoch(t, ds, o) {
				if want := min(10, ds.Len()-10*k); b.N != want || len(b.Labels) != want {
					t.Fatalf("batch %d holds %d images, want %d", k, b.N, want)
				}
				for j, i := range b.Indices {
					if b.Labels[j] != ds.Label(i) {
						t.Errorf("image %d: label %d, want %d", i, b.Labels[j], ds.Label(i))
					}
				}
				if !slices.Equal(b.X, reference(t, ds, o, b.Indices)) {
					t.Fatalf("batch %d: other values than the definition", k)
				}
				seen = append(seen, b.Indices...)
			}
			if slices.IsSorted(seen) {
				t.Error("not shuffled")
			}
			slices.Sort(seen)
			if !slices.Equal(seen, sequence(ds.Len())) {
				t.Errorf("an epoch served %v", seen)
			}
		}
	}
}

// Same bits for any number of workers and processors.
func TestBatchesWorkers(t *testing.T) {
	ds := grid(t, 100, 5, 3)
	o := LoaderOptions{BatchSize: 33, Shuffle: true, Seed: 9, Augment: &Augment{CropPadding: 1, Flip: true, Cutout: 2}, Workers: 1}
	want := epoch(t, ds, o)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		for _, workers := range []int{0, 1, 2, 7} {
			o.Workers = workers
			sameBatches(t, epoch(t, ds, o), want)
		}
	}
}

// Epochs and seeds differ; without Shuffle the order is that of the set; Skip gives the rest of the
// same epoch; DropLast leaves the rest out.
func TestBatchesOptions(t *testing.T) {
	ds := grid(t, 70, 4, 3)
	o := LoaderOptions{BatchSize: 16, Shuffle: true, Seed: 1, Augment: &Augment{Flip: true, CropPadding: 2}}
	all := epoch(t, ds, o)
	if o.Steps(ds.Len()) != 5 || len(all) != 5 {
		t.Errorf("%d batches, Steps says %d, want 5", len(all), o.Steps(ds.Len()))
	}
	for skip := range 7 {
		o.Skip = skip
		sameBatches(t, epoch(t, ds, o), all[min(skip, 5):])
	}
	o.Skip = 0
	o.DropLast = true
	sameBatches(t, epoch(t, ds, o), all[:4])
	o.DropLast = false
	for _, change := range []func(*LoaderOptions){func(o *LoaderOptions) { o.Seed = 2 }, func(o *LoaderOptions) { o.Epoch = 1 }} {
		other := o
		change(&other)
		b := epoch(t, ds, other)
		if slices.Equal(b[0].Indices, all[0].Indices) || slices.Equal(b[0].X, all[0].X) {
			t.Error("another seed or epoch gave the same batch")
		}
	}
	o.Shuffle = false
	var order []int
	for _, b := range epoch(t, ds, o) {
		order = append(order, b.Indices...)
	}
	if !slices.Equal(order, sequence(70)) {
		t.Errorf("order %v", order)
	}
	if b := epoch(t, ds, LoaderOptions{}); len(b) != 2 || b[0].N != 64 {
		t.Errorf("default batches: %d, the first of %d images", len(b), b[0].N)
	}
	if b := epoch(t, must(t)(Subset(ds, nil)), LoaderOptions{}); len(b) != 0 {
		t.Errorf("%d batches of an empty set", len(b))
	}
}

// No goroutine outlives the loop, however it ends.
func TestBatchesEnd(t *testing.T) {
	ds := grid(t, 400, 8, 3)
	o := LoaderOptions{BatchSize: 8, Workers: 4, Shuffle: true}
	before := runtime.NumGoroutine()
	for k := range 8 {
		n := 0
		for _, err := range Batches(ctx, ds, o) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > k {
				break
			}
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 0
	var last error
	for b, err := range Batches(cancelled, ds, o) {
		if last != nil {
			t.Fatal("the sequence goes on after an error")
		}
		if last = err; err != nil {
			if b != nil {
				t.Error("a batch beside an error")
			}
			continue
		}
		if n++; n == 5 {
			cancel()
		}
	}
	if n != 5 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d batches, then %v; want 5, then cancelled", n, last)
	}
	for range Batches(cancelled, must(t)(Subset(ds, nil)), o) {
		n++
	}
	if n != 6 {
		t.Error("cancellation of an empty epoch is not told")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the caller's panic was swallowed")
			}
		}()
		for range Batches(ctx, ds, o) {
			panic("in the loop")
		}
	}()
	// WaitGroup lets go a moment before a goroutine is off the books.
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// A failing image ends the sequence at its batch and is named; batches before it are served.
func TestBatchesError(t *testing.T) {
	ds := faulty{grid(t, 64, 4, 2), 37}
	for _, workers := range []int{1, 5} {
		n := 0
		var last error
		for b, err := range Batches(ctx, ds, LoaderOptions{BatchSize: 8, Workers: workers}) {
			if err != nil {
				last = err
				continue
			}
			n += b.N
		}
		if n != 32 || !errors.Is(last, errFaulty) || !strings.Contains(last.Error(), "image 37") {
			t.Errorf("%d images, then %v; want 32, then the error of image 37", n, last)
		}
	}
}

func TestBatchesBadOptions(t *testing.T) {
	ds := grid(t, 4, 2, 2)
	for _, o := range []LoaderOptions{
		{BatchSize: -1}, {Epoch: -1}, {Skip: -1}, {Workers: -1}, {Workers: 1 << 30}, {BatchSize: 1 << 30},
		{Augment: &Augment{Cutout: -1}}, {Normalization: Normalization{Mean: [3]float32{1}}},
	} {
		n := 0
		for b, err := range Batches(ctx, ds, o) {
			if n++; err == nil || b != nil {
				t.Errorf("%+v: %v, %v", o, b, err)
			}
		}
		if n != 1 {
			t.Errorf("%+v: %d pairs, want one error", o, n)
		}
	}
}

// Memory does not grow with the number of batches: an epoch of 64 batches takes as many allocations
// as one of 8.
func TestBatchesReuse(t *testing.T) {
	ds := grid(t, 512, 8, 2)
	count := func(skip int) float64 {
		return testing.AllocsPerRun(10, func() {
			for _, err := range Batches(ctx, ds, LoaderOptions{BatchSize: 8, Skip: skip, Workers: 2, Augment: &Augment{Flip: true}}) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if few, many := count(56), count(0); many > few+4 {
		t.Errorf("%v allocations for 64 batches, %v for 8", many, few)
	}
}

func BenchmarkBatches(b *testing.B) {
	ds := grid(b, 2048, 32, 10)
	o := LoaderOptions{BatchSize: 128, Shuffle: true, Augment: &Augment{CropPadding: 4, Flip: true, Cutout: 8}}
	b.SetBytes(int64(ds.Len()) * 32 * 32 * 3)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Batches(ctx, ds, o) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
