package nn

import "github.com/tendril-nas/tendril/internal/tensor"

// LSTM is a long short-term memory cell with gates in the order input, forget, cell, output:
//
//	i, f, g, o = σ, σ, tanh, σ of blocks of (x·WX + bX + h·WH + bH)
//	c' = f·c + i·g
//	h' = o·tanh(c')
type LSTM struct {
	WX, WH Weight // [in, 4H] and [H, 4H]
	BX, BH Vector // 4H each
	Hidden int
}

// NewLSTM makes a cell's parameters, zero-filled, under name.wx, name.wh, name.bx and name.bh.
func NewLSTM(ps *ParamSet, name string, in, hidden int) LSTM {
	return LSTM{
		WX: ps.Add(name+".wx", in, 4*hidden).Weight(), WH: ps.Add(name+".wh", hidden, 4*hidden).Weight(),
		BX: ps.Add(name+".bx", 4*hidden).Vector(), BH: ps.Add(name+".bh", 4*hidden).Vector(), Hidden: hidden,
	}
}

// State is a recurrent state: hidden and cell, N×1×1×H.
type State struct{ H, C Value }

// ZeroState is the state of zeros for n samples.
func (t *Tape) ZeroState(n, hidden int) State {
	z := t.Constant(t.st.Fill(tensor.Vector(n, hidden), 0))
	return State{H: z, C: z}
}

// LSTM advances a state by one input x, N×1×1×in.
func (t *Tape) LSTM(l LSTM, x Value, s State) State {
	gates := t.Add(t.Linear(x, l.WX, l.BX), t.Linear(s.H, l.WH, l.BH), tensor.ActNone)
	return t.LSTMCell(gates, s.C)
}

// LSTMCell is the elementwise part: pre-activations N×1×1×4H and the previous cell state.
func (t *Tape) LSTMCell(gates, c Value) State {
	g, p := t.get("lstm", gates), t.get("lstm", c)
	s := p.Shape()
	tensor.CheckShape("lstm", "gates", g, tensor.Vector(s.N, 4*s.C))
	h, n := t.st.LSTMCell(g, p)
	needs := t.needs(gates) || t.needs(c)
	out := State{H: t.push(h, needs), C: t.push(n, needs)}
	if r := t.remember(out.H); r != nil {
		r.op, r.a, r.b, r.out2 = opLSTM, gates, c, out.C
	}
	return out
}

// Embedding gathers rows of a table [rows, dim]: len(rows)×1×1×dim.
func (t *Tape) Embedding(table Weight, rows ...int) Value {
	tensor.CheckWeight("embedding", table.V)
	if len(rows) == 0 {
		tensor.Failf("embedding", "no rows")
	}
	for _, r := range rows {
		if r < 0 || r >= table.V.In {
			tensor.Failf("embedding", "row %d, expected [0, %d)", r, table.V.In)
		}
	}
	out := t.push(t.st.Embedding(table.V, rows), t.wants(table.P))
	if r := t.remember(out); r != nil {
		lo := len(t.rows)
		t.rows = append(t.rows, rows...)
		r.op, r.weight, r.lo, r.hi = opEmbedding, table, lo, len(t.rows)
	}
	return out
}
