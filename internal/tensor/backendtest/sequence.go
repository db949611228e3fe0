package backendtest

import "github.com/tendril-nas/tendril/internal/tensor"

func testSequence(s *suite) {
	s.cases(20, 1e-5, func(w *world) {
		n, h := w.between(1, 5), w.channels()
		gates, c := w.tensor(tensor.Vector(n, 4*h)), w.tensor(tensor.Vector(n, h))
		hid, cell := w.LSTMCell(gates, c)
		w.keep("hidden", hid)
		w.keep("cell", cell)
		var dh, dc tensor.Tensor
		if w.rng.IntN(3) > 0 {
			dh = w.raw(tensor.Vector(n, h))
		}
		if dh == nil || w.coin() {
			dc = w.raw(tensor.Vector(n, h))
		}
		dg, dp := w.LSTMCellBackward(gates, c, cell, dh, dc)
		w.keep("gates' gradient", dg)
		w.keep("previous cell's gradient", dp)

		table := w.weight(1, 1, w.between(1, 9), w.channels())
		rows := make([]int, w.between(1, 12))
		for i := range rows {
			rows[i] = w.rng.IntN(table.In)
		}
		y := w.Embedding(table, rows)
		w.keep("embedding", y)
		w.EmbeddingBackward(w.raw(y.Shape()), w.like(table), rows)
	})
}
