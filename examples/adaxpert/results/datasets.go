package main

import (
	"fmt"
	"strings"
)

// dataSet is how the cells use a data set.
type dataSet struct {
	name  string // of the flag that says where it lies; its cells begin with it
	title string
	seeds int // of the primary contrasts
	// first is how many seeds were planned before any was run, where more were added later; they
	// are the first ones. Arms that are no part of the primary contrasts have no more than these.
	first int

	arrival string // flags: how its data arrive
	flags   string // those that all its cells have in common
	// How many images one training sees, rounded up to whole batches and then by the program to
	// whole epochs: that of a network at every snapshot, and that of a supernet, each of whose
	// steps trains several sub-networks.
	retrain, supernet, batch int
}

// cifar grows by images.
func cifar() dataSet {
	return dataSet{name: "cifar", title: "CIFAR-10", seeds: 5,
		arrival: "-volumes 10,40,100 -val 0.1",
		flags: "-size 32 -stem 1 -width 0.25 -retrain-crop 4 -retrain-decay 5e-4 " +
			"-supernet-crop 4 -supernet-decay 5e-4",
		retrain: 100_000, supernet: 50_000, batch: 32,
	}
}

// tiny grows by classes: the first 20 of those that are there.
func tiny() dataSet {
	return dataSet{name: "tiny", title: "Tiny-ImageNet", seeds: 5, first: 3,
		arrival: "-scenario II -classes 2,4,8,16,20 -val 0.2",
		flags: "-size 32 -stem 1 -width 0.25 -retrain-crop 4 -retrain-decay 5e-4 " +
			"-supernet-crop 4 -supernet-decay 5e-4",
		retrain: 50_000, supernet: 25_000, batch: 32,
	}
}

// common are the settings of all cells on the data set but for the seed and what a cell is about.
// Trainings are counted in steps, not in epochs, and every arm trains at every snapshot: so all get
// the same. The arm smallest is the rival that -against would run beside AdaXpert.
func (d dataSet) common() []string {
	steps := func(images int) int { return (images + d.batch - 1) / d.batch }
	return strings.Fields(fmt.Sprintf("%s -retrain-epochs 1 -retrain-later-epochs 1 -retrain-batch %d "+
		"-retrain-steps %d -supernet-epochs 1 -supernet-later-epochs 1 -supernet-batch %[2]d "+
		"-supernet-steps %[4]d -keep-training -against=false",
		d.flags, d.batch, steps(d.retrain), steps(d.supernet)))
}

// service are the settings of the service protocol.
func (d dataSet) service() []string { return append(strings.Fields(d.arrival), d.common()...) }

// settings shows those of the service protocol, the arm and the seed aside. Lines end before a
// flag.
func settings(d dataSet) string {
	const indent, width = "    ", 100
	flags := strings.Split(strings.Join(d.service(), " "), " -")
	line := indent + "go run ./examples/adaxpert " + flags[0]
	var text string
	for _, flag := range flags[1:] {
		if len(line+" -"+flag+" \\") > width {
			text, line = text+line+" \\\n", indent+" "
		}
		line += " -" + flag
	}
	return text + line + "\n"
}
