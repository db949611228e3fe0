package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// dataSet is how the cells use a data set.
type dataSet struct {
	name    string // of the flag that says where it lies; its cells begin with it
	title   string
	volumes []volume
}

// volume is how many images of a class there are, those held out among them.
type volume struct {
	perClass   int
	seeds      int
	tune, last int // epochs
}

func volumes() []volume {
	return []volume{{40, 3, 20, 5}, {400, 3, 10, 3}, {5000, 1, 2, 1}}
}

func cifar() dataSet { return dataSet{"cifar", "CIFAR-10", volumes()} }

func fashion() dataSet { return dataSet{"fashion", "Fashion-MNIST", volumes()[:2]} }

// Sizes of images, pixels a side.
func sizes() []int { return []int{64, 96, 128} }

// The configuration of the primary endpoint, and the volume of cells with one only.
const (
	primaryPerClass = 400
	primarySize     = 96
)

func primaryVolume() volume { return volumes()[1] }

// config names the runs of examples/transfer.
func (d dataSet) config(v volume, size int) string {
	return fmt.Sprintf("%s-%d-%d", d.name, v.perClass, size)
}

// scratched names those from initial weights.
func scratched(config string) string { return "scratch-" + config }

// settings are those of a run of examples/transfer. Epochs are given and not left to the minutes,
// so that all networks train for the same number of steps; the minutes are so many that the linear
// head sees all images.
func settings(v volume, size, seed int) []string {
	return strings.Fields(fmt.Sprintf("-size %d -per-class %d -tune-epochs %d -tune-crop %d -last-epochs %d -last-crop %[4]d "+
		"-search-images 300 -minutes 60 -seed %[6]d", size, v.perClass, v.tune, size/16, v.last, seed))
}

// allCells lists every experiment of the page, in the order in which they run: the primary endpoint
// first.
func allCells(python *string) []cell {
	var first, rest []cell
	for _, d := range []dataSet{cifar(), fashion()} {
		for _, v := range d.volumes {
			for _, size := range sizes() {
				some := d.cells(v, size)
				if d.name == cifar().name && v.perClass == primaryPerClass && size == primarySize {
					first = some
				} else {
					rest = append(rest, some...)
				}
			}
		}
	}
	return slices.Concat(first, rest, jobCells(cifar()), peerCells(cifar(), python))
}

func (d dataSet) cells(v volume, size int) (out []cell) {
	config := d.config(v, size)
	for seed := 1; seed <= v.seeds; seed++ {
		args := settings(v, size, seed)
		out = append(out, transferCell(cells.Seeded(config, seed), d.name, args),
			transferCell(cells.Seeded(scratched(config), seed), d.name, append(args, "-baseline", "scratch")))
	}
	return out
}

// Configurations of examples/adaxpert.
const (
	jobPretrained = "adaxpert-cifar-400-64"
	jobNothing    = "main-cifar-400"
)

// jobs are the settings of examples/adaxpert.
func jobs() map[string]string {
	return map[string]string{
		jobPretrained: "-pretrained -size 64 -scenario I -volumes 50,100 -always",
		jobNothing:    "-size 32",
	}
}

func jobCells(d dataSet) (out []cell) {
	v := primaryVolume()
	for _, config := range []string{jobPretrained, jobNothing} {
		for seed := 1; seed <= v.seeds; seed++ {
			args := append(strings.Fields(jobs()[config]), "-seed", fmt.Sprint(seed))
			out = append(out, jobCell(cells.Seeded(config, seed), d.name, v.perClass, seed, args))
		}
	}
	return out
}

// peerSizes are the sizes that PyTorch is trained at, too.
func peerSizes() []int { return sizes()[:2] }

func peerConfig(size int) string { return fmt.Sprintf("peer-cifar-400-%d", size) }

func peerCells(d dataSet, python *string) (out []cell) {
	for _, size := range peerSizes() {
		out = append(out, peerCell(cells.Seeded(peerConfig(size), 1), d.name, settings(primaryVolume(), size, 1), python))
	}
	return out
}
