//go:build amd64 && !noasm && !purego

package kernel

import "unsafe"

// recordFunc takes an argument record.
type recordFunc = func(a *byte)

// Indexed by path − AVX2.
var (
	maxPoolTable     = [2]recordFunc{maxPool256, maxPool512}
	avgPoolTable     = [2]recordFunc{avgPool256, avgPool512}
	maxPoolGradTable = [2]recordFunc{maxPoolGrad256, maxPoolGrad512}
	avgPoolGradTable = [2]recordFunc{avgPoolGrad256, avgPoolGrad512}
	softmaxMaxTable  = [2]recordFunc{softmaxMax256, softmaxMax512}
	softmaxSumsTable = [2]recordFunc{softmaxSums256, softmaxSums512}
	softmaxGradTable = [2]recordFunc{softmaxGrad256, softmaxGrad512}
)

// pool runs the assembly or its twin over windows.
func (p Path) pool(table *[2]recordFunc, twin func(*Window), w *Window) {
	switch {
	case w.Cols <= 0 || w.KW <= 0 || w.KH <= 0:
	case p == Go:
		twin(w)
	default:
		table[p-AVX2]((*byte)(unsafe.Pointer(w)))
	}
}

func (p Path) maxPool(w *Window) { p.pool(&maxPoolTable, maxPoolGo, w) }

func (p Path) avgPool(w *Window) { p.pool(&avgPoolTable, avgPoolGo, w) }

func (p Path) maxPoolGrad(w *Window) { p.pool(&maxPoolGradTable, maxPoolGradGo, w) }

func (p Path) avgPoolGrad(w *Window) { p.pool(&avgPoolGradTable, avgPoolGradGo, w) }

// softmax runs the assembly or its twin over a row.
func (p Path) softmax(table *[2]recordFunc, twin func(*Softmax), s *Softmax) {
	if p == Go || s.Planes <= 0 {
		twin(s)
		return
	}
	table[p-AVX2]((*byte)(unsafe.Pointer(s)))
}

func (p Path) softmaxMax(s *Softmax) { p.softmax(&softmaxMaxTable, softmaxMaxGo, s) }

func (p Path) softmaxSums(s *Softmax) { p.softmax(&softmaxSumsTable, softmaxSumsGo, s) }

func (p Path) softmaxGrad(s *Softmax) { p.softmax(&softmaxGradTable, softmaxGradGo, s) }
