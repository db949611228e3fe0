package supernet

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

const (
	netKind     = "tendril-supernet"
	modelKind   = "tendril-model"
	fileVersion = 1
)

// fileMeta is the JSON part of a saved supernet or model.
type fileMeta struct {
	Space         searchspace.Spec
	Sharing       string   `json:",omitempty"` // of a supernet
	Arch          string   `json:",omitempty"` // of a model
	Archs         []string `json:",omitempty"` // of a supernet: networks that brought tensors
	Classes       []string `json:",omitempty"` // names, if they are known
	Seed          uint64
	Normalization dataset.Normalization
	Fit           dataset.Fit
	Version       uint64
	Stage         int
	KernelPath    string
}

// meta describes the network. The caller has the turn.
func (n *network) meta() fileMeta {
	return fileMeta{Space: n.space.Spec(), Classes: n.classes.names(), Seed: n.seed, Normalization: n.norm,
		Fit:     n.fit,
		Version: n.version.Load(), Stage: int(n.stage.Load()), KernelPath: n.backend.Name()}
}

// write saves all stored tensors with meta.
func (n *network) write(path, kind string, meta fileMeta) error {
	values, err := n.finiteValues()
	if err != nil {
		return err
	}
	tensors := make(map[string]checkpoint.Tensor, len(values))
	for key, data := range values {
		tensors[key] = checkpoint.Of(n.store.byKey[key].dims(), data)
	}
	return checkpoint.Write(path, kind, fileVersion, &meta, tensors)
}

// fit checks that saved tensors are exactly those of a collection, before memory is taken for what
// a file only claims to hold.
func (ss *specs) fit(tensors map[string]checkpoint.Tensor) (map[string][]float32, error) {
	values := make(map[string][]float32, len(tensors))
	for _, s := range ss.list {
		data, err := checkpoint.Get[float32](tensors, s.key, s.dims()...)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrWeights, err)
		}
		if why := unusable(s, data); why != "" {
			return nil, fmt.Errorf("%w: %q: %s", ErrWeights, s.key, why)
		}
		values[s.key] = data
	}
	for key := range tensors {
		if values[key] == nil {
			return nil, fmt.Errorf("%w: %q is not a tensor of the network", ErrWeights, key)
		}
	}
	return values, nil
}

// adopt puts saved values and what belongs to them in place. Nobody else has the network yet.
func (n *network) adopt(meta *fileMeta, values map[string][]float32) (err error) {
	defer tensor.Recover(&err)
	n.version.Store(meta.Version)
	n.stage.Store(int64(meta.Stage))
	return n.setValues(values)
}

// saved is a file of ours that was read, and what its network is made from.
type saved struct {
	meta    fileMeta
	tensors map[string]checkpoint.Tensor
	opts    Options // the caller's, where the file does not say
	space   *searchspace.Space
}

func open(path, kind string, o *Options) (*saved, error) {
	var f saved
	var err error
	if f.tensors, err = checkpoint.Read(path, kind, fileVersion, &f.meta); err != nil {
		return nil, err
	}
	return f.ready(o)
}

// ready makes what a network needs from what was read.
func (f *saved) ready(o *Options) (*saved, error) {
	var err error
	if o != nil {
		f.opts = *o
	}
	f.opts.Classes, f.opts.Seed = f.meta.Classes, f.meta.Seed
	f.opts.Normalization, f.opts.Fit = f.meta.Normalization, f.meta.Fit
	if f.space, err = searchspace.FromSpec(f.meta.Space, f.opts.Makers...); err != nil {
		return nil, err
	}
	return f, nil
}

// Save writes the supernet to one file: the weights as safetensors, everything else as JSON beside
// them. The file is replaced atomically: a crash leaves the old one or the new one, whole. A
// symbolic link stays, and what it leads to is replaced; pipes, devices and standard output are
// written into, from the first byte to the last. Weights that are not finite are refused with
// ErrNotFinite.
func (n *Net) Save(ctx context.Context, path string) error {
	if err := n.acquire(ctx); err != nil {
		return fmt.Errorf("supernet: save: %w", err)
	}
	defer n.release()
	meta := n.meta()
	meta.Sharing, meta.Archs = n.sharing.String(), n.admitted()
	if err := n.write(path, netKind, meta); err != nil {
		return fmt.Errorf("supernet: save: %w", err)
	}
	return nil
}

// Load reads a supernet that Save wrote. Of the options Workers, Device, Makers and Logger count;
// everything else is in the file. A damaged file gives an error, never a supernet; so do weights
// that are NaN or infinite, and negative variances, with ErrWeights.
func Load(path string, o *Options) (*Net, error) {
	n, err := load(path, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: load: %w", err)
	}
	return n, nil
}

func load(path string, o *Options) (*Net, error) {
	f, err := open(path, netKind, o)
	if err != nil {
		return nil, err
	}
	if f.opts.Sharing, err = parseSharing(f.meta.Sharing); err != nil {
		return nil, err
	}
	scheme, err := f.opts.Sharing.scheme()
	if err != nil {
		return nil, err
	}
	archs, err := parseArchs(f.space, f.meta.Archs)
	if err != nil {
		return nil, err
	}
	ss, err := specsOfSpace(f.space, scheme, archs...)
	if err != nil {
		return nil, err
	}
	values, err := ss.fit(f.tensors)
	if err != nil {
		return nil, err
	}
	n, err := newNet(f.space, ss, &f.opts, zeros)
	if err != nil {
		return nil, err
	}
	return n, n.adopt(&f.meta, values)
}

// Save writes the model to one file: the weights as safetensors, everything else as JSON beside
// them. Where the bytes go is as for Net.Save. Weights that are not finite are refused with
// ErrNotFinite.
func (m *Model) Save(ctx context.Context, path string) error {
	if err := m.acquire(ctx); err != nil {
		return fmt.Errorf("supernet: save: %w", err)
	}
	defer m.release()
	meta := m.meta()
	meta.Arch = m.space.Format(m.arch)
	if err := m.write(path, modelKind, meta); err != nil {
		return fmt.Errorf("supernet: save model: %w", err)
	}
	return nil
}

// LoadModel reads a model that Save wrote. Of the options Workers, Device, Makers and Logger count;
// everything else is in the file. A damaged file gives an error, never a model; so do weights that
// are NaN or infinite, and negative variances, with ErrWeights.
func LoadModel(path string, o *Options) (*Model, error) {
	f, err := open(path, modelKind, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: load model: %w", err)
	}
	m, err := f.model()
	if err != nil {
		return nil, fmt.Errorf("supernet: load model: %w", err)
	}
	return m, nil
}

// ReadModel is LoadModel from a stream of exactly size bytes.
func ReadModel(r io.Reader, size int64, o *Options) (*Model, error) {
	if r == nil {
		return nil, errors.New("supernet: read model: no stream")
	}
	var f saved
	var err error
	if f.tensors, err = checkpoint.Decode(r, size, modelKind, fileVersion, &f.meta); err != nil {
		return nil, fmt.Errorf("supernet: read model: %w", err)
	}
	if _, err := f.ready(o); err != nil {
		return nil, fmt.Errorf("supernet: read model: %w", err)
	}
	m, err := f.model()
	if err != nil {
		return nil, fmt.Errorf("supernet: read model: %w", err)
	}
	return m, nil
}

// model makes the model that a file holds.
func (f *saved) model() (*Model, error) {
	arch, err := f.space.Parse(f.meta.Arch)
	if err != nil {
		return nil, err
	}
	g, err := f.space.Lower(arch)
	if err != nil {
		return nil, err
	}
	values, err := specsOfGraph(g, own{}).fit(f.tensors)
	if err != nil {
		return nil, err
	}
	b, err := newBackend(&f.opts)
	if err != nil {
		return nil, err
	}
	m, err := modelFrom(zeros, b, f.space, arch, &f.opts)
	if err != nil {
		return nil, err
	}
	return m, m.adopt(&f.meta, values)
}
