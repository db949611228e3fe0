package zoo

import "github.com/tendril-nas/tendril/searchspace"

// published is what is known of a model beside the architecture: multiply-adds and parameters as
// searchspace counts them, milliseconds of classifying and of a training step of 64 images of 224
// pixels, and the memory of the step in MB (0 = not published).
type published struct {
	name            string
	madds, params   int64
	inference, step float64
	memory          int64
}

var publishedFigures = [...]published{
	{"ET-NAS-A", 229113856, 2615320, 5.30, 14.74, 0},
	{"ET-NAS-B", 390625280, 3942360, 5.92, 15.78, 0},
	{"ET-NAS-C", 579653632, 7126232, 8.94, 26.28, 2572},
	{"ET-NAS-D", 1551151104, 15235528, 14.54, 36.30, 3184},
	{"ET-NAS-E", 2308136960, 28447048, 25.34, 61.95, 4922},
	{"ET-NAS-F", 2612985856, 21418056, 33.83, 93.04, 5800},
	{"ET-NAS-G", 5330739200, 44001352, 53.08, 133.97, 8120},
	{"ET-NAS-H", 5683978240, 49290312, 76.80, 193.40, 9140},
	{"ET-NAS-I", 13132574720, 72439880, 94.60, 265.13, 10732},
	{"ET-NAS-J", 18156527616, 102997832, 131.92, 370.28, 13774},
	{"ET-NAS-K", 27506192384, 87338056, 185.75, 505.00, 0},
	{"ET-NAS-L", 23460511744, 130445000, 191.89, 542.52, 20556},
}

// Published are the models ET-NAS-A to ET-NAS-L of NASOA with the figures of their authors:
// accuracy on ImageNet, times and memory on one Nvidia V100. They have no weights. MAdds and Params
// are counted by package searchspace; the published table has the rows E and F, and G and H,
// exchanged, and it is not known whether the accuracies and times beside them are, too.
//
//	H. Xu, N. Kang, G. Zhang, C. Xie, X. Liang, Z. Li: NASOA: Towards Faster Task-oriented Online
//	Fine-tuning with a Zoo of Models. ICCV 2021, table 2 and the published table of models.
func Published() []Entry {
	models := searchspace.Models()
	var out []Entry
	for _, p := range publishedFigures {
		for _, m := range models {
			if m.Name != p.name {
				continue
			}
			t := Timing{Batch: 64, InputSize: m.InputSize, Machine: "Nvidia V100", Seconds: p.inference / 1e3}
			e := Entry{
				Name: m.Name, Arch: m.Text, Data: "ImageNet", Accuracy: m.Reported.Top1 / 100, Samples: 50000,
				Space: searchspace.Spec{Family: m.Family, Options: m.Options, InputSize: m.InputSize,
					Classes: m.Classes},
				Inference: []Timing{t}, MAdds: p.madds, Params: p.params, Source: m.Source, Note: m.Note,
			}
			t.Seconds, t.Memory = p.step/1e3, 1e6*p.memory
			e.Steps = []Timing{t}
			out = append(out, e)
		}
	}
	return out
}
