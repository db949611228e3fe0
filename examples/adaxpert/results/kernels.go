package main

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/searchspace"
)

// smallMap is the side of maps on which a kernel of 3 reaches every pixel from every other: larger
// kernels compute the same there.
const smallMap = 2

// kernels counts the kernels that AdaXpert's searches chose where their size does not matter.
func (t tables) kernels(sets ...dataSet) (string, error) {
	var threes, layers, archs int
	for _, d := range sets {
		for _, r := range t.Of(d.arm(ours)) {
			for _, s := range r.Result.Report.Snapshots {
				if s.Decision != growth.Adjusted {
					continue
				}
				a, n, err := freeKernels(r.Args, s.ArchAfter)
				if err != nil {
					return "", fmt.Errorf("%s: %w", r.Name, err)
				}
				threes, layers, archs = threes+a, layers+n, archs+1
			}
		}
	}
	if archs == 0 {
		return "No architecture of the service cells was adjusted so far.\n", nil
	}
	return kernelText(threes, layers, archs), nil
}

func kernelText(threes, layers, archs int) string {
	const chance = 1.0 / 3
	text := fmt.Sprintf("The %d adjusted architectures have %d such layers", archs, layers)
	if layers == 0 {
		return text + ".\n"
	}
	share := float64(threes) / float64(layers)
	// Of the share where each layer is a draw of its own.
	err := math.Sqrt(chance * (1 - chance) / float64(layers))
	text += fmt.Sprintf(", %d of them with kernel 3: %.0f %%, beside 33 %% by chance (standard error %.0f)",
		threes, 100*share, 100*err)
	switch {
	case share > chance+2*err:
		return text + ". The search prefers the kernel that is cheaper and as good.\n"
	case share < chance-2*err:
		return text + ". The search prefers kernels that are dearer and no better.\n"
	}
	return text + ". The search is not shown to tell them apart.\n"
}

// freeKernels counts the stride-1 depthwise layers of an architecture with maps of 2×2, and those
// of them that have kernel 3, in the space of a cell's settings.
func freeKernels(args []string, text string) (threes, layers int, err error) {
	cfg, err := growth.Program().Settings(args)
	if err != nil {
		return 0, 0, err
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: cfg.Width, InputSize: cfg.Size,
		StemStride: cfg.Stem})
	if err != nil {
		return 0, 0, err
	}
	a, err := space.Parse(text)
	if err != nil {
		return 0, 0, err
	}
	g, err := space.Lower(a)
	if err != nil {
		return 0, 0, err
	}
	for _, n := range g.Nodes {
		depthwise := n.Op == searchspace.OpConv && n.Groups > 1
		if !depthwise || n.Stride != 1 || n.In.H > smallMap || n.In.W > smallMap {
			continue
		}
		if layers++; n.Kernel == 3 {
			threes++
		}
	}
	return threes, layers, nil
}
