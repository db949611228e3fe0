package supernet

import (
	"regexp"
	"slices"
	"strings"
)

// Names of inverted residual networks meet in those of the public PyTorch port of EfficientNet:
// blocks counted through, layers called by what they do.

// WeightLayouts lists the layouts that Pretrained recognises, in the order in which it tries them:
//
//   - "own": the names of the model itself, those that WriteSafetensors writes. Those of
//     searchspace.Models with weights in torchvision have torchvision's names: mobilenet_v2,
//     mobilenet_v3_large, mnasnet_b1 (mnasnet1_0), resnet18, resnet50, shufflenet_v2_x2_0,
//     efficientnet_b0. timm gives ResNets the same names.
//   - "efficientnet_pytorch": the public PyTorch port of EfficientNet (packages
//     efficientnet_pytorch and efficientnet_lite_pytorch), for models with names of torchvision.
//   - "timm": timm's EfficientNet, EfficientNet-Lite, MobileNetV2 and MnasNet-B1, for models with
//     names of the port and for those with names of torchvision.
//
// In all of them names may begin with "module." or "_orig_mod.", which PyTorch's DataParallel and
// compile add.
func WeightLayouts() []WeightLayout {
	wrapped := []WeightRule{{Match: `^(?:module\.|_orig_mod\.)+`}}
	timm := slices.Concat(wrapped, timmRules())
	return []WeightLayout{
		{Name: "own"},
		{Name: "own", Rules: wrapped},
		{Name: "efficientnet_pytorch", Rules: wrapped, Model: torchvisionRules()},
		{Name: "timm", Rules: timm},
		{Name: "timm", Rules: timm, Model: torchvisionRules()},
	}
}

// partRules are rules for parts of blocks: those of blocks that match an expression, in a list of
// NAME:ROLE. An empty expression stands for layers outside blocks.
func partRules(block, parts string) []WeightRule {
	before, kept := "^", ""
	if block != "" {
		before, kept = "^("+block+`)\.`, "${1}."
	}
	var out []WeightRule
	for _, part := range strings.Fields(parts) {
		name, role, _ := strings.Cut(part, ":")
		out = append(out, WeightRule{before + regexp.QuoteMeta(name) + `\.`, kept + role + "."})
	}
	return out
}

// blockRule numbers blocks through, whose parts have the port's names already.
func blockRule(block string) WeightRule {
	return WeightRule{Match: "^" + block + `\._`, Replace: "_blocks.${count}._"}
}

// timmRules lead from timm's names to the port's. Blocks of the first stage do not expand.
func timmRules() []WeightRule {
	return slices.Concat(
		partRules("", "conv_stem:_conv_stem bn1:_bn0 conv_head:_conv_head bn2:_bn1 classifier:_fc"),
		partRules(`blocks\.0\.\d+`, "conv_dw:_depthwise_conv bn1:_bn1 conv_pw:_project_conv bn2:_bn2"),
		partRules(`blocks\.\d+\.\d+`, `conv_pw:_expand_conv bn1:_bn0 conv_dw:_depthwise_conv bn2:_bn1
			conv_pwl:_project_conv bn3:_bn2`),
		partRules(`blocks\.\d+\.\d+`, "se.conv_reduce:_se_reduce se.conv_expand:_se_expand"),
		[]WeightRule{blockRule(`blocks\.(?P<count>\d+\.\d+)`)})
}

// torchvisionRules lead from torchvision's names to the port's, for EfficientNet-B0, MobileNetV2
// and MnasNet, whose blocks are told apart by their names. The first block of each does not expand.
func torchvisionRules() []WeightRule {
	return slices.Concat(
		// EfficientNet
		partRules(`features\.1\.\d+`, `block.0.0:_depthwise_conv block.0.1:_bn1
			block.1.fc1:_se_reduce block.1.fc2:_se_expand block.2.0:_project_conv block.2.1:_bn2`),
		partRules(`features\.\d+\.\d+`, `block.0.0:_expand_conv block.0.1:_bn0
			block.1.0:_depthwise_conv block.1.1:_bn1
			block.2.fc1:_se_reduce block.2.fc2:_se_expand block.3.0:_project_conv block.3.1:_bn2`),
		[]WeightRule{blockRule(`features\.(?P<count>\d+\.\d+)`)},
		// MobileNetV2
		partRules(`features\.1`, "conv.0.0:_depthwise_conv conv.0.1:_bn1 conv.1:_project_conv conv.2:_bn2"),
		partRules(`features\.\d+`, `conv.0.0:_expand_conv conv.0.1:_bn0 conv.1.0:_depthwise_conv conv.1.1:_bn1
			conv.2:_project_conv conv.3:_bn2`),
		[]WeightRule{blockRule(`features\.(?P<count>\d+)`)},
		// MnasNet, whose first block has no number: 7.0 comes before those of the others.
		[]WeightRule{{Match: `^layers\.7\.([a-z])`, Replace: "layers.7.0._bn2.$1"}},
		partRules("", `layers.3:layers.7.0._depthwise_conv layers.4:layers.7.0._bn1
			layers.6:layers.7.0._project_conv`),
		partRules(`layers\.\d+\.\d+`, `layers.0:_expand_conv layers.1:_bn0
			layers.3:_depthwise_conv layers.4:_bn1 layers.6:_project_conv layers.7:_bn2`),
		[]WeightRule{blockRule(`layers\.(?P<count>\d+\.\d+)`)},
		// Stems, heads and classifiers
		partRules("", "features.0.0:_conv_stem features.0.1:_bn0 layers.0:_conv_stem layers.1:_bn0"),
		partRules("", `features.8.0:_conv_head features.8.1:_bn1 features.18.0:_conv_head features.18.1:_bn1
			layers.14:_conv_head layers.15:_bn1 classifier.1:_fc`))
}
