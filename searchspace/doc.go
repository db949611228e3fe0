// Package searchspace describes families of neural networks as decisions and turns one choice per
// decision into a layer graph with exact costs.
//
// A Space is a list of named categorical decisions. An Arch is one choice per decision, a small
// value that can be compared and used as a map key. Lower turns an Arch into a Graph: layers,
// shapes, and the names of weights; costs, the runnable network, its export and its picture are all
// read from it.
//
//	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
//	arch, err := space.Sample(rand.New(rand.NewPCG(1, 0)))
//	cost, err := space.Cost(arch) // multiply-adds, parameters, memory
//
// Families: MobileNetV3 (AdaXpert, Once-for-All, EAS), ProxylessNAS and ResNet50 (Once-for-All),
// ETNAS (NASOA), EATNAS, DANAS, and EfficientNetLite around networks with published weights; VGG,
// ResNet, MobileNet, ShuffleNet and RegNet are small networks for small images, which others are
// compared with. Models lists published networks with the figures that their authors report.
//
// What decides step by step uses Space.Walk, what computes with real-valued choices Relaxed and
// CostModel.Expected. A LatencyTable predicts times from measured layers, for one network or, with
// LatencyTable.Model, for a whole space. A Graph prints as a table of its layers.
//
// A family is one function written against a Builder whose arguments may be decisions. LowerChoices
// reads the same function as a graph with choice nodes, from which expected costs and shared
// weights follow. A family of your own needs a Build function and NewSpace; see the example.
//
// Space.Limit bounds multiply-adds, parameters, bytes or predicted seconds, and everything that
// draws from the space then stays within: Sample, Mutate, Neighbours, Walk. MostProbable is the
// network of a wanted cost that a differentiable search has made most probable.
//
// Costs follow the convention of the papers: a multiply-add is counted once; bias, batch norm and
// activations are free. The AdaXpert paper prints convolutions alone (Cost.ConvMAdds), most others
// convolutions and linear layers (Cost.MAdds).
//
// The package runs no network and needs no data. Who only wants to count the operations of a fixed
// model that lives in another framework will find it easier to count there.
//
// All values but a Walk are safe for concurrent use, and immutable but for the fields of a
// LatencyTable. Nothing depends on time, on the number of processors or on global random state: the
// same calls with the same generators give the same results.
//
// Papers: AdaXpert (Niu et al., ICML 2021), Once-for-All (Cai et al., ICLR 2020), NASOA (Xu et al.,
// 2021), EAT-NAS (Fang et al., 2019), DA-NAS (Dai et al., 2020).
package searchspace
