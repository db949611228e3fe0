package supernet

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/searchspace"
)

// answered is a network whose answers to batches are timed.
type answered struct {
	name  string
	model *Model
	file  string // the same as ONNX
	times map[int]*bothTimes
}

// bothTimes is seconds of an answer, round by round.
type bothTimes struct{ ours, peer []float64 }

// answeredNetworks is, with initial weights, the sixth sub-network of testdata/archs.txt on small
// and large images, and two EfficientNets.
func answeredNetworks(b *testing.B) (list []answered) {
	b.Helper()
	add := func(name string, space *searchspace.Space, a searchspace.Arch) {
		m, err := NewModel(space, a, nil)
		if err != nil {
			b.Fatal(err)
		}
		n := answered{name: name, model: m, file: filepath.Join(b.TempDir(), "model.onnx"),
			times: map[int]*bothTimes{}}
		if err := m.WriteONNX(b.Context(), n.file, nil); err != nil {
			b.Fatal(err)
		}
		list = append(list, n)
	}
	for _, w := range []int{0, 2} {
		space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
			InputSize: workloads[w].size, StemStride: workloads[w].stem, Classes: 100})
		if err != nil {
			b.Fatal(err)
		}
		add("MobileNetV3, "+workloads[w].name, space, benchArchs(b, space)[5])
	}
	for _, name := range []string{"efficientnet_lite0", "efficientnet_b0"} {
		named, ok := searchspace.FindModel(name)
		if !ok {
			b.Fatalf("%s is not among the models", name)
		}
		space, arch, err := named.Open()
		if err != nil {
			b.Fatal(err)
		}
		add(name+", 224px", space, arch)
	}
	return list
}

// answer is the median seconds of an answer to a batch of images.
func (n *answered) answer(b *testing.B, batch int, seconds float64) float64 {
	size := n.model.Space().InputSize()
	x := tensor.New(tensor.WithShape(batch, 3, size, size), tensor.WithBacking(
		tensor.Random(tensor.Float32, batch*3*size*size)))
	run := func() float64 {
		start := time.Now()
		if _, err := n.model.ClassifyTensor(x); err != nil {
			b.Fatal(err)
		}
		return time.Since(start).Seconds()
	}
	for range 3 {
		run()
	}
	var times []float64
	for begin := time.Now(); time.Since(begin).Seconds() < seconds || len(times) < 5; {
		times = append(times, run())
	}
	return median(times)
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// peer is the Python, with onnxruntime, that BenchmarkClassify times; "" = none.
var peer = flag.String("peer", "", "a Python with onnxruntime to be timed by BenchmarkClassify")

// startPeer returns what asks onnxruntime the same with as many threads, nil without a peer.
func startPeer(b *testing.B) (answer func(n *answered, batch int, seconds float64) float64) {
	b.Helper()
	if *peer == "" {
		return nil
	}
	c := exec.CommandContext(b.Context(), *peer, "testdata/onnx_speed.py", strconv.Itoa(runtime.GOMAXPROCS(0)))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	return func(n *answered, batch int, seconds float64) float64 {
		fmt.Fprintln(in, batch, seconds, n.file)
		if !lines.Scan() {
			b.Fatal("the peer does not answer")
		}
		t, err := strconv.ParseFloat(strings.TrimSpace(lines.Text()), 64)
		if err != nil {
			b.Fatal(err)
		}
		return t
	}
}

// BenchmarkClassify prints milliseconds that pass until a batch of images is answered: medians over
// rounds, which are iterations. With a flag onnxruntime takes turns, for the same networks.
//
//	go test -run '^$' -bench Classify -benchtime 5x ./supernet -peer PYTHON
func BenchmarkClassify(b *testing.B) {
	const seconds = 0.3
	batches := []int{1, 8, 64}
	networks, ask := answeredNetworks(b), startPeer(b)
	for b.Loop() {
		for i := range networks {
			n := &networks[i]
			for _, batch := range batches {
				if n.times[batch] == nil {
					n.times[batch] = &bothTimes{}
				}
				t := n.times[batch]
				t.ours = append(t.ours, n.answer(b, batch, seconds))
				if ask != nil {
					t.peer = append(t.peer, ask(n, batch, seconds))
				}
			}
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nnetwork\tbatch\tms\tpeer\tratio\tof rounds")
	for _, n := range networks {
		for _, batch := range batches {
			t := n.times[batch]
			ours := median(t.ours)
			fmt.Fprintf(w, "%s\t%d\t%.2f", n.name, batch, 1e3*ours)
			if ask != nil {
				var ratios []float64
				for i := range t.ours {
					ratios = append(ratios, t.peer[i]/t.ours[i])
				}
				fmt.Fprintf(w, "\t%.2f\t%.2f\t%.2f–%.2f", 1e3*median(t.peer), median(ratios),
					slices.Min(ratios), slices.Max(ratios))
			}
			fmt.Fprintln(w)
		}
	}
	w.Flush()
}
