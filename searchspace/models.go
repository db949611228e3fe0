package searchspace

import (
	"encoding/json"
	"fmt"
)

// Model is a published network: a name for one architecture of a family, or a network of fixed
// design, with the figures its authors report.
type Model struct {
	Name      string
	Family    string          // of the Space; "model/NAME" for a fixed design
	Options   json.RawMessage // of the family, as in Spec; nil is its defaults
	Text      string          // text form of the architecture
	InputSize int             // pixels
	Classes   int
	Reported  Reported
	Source    string // where network and figures are published
	Note      string // why reported figures and our counts differ, if they do
}

// Reported are figures as a publication prints them; 0 where it prints none.
type Reported struct {
	MAdds  float64 // millions
	Params float64 // millions
	Top1   float64 // ImageNet top-1 accuracy, percent
}

// Open is the model's space and architecture. Space.WithInput and Space.WithClasses give the same
// network for other images and classes.
func (m Model) Open() (*Space, Arch, error) {
	s, err := FromSpec(Spec{Family: m.Family, Options: m.Options, InputSize: m.InputSize, Classes: m.Classes})
	if err != nil {
		return nil, Arch{}, err
	}
	a, err := s.Parse(m.Text)
	if err != nil {
		return nil, Arch{}, fmt.Errorf("searchspace: model %s: %w", m.Name, err)
	}
	return s, a, nil
}

// FindModel is the published network called name.
func FindModel(name string) (Model, bool) {
	for _, m := range Models() {
		if m.Name == name {
			return m, true
		}
	}
	return Model{}, false
}

// Models lists the published networks.
func Models() []Model {
	var out []Model
	const adaxpert = "AdaXpert (ICML 2021), Table 2; top-1 of Table 5"
	for _, m := range []Model{
		{Name: "AdaXpert-100", Text: "4,3,3,3,3:3,5,5,5,5,5,5,5,5,5,7,5,3,5,5,5,5,7,5,5:6,6,6,3,3,3,3,3,3,3,3,3,3,3,3,3,3,4,3,3", Reported: Reported{MAdds: 257, Top1: 76.1}},
		{Name: "AdaXpert-200", Text: "3,3,3,3,3:5,7,5,7,7,7,7,7,5,5,7,7,7,7,7,7,7,7,7,7:6,4,4,4,4,4,4,3,4,4,4,4,6,4,4,4,4,4,4,4", Reported: Reported{MAdds: 293, Top1: 77.1}},
		{Name: "AdaXpert-1000", Text: "4,4,3,3,3:7,3,7,3,7,7,5,7,7,5,5,7,5,7,7,7,7,7,7,5:6,6,6,3,4,6,6,6,4,4,6,4,4,4,6,4,6,6,6,4", Reported: Reported{MAdds: 395, Top1: 78.1}},
	} {
		m.Family, m.Source, m.Note = "mobilenetv3", adaxpert, "the paper counts convolutions only: compare conv_madds"
		out = append(out, m)
	}
	const exchanged = "the published table has the rows E and F, and G and H, exchanged against the published code"
	for _, m := range []Model{
		{Name: "ET-NAS-A", Text: "2-_32_2-11-112-1121112", Reported: Reported{230, 2.6, 62.06}},
		{Name: "ET-NAS-B", Text: "031-_32_1-1-221-11121", Reported: Reported{390, 3.9, 66.92}},
		{Name: "ET-NAS-C", Text: "011-_32_2-211-2-111122", Reported: Reported{580, 7.1, 71.29}},
		{Name: "ET-NAS-D", Text: "031-_64_1-1-221-11121", Reported: Reported{1550, 15.2, 74.46}},
		{Name: "ET-NAS-E", Text: "10001-_64_4-111-11122-1111111111111112", Reported: Reported{2610, 21.4, 76.87}, Note: exchanged},
		{Name: "ET-NAS-F", Text: "011-_64_21-211-121-11111121", Reported: Reported{2310, 28.4, 78.80}, Note: exchanged},
		{Name: "ET-NAS-G", Text: "10001-_64_4-111111111-211112111112-11111", Reported: Reported{5680, 49.3, 80.41}, Note: exchanged},
		{Name: "ET-NAS-H", Text: "211-_64_41-211-121-11111121", Reported: Reported{5330, 44.0, 80.92}, Note: exchanged},
		{Name: "ET-NAS-I", Text: "02031-a02_64_111-2111-21111111111111111111111-211", Reported: Reported{13130, 72.4, 81.38}},
		{Name: "ET-NAS-J", Text: "211-_64_411-2111-21111111111111111111111-211", Reported: Reported{18160, 103.0, 82.08}},
		{Name: "ET-NAS-K", Text: "02031-a02_64_1121-111111111111111111111111111-21111111211111-1", Reported: Reported{27510, 87.3, 82.42}},
		{Name: "ET-NAS-L", Text: "23311-a02c12_64_211-2111-21111111111111111111111-211", Reported: Reported{23460, 130.4, 82.65}},
	} {
		m.Family, m.Source = "etnas", "NASOA, published table of models"
		out = append(out, m)
	}
	for _, f := range fixedModels() {
		out = append(out, f.model)
	}
	out = append(append(out, liteModels()...), netModels()...)
	for i := range out {
		out[i].InputSize, out[i].Classes = or(out[i].InputSize, 224), or(out[i].Classes, 1000)
	}
	return out
}

// fixedModel is a network of fixed design: a family with one architecture.
type fixedModel struct {
	model Model
	build func(b *Builder)
}

// fixed makes a fixedModel called name.
func fixed(name string, reported Reported, source, note string, build func(b *Builder)) fixedModel {
	return fixedModel{Model{Name: name, Family: "model/" + name, Text: name, Reported: reported, Source: source, Note: note}, build}
}

func fixedModels() []fixedModel {
	const (
		table2   = "AdaXpert (ICML 2021), Table 2"
		table5   = "AdaXpert (ICML 2021), Table 5"
		convOnly = "AdaXpert counts convolutions only: compare conv_madds"
	)
	return []fixedModel{
		fixed("mobilenet_v2 x1.0", Reported{300, 3.4, 72.0}, table2+"; parameters and top-1: MobileNetV2 (CVPR 2018), Table 4",
			convOnly+"; the authors' released model is listed with 300 M and 3.47 M, which is our 3.50 M without batch norm", func(b *Builder) { buildMobileNetV2(b, 1) }),
		fixed("mobilenet_v2 x1.4", Reported{585, 6.9, 74.7}, table5+"; parameters: MobileNetV2 (CVPR 2018), Table 4",
			"the paper's figures do not follow from its layers; the authors' released model is listed with 582 M and 6.06 M, which is our 6.11 M without batch norm; Table 2 of AdaXpert prints 560", func(b *Builder) { buildMobileNetV2(b, 1.4) }),
		fixed("mobilenet_v3_large", Reported{219, 5.4, 75.2}, table5+"; parameters: MobileNetV3 (ICCV 2019), Table 3",
			"the authors' released model is listed with 217 M and 5.4 M", buildMobileNetV3Large),
		fixed("mnasnet_a1", Reported{312, 3.9, 75.2}, "MnasNet (CVPR 2019), Table 1",
			"Table 2 of AdaXpert prints 323", buildMnasNetA1),
		fixed("mnasnet_b1", Reported{310, 4.383312, 73.456}, "torchvision, mnasnet1_0: MnasNet without squeeze-and-excitation",
			"printed as 0.31 G", buildMnasNetB1),
		fixed("resnet18", Reported{1814, 11.689512, 69.8}, table2+" and 5; parameters: torchvision", convOnly, func(b *Builder) { buildResNet(b, false, [4]int{2, 2, 2, 2}) }),
		fixed("resnet50", Reported{4087, 25.557032, 77.15}, table2+"; parameters: torchvision; top-1: ResNet (CVPR 2016), Table 3, ten crops",
			convOnly+"; the ResNet paper prints 3.8 G for the form with stride on the first 1×1 convolution", func(b *Builder) { buildResNet(b, true, [4]int{3, 4, 6, 3}) }),
		fixed("shufflenet_v2_x2_0", Reported{591, 7.4, 75.0}, "ShuffleNetV2 (ECCV 2018), figures of the authors' repository",
			"the authors do not say what they count beyond the layers, torchvision prints 0.58 G; Table 5 of AdaXpert prints 524 and 73.7, which is ShuffleNet v1 2×", buildShuffleNetV2x2),
		fixed("efficientnet_b0", Reported{390, 5.3, 77.1}, "EfficientNet (ICML 2019), Table 2",
			"printed as 0.39 G; Table 2 of AdaXpert prints 398", buildEfficientNetB0),
	}
}

// fixedMakers rebuilds fixed designs from their Spec.
func fixedMakers() []Maker {
	var out []Maker
	for _, f := range fixedModels() {
		out = append(out, Maker{Family: f.model.Family, Make: func(json.RawMessage) (*Space, error) {
			return NewSpace(Family{Name: f.model.Family, InputSize: 224, Classes: 1000, Build: func(b *Builder) {
				b.Symbol("model", KindOther, f.model.Name)
				f.build(b)
			}, Codec: fixedCodec{f.model.Name}})
		}})
	}
	return out
}

// fixedCodec has the model's name as its only text.
type fixedCodec struct{ name string }

func (c fixedCodec) Parse(text string, _ []Decision) ([]int, error) {
	if text != c.name {
		return nil, &SyntaxError{0, quote(text), quote(c.name)}
	}
	return []int{0}, nil
}

func (c fixedCodec) Format([]int, []Decision) string { return c.name }
