package searchspace

import "encoding/json"

// netModel is the largest architecture, text, of a family with options.
func netModel(name, family, text string, options any, r Reported, source, note string) Model {
	raw, _ := json.Marshal(options) // numbers and lists of the program's own
	return Model{Name: name, Family: family, Options: raw, Text: text, Reported: r, Source: source, Note: note}
}

// netModels are the published networks of the families of NetOptions and of RegNet.
func netModels() []Model {
	const (
		pruning  = "Li et al., Pruning Filters for Efficient ConvNets (ICLR 2017), Table 1, CIFAR-10"
		shortcut = "its shortcuts have no weights, see ResNet"
		mobile   = "MobileNetV2, table of the authors' repository"
		noNorm   = "the authors' parameters leave out batch norms in part"
		shuffle  = "ShuffleNetV2 (ECCV 2018), figures of the authors' repository"
		beyond   = "the authors do not say what they count beyond the layers"
		regnet   = "RegNet (CVPR 2020), model zoo of its authors"
		rounded  = "printed in 0.1 G and 0.1 M"
	)
	small := []Model{
		netModel("vgg16_cifar", "vgg", "2,2,3,3,3:64,128,256,512,512",
			NetOptions{Width: 1, Layers: []int{2, 2, 3, 3, 3}}, Reported{313, 15, 0}, pruning,
			"it has one more linear layer, of 512 to 512"),
		netModel("resnet56_cifar", "resnet", "9,9,9:16,32,64", NetOptions{Width: 1, Layers: []int{9, 9, 9}},
			Reported{125, 0.85, 0}, pruning, shortcut),
		netModel("resnet110_cifar", "resnet", "18,18,18:16,32,64", NetOptions{Width: 1, Layers: []int{18, 18, 18}},
			Reported{253, 1.72, 0}, pruning, shortcut),
	}
	for i := range small {
		small[i].InputSize, small[i].Classes = 32, 10
	}
	net := func(width float64) NetOptions {
		return NetOptions{Width: width, StemStride: 2, InputSize: 224, Classes: 1000}
	}
	x := func(o RegNetOptions) RegNetOptions {
		o.Width, o.StemStride, o.InputSize, o.Classes = 1, 2, 224, 1000
		return o
	}
	return append(small,
		netModel("mobilenet_v2 x0.35", "mobilenet", "1,2,3,4,3,3,1:8,8,16,24,32,56,112", net(0.35),
			Reported{59, 1.66, 60.3}, mobile, noNorm),
		netModel("mobilenet_v2 x0.5", "mobilenet", "1,2,3,4,3,3,1:8,16,16,32,48,80,160", net(0.5),
			Reported{97, 1.95, 65.4}, mobile, noNorm),
		netModel("mobilenet_v2 x0.75", "mobilenet", "1,2,3,4,3,3,1:16,24,24,48,72,120,240", net(0.75),
			Reported{209, 2.61, 69.8}, mobile, noNorm),
		netModel("shufflenet_v2_x0_5", "shufflenet", "4,8,4", net(0.5), Reported{41, 1.4, 60.3}, shuffle, beyond),
		netModel("shufflenet_v2_x1_0", "shufflenet", "4,8,4", net(1), Reported{146, 2.3, 69.4}, shuffle, beyond),
		netModel("shufflenet_v2_x1_5", "shufflenet", "4,8,4", net(1.5), Reported{299, 3.5, 72.6}, shuffle, beyond),
		netModel("regnet_x_200mf", "regnet", "1,1,4,7:24,56,152,368", x(RegNetOptions{}), Reported{200, 2.7, 68.9},
			regnet, rounded),
		netModel("regnet_x_400mf", "regnet", "1,2,7,12:32,64,160,384",
			x(RegNetOptions{Depth: 22, W0: 24, WA: 24.48, WM: 2.54, Group: 16}), Reported{400, 5.2, 72.7},
			regnet, rounded),
		netModel("regnet_x_600mf", "regnet", "1,3,5,7:48,96,240,528",
			x(RegNetOptions{Depth: 16, W0: 48, WA: 36.97, WM: 2.24, Group: 24}), Reported{600, 6.2, 74.1},
			regnet, rounded),
		netModel("regnet_x_800mf", "regnet", "1,3,7,5:64,128,288,672",
			x(RegNetOptions{Depth: 16, W0: 56, WA: 35.73, WM: 2.28, Group: 16}), Reported{800, 7.3, 75.2},
			regnet, rounded))
}
