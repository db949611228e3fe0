package main

import (
	"fmt"
	"strings"
)

// cell is one experiment.
type cell struct {
	name string
	kind string   // growth, rank, policy or linear
	data string   // "" = embedded
	args []string // settings, as flags of examples/adaxpert
}

// Kinds of cells.
const (
	kindGrowth = "growth" // one run of examples/adaxpert
	kindRank   = "rank"   // inherited against retrained accuracy
	kindPolicy = "policy" // policy against random search
	kindLinear = "linear" // linear classifier on pixels
)

// dataSets are the data that are not embedded, by the name of the flag that says where they are.
func dataSets() map[string]string {
	return map[string]string{
		"fashion": "the four files of full Fashion-MNIST",
		"cifar":   "CIFAR-10, or a directory with train.tar and test.tar of its images",
		"tiny":    "Tiny-ImageNet reduced to 100 classes, a directory with train.tar and val.tar",
	}
}

// Settings of the cells on other data than the embedded images.
var (
	seeds     = []int{1, 2, 3}
	methods   = []string{"ours", "fixed", "largest", "scratch", "random"}
	scenarios = []string{"I", "II"}
)

// cifarArgs: 32 pixels, stem stride 1, as much training as fits into half an hour.
func cifarArgs() []string {
	return strings.Fields("-size 32 -stem 1 -width 0.5 -retrain-epochs 8 -retrain-later-epochs 5 -retrain-crop 4 -supernet-crop 4 " +
		"-supernet-epochs 8 -supernet-later-epochs 3 -retrain-batch 128 -supernet-batch 128 -val 0.1 -reward-images 500")
}

func tinyArgs() []string {
	return strings.Fields("-scenario II -size 32 -stem 1 -width 0.5 -retrain-epochs 12 -retrain-later-epochs 10 -retrain-crop 4 -supernet-crop 4 " +
		"-supernet-epochs 10 -supernet-later-epochs 4 -retrain-batch 128 -supernet-batch 128 -val 0.1 -reward-images 500")
}

// methodArgs selects a method.
func methodArgs(method string) []string {
	if method == "ours" {
		return nil
	}
	return []string{"-baseline", method}
}

// cells lists every experiment of the page, in its order.
func cells() []cell {
	var out []cell
	for _, s := range scenarios {
		for _, m := range methods {
			for _, seed := range seeds {
				args := append([]string{"-scenario", s, "-seed", fmt.Sprint(seed)}, methodArgs(m)...)
				out = append(out, cell{fmt.Sprintf("fashion-%s-%s-%d", s, m, seed), kindGrowth, "", args})
			}
		}
	}
	for _, m := range []string{"ours", "fixed"} {
		args := []string{"-scenario", "II", "-seed", "1", "-retrain-later-epochs", "24"}
		out = append(out, cell{"long-II-" + m, kindGrowth, "", append(args, methodArgs(m)...)})
	}
	for _, seed := range seeds {
		for _, v := range table3Variants() {
			args := append([]string{"-always", "-seed", fmt.Sprint(seed)}, v.args...)
			out = append(out, cell{fmt.Sprintf("table3-%s-%d", v.name, seed), kindGrowth, "", args})
		}
	}
	out = append(out,
		cell{"policy", kindPolicy, "", nil},
		cell{"rank", kindRank, "", []string{"-volumes", "100", "-supernet-epochs", "20", "-retrain-epochs", "8"}},
		cell{"fashion-full-I-ours", kindGrowth, "fashion", []string{"-retrain-batch", "128", "-supernet-batch", "128", "-val", "0.1"}})
	for _, m := range methods {
		out = append(out, cell{"cifar-I-" + m, kindGrowth, "cifar", append(cifarArgs(), methodArgs(m)...)})
	}
	for _, m := range []string{"ours", "scratch"} {
		out = append(out, cell{"tiny-II-" + m, kindGrowth, "tiny", append(tinyArgs(), methodArgs(m)...)})
	}
	return append(out, cell{"tiny-linear", kindLinear, "tiny", []string{"-size", "32"}})
}

type variant struct {
	name string
	args []string
}

// table3Variants: a base of 20 % of the data, then copies of it or as many unseen images, adjusted or not.
func table3Variants() []variant {
	return []variant{
		{"copies-adjusted", []string{"-volumes", "20", "-copies"}},
		{"copies-fixed", []string{"-volumes", "20", "-copies", "-baseline", "fixed"}},
		{"unseen-adjusted", []string{"-volumes", "20,40"}},
		{"unseen-fixed", []string{"-volumes", "20,40", "-baseline", "fixed"}},
	}
}
