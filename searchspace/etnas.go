package searchspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// ETNASOptions sets up the joint block and macro space of NASOA.
type ETNASOptions struct {
	InputSize int `json:"input_size,omitempty"` // pixels; 0 = 224
	Classes   int `json:"classes,omitempty"`    // 0 = 1000
	// Channels are the choices of the stem's width, multiples of 4; nil = 16, 32, 48, 64, 96, 128.
	Channels []int `json:"channels,omitempty"`
	Blocks   int   `json:"blocks,omitempty"` // most blocks of a stage; 0 = 32
	// StemStride is by how much the stem shrinks images: 1, 2 or 4; 0 = 4. Less keeps the
	// resolution of small images.
	StemStride int `json:"stem_stride,omitempty"`
}

// Bounds of the space. Skip places are numbered 0 (block input) to 3.
const (
	etStages = 4
	etLayers = 3
	etSkips  = 3
	etGrowth = 6 // channels double at most this often
)

// etSkip is an extra skip connection inside a block.
type etSkip struct {
	concat   bool
	from, to int
}

// etSkipChoices lists the choices of a skip slot after "none".
func etSkipChoices() []etSkip {
	var out []etSkip
	for _, concat := range []bool{false, true} {
		for from := range etLayers {
			for to := from + 1; to <= etLayers; to++ {
				out = append(out, etSkip{concat, from, to})
			}
		}
	}
	return out
}

func (s etSkip) String() string {
	kind := "a"
	if s.concat {
		kind = "c"
	}
	return kind + strconv.Itoa(s.from) + strconv.Itoa(s.to)
}

// ETNAS is the joint space of NASOA (section 3.1), out of which the published models ET-NAS-A to -L
// come: one block design of one to three operations with channel ratios and skip connections, and a
// macro layout of four stages that says how many blocks each has and where channels grow. All
// blocks share the design.
//
// The text form is the published encoding BLOCK_CHANNELS_MACRO, e.g. "031-_32_1-1-221-11121". Skip
// slots keep the order they are written in.
func ETNAS(o ETNASOptions) (*Space, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: etnas options: %w", err)
	}
	if len(o.Channels) == 0 {
		o.Channels = []int{16, 32, 48, 64, 96, 128}
	}
	o.Channels = slices.Clone(o.Channels)
	o.Blocks, o.StemStride = or(o.Blocks, 32), or(o.StemStride, 4)
	for i, c := range o.Channels {
		if c < 4 || c > 128 || c%4 != 0 || i > 0 && c <= o.Channels[i-1] {
			return nil, fmt.Errorf(
				"searchspace: etnas: channels %v, expected ascending multiples of 4 up to 128", o.Channels)
		}
	}
	if o.Blocks < 1 || o.Blocks > 64 {
		return nil, fmt.Errorf("searchspace: etnas: %d blocks per stage, expected 1 to 64", o.Blocks)
	}
	if !slices.Contains([]int{1, 2, 4}, o.StemStride) {
		return nil, fmt.Errorf("searchspace: etnas: stem stride %d, expected 1, 2 or 4", o.StemStride)
	}
	f := Family{
		Name: "etnas", InputSize: or(o.InputSize, 224), Classes: or(o.Classes, 1000), Options: options,
		Codec: etCodec{blocks: o.Blocks},
		Build: func(b *Builder) { buildETNAS(b, o) },
	}
	for i := range etSkips {
		f.Limits = append(f.Limits, Limit{Decisions: []string{"block.layers", "block.skip" + strconv.Itoa(i)},
			Check: func(v []int) error {
				if v[1] > 0 && etSkipChoices()[v[1]-1].to > v[0] {
					return fmt.Errorf("skip %s in a block of %d layers", etSkipChoices()[v[1]-1], v[0])
				}
				return nil
			}})
	}
	f.Limits = append(f.Limits, Limit{Decisions: []string{"block.layers", "block.skip0", "block.skip1",
		"block.skip2"}, Check: etCopies})
	growth := Limit{Max: etGrowth, What: "doublings of the channels",
		Add: func(_, digit int) int { return digit / 2 }}
	for s := range etStages {
		for i := range o.Blocks {
			growth.Decisions = append(growth.Decisions, fmt.Sprintf("stage%d.layer%d.growth", s+1, i))
		}
	}
	f.Limits = append(f.Limits, growth)
	return NewSpace(f)
}

// etCopies refuses blocks that hand on their input more than once among their output channels:
// along a chain of them channels would grow exponentially.
func etCopies(v []int) error {
	copies := [etLayers + 1]int{1}
	for to := 1; to <= v[0]; to++ {
		for _, s := range v[1:] {
			if s > 0 {
				if skip := etSkipChoices()[s-1]; skip.concat && skip.to == to {
					copies[to] += copies[skip.from]
				}
			}
		}
	}
	if copies[v[0]] > 1 {
		return fmt.Errorf("block with its input %d times in its output, expected at most once", copies[v[0]])
	}
	return nil
}

// buildETNAS declares the decisions and writes the network they give. The structure follows from so
// many of them that it is written only resolved.
func buildETNAS(b *Builder, o ETNASOptions) {
	var block etBlock
	var channels Int
	b.ScopeAs("", "block", func() { block = etDecisions(b) })
	channels = b.OneOf("channels", KindWidth, o.Channels...)
	lengths := make([]int, o.Blocks)
	for i := range lengths {
		lengths[i] = i + 1
	}
	var stages [etStages][]Int
	for s := range stages {
		b.declareStage(s+1, func() {
			length := b.OneOf("depth", KindDepth, lengths...)
			for i := range o.Blocks {
				restore := b.guard(length.above(i), i == 0)
				b.layer = i
				b.ScopeAs("", "layer"+strconv.Itoa(i), func() {
					if !length.Constant() || i < length.at(nil) {
						// Nearly all blocks keep the channels: drawn evenly, every network would
						// break the limit.
						stages[s] = append(stages[s], b.Weighted("growth", KindWidth, []int{1, 2, 4},
							[]float64{0.94, 0.05, 0.01}))
					}
				})
				b.layer = -1
				restore()
			}
		})
	}
	b.Resolved(func([]int) error {
		x := etStem(b, channels.at(nil), o.StemStride)
		base, n := channels.at(nil), 6
		for s := range stages {
			b.Stage("", func() {
				for i, digit := range stages[s] {
					base *= digit.at(nil)
					stride := 1
					if s > 0 && i == 0 {
						stride = 2
					}
					b.layer = i
					b.Named("layers."+strconv.Itoa(n), "layer"+strconv.Itoa(i),
						func() { x = block.write(b, x, base, stride) })
					n++
				}
			})
		}
		b.Classifier("fc", b.GlobalAvgPool("pool", x), 0)
		return b.err
	})
}

// etStem writes the three convolutions of the stem; the first and, for a stride of 4, the last of
// them shrink.
func etStem(b *Builder, channels, stride int) Ref {
	x := b.Input()
	strides := []int{min(stride, 2), 1, max(stride/2, 1)}
	for i, c := range []int{channels / 2, channels / 2, channels} {
		stride := strides[i]
		name := "layers." + strconv.Itoa(2*i)
		x = b.Conv(name+".0", x, Conv{Out: Const(c), Kernel: Const(3), Stride: stride})
		x = b.Act(fmt.Sprintf("layers.%d", 2*i+1), b.BatchNorm(name+".1", x), ActReLU)
	}
	return x
}
