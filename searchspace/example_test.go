package searchspace_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

// The network that the AdaXpert paper found for 200 classes of ImageNet.
const adaxpert200 = "3,3,3,3,3:5,7,5,7,7,7,7,7,5,5,7,7,7,7,7,7,7,7,7,7:6,4,4,4,4,4,4,3,4,4,4,4,6,4,4,4,4,4,4,4"

func ExampleMobileNetV3() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	arch, err := space.Parse(adaxpert200)
	if err != nil {
		fmt.Println(err)
		return
	}
	cost, err := space.Cost(arch)
	fmt.Printf("%.1f M multiply-adds, %.2f M parameters, %v\n", float64(cost.MAdds)/1e6, float64(cost.Params)/1e6, err)
	fmt.Println("one of", space.Size())
	// Output:
	// 294.0 M multiply-adds, 4.75 M parameters, <nil>
	// one of 21758655492572485851
}

// A space around published weights, with one kernel and one ratio per stage, for small images.
func ExampleEfficientNetLite() {
	space, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{PerStage: true, InputSize: 64, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	lite0, err := space.Parse("2,2,3,3,4,1:3,5,3,5,5,3:6,6,6,6,6,6")
	if err != nil {
		fmt.Println(err)
		return
	}
	cost, err := space.Cost(lite0)
	fmt.Println(space.Size(), "networks; Lite0:", cost.MAdds, cost.Params, err)
	// Output:
	// 129140163 networks; Lite0: 31352192 3383818 <nil>
}

func ExampleSpace_Parse() {
	space, _ := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	_, err := space.Parse("3,3,5,3,3:3")
	fmt.Println(err)
	// Output:
	// searchspace: architecture text, position 4: got "5", expected 2, 3 or 4 for stage3.depth
}

func ExampleSpace_Restrict() {
	space, _ := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	// The first step of progressive shrinking: only kernels are elastic.
	narrow, err := space.Restrict(
		searchspace.Restriction{Decisions: []string{"*.depth"}, Values: []int{4}},
		searchspace.Restriction{Decisions: []string{"*.expand"}, Values: []int{6}})
	fmt.Println(narrow.Size(), err)
	a, err := narrow.Sample(rand.New(rand.NewPCG(1, 0)))
	fmt.Println(space.Valid(a), err)
	// Output:
	// 3486784401 <nil>
	// <nil> <nil>
}

func ExampleSpace_Diff() {
	space, _ := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	small := space.Smallest()
	text := []byte(space.Format(small))
	text[4] = '3'  // depth of stage 3
	text[10] = '7' // kernel of the first searched layer
	larger, _ := space.Parse(string(text))
	diff, err := space.Diff(small, larger)
	fmt.Println(diff.String(), err)
	// Output:
	// +stage3.layer2 stage1.layer0 kernel 3→7 <nil>
}

func ExampleCostModel() {
	space, _ := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	graph, _ := space.LowerChoices()
	model, _ := graph.Model(func(n *searchspace.Node) float64 { return float64(n.MAdds()) })
	// Expected multiply-adds of the uniform distribution.
	var p [][]float64
	for _, d := range graph.Decisions {
		row := make([]float64, d.Len())
		for i := range row {
			row[i] = 1 / float64(d.Len())
		}
		p = append(p, row)
	}
	mean, _, err := model.Expected(p)
	fmt.Printf("%.1f M %v\n", mean/1e6, err)
	// Output:
	// 274.7 M <nil>
}
