package supernet

import (
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// entry names a number of a searchspace.Relaxed.
type entry struct{ decision, choice int }

// product is a joint choice of some decisions; its value is the product of their row entries, 1 if
// there are none.
type product []entry

// coefficients is the numbers of a relaxed program that depend on the rows: factors of mixes and
// masks of channels. Each is a sum of products. They lie in one buffer, so that a pass costs one
// upload and one download; from there to the rows the chain rule is done on the host, in float64.
type coefficients struct {
	sums  [][]product
	at    []int // the sum that element i of the buffer holds
	param *nn.Param
	set   *nn.ParamSet
	value []float64 // of sums
	host  []float32 // the buffer's image
}

// sum adds a sum and returns its index.
func (c *coefficients) sum(s []product) int {
	c.sums = append(c.sums, s)
	return len(c.sums) - 1
}

// place puts sums at the end of the buffer and returns where they start.
func (c *coefficients) place(sums ...int) int {
	start := len(c.at)
	c.at = append(c.at, sums...)
	return start
}

// make makes the buffer, after the last sum was placed.
func (c *coefficients) make(b tensor.Backend) {
	c.set = nn.NewParamSet(b)
	c.param = c.set.Add("coefficients", 1, max(len(c.at), 1))
	c.value, c.host = make([]float64, len(c.sums)), make([]float32, len(c.at))
}

// vector views n coefficients as factors of a mix.
func (c *coefficients) vector(start, n int) nn.Vector {
	v := c.param.Vector()
	v.V.Off, v.V.Len = start, n
	return v
}

// weight views n coefficients as the linear layer that makes a vector of them out of a one.
func (c *coefficients) weight(start, n int) nn.Weight {
	w := c.param.Weight()
	w.V.Off, w.V.Out = start, n
	return w
}

// write sets the coefficients to what rows say, for the passes that are queued from now on. train
// says whether a gradient is wanted; the one of the pass before is forgotten.
func (c *coefficients) write(st tensor.Stream, rows searchspace.Relaxed, train bool) {
	c.set.BeginStep()
	c.param.SetFrozen(!train)
	for i, s := range c.sums {
		c.value[i] = 0
		for _, p := range s {
			c.value[i] += p.without(-1, rows)
		}
	}
	for i, s := range c.at {
		c.host[i] = float32(c.value[s])
	}
	st.Write(c.param.Value(), 0, c.host)
}

// gradient adds ∂loss/∂row to grad after a backward pass.
func (c *coefficients) gradient(st tensor.Stream, rows, grad searchspace.Relaxed) {
	if !c.param.Touched() {
		return // no coefficient has a part in the loss
	}
	st.Read(c.param.Grad(), 0, c.host)
	clear(c.value)
	for i, s := range c.at {
		c.value[s] += float64(c.host[i])
	}
	for i, s := range c.sums {
		for _, p := range s {
			for k, e := range p {
				grad[e.decision][e.choice] += c.value[i] * p.without(k, rows)
			}
		}
	}
}

// without is the product of all entries but number k.
func (p product) without(k int, rows searchspace.Relaxed) float64 {
	v := 1.0
	for i, e := range p {
		if i != k {
			v *= rows[e.decision][e.choice]
		}
	}
	return v
}
