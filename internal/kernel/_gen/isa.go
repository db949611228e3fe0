package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is one vector width. AVX-512 holds a whole block of 16 channels in a register and has
// registers to spare for parameters; AVX2 works on half a block and takes parameters from memory.
type isa struct {
	bits  int
	bytes int
}

var (
	avx512 = isa{512, 64}
	avx2   = isa{256, 32}
)

func (s isa) vec() reg.VecVirtual {
	if s.bits == 512 {
		return ZMM()
	}
	return YMM()
}

func (s isa) zero() reg.VecVirtual {
	r := s.vec()
	VXORPS(r, r, r)
	return r
}

func (s isa) load(m Mem) reg.VecVirtual {
	r := s.vec()
	VMOVUPS(m, r)
	return r
}

// value is a parameter or constant as an operand: a register with AVX-512, else memory.
func (s isa) value(m Mem) Op {
	if s.bits == 512 {
		return s.load(m)
	}
	return m
}

// constants is the table of vectors of one repeated number.
type constants struct {
	mem Mem
	at  map[float32]int
}

func newConstants(name string, values ...float64) *constants {
	c := &constants{mem: GLOBL(name, RODATA|NOPTR), at: map[float32]int{}}
	for i, v := range values {
		for j := range 16 {
			DATA(i*64+j*4, U32(math.Float32bits(float32(v))))
		}
		c.at[float32(v)] = i * 64
	}
	return c
}

func (c *constants) vec(v float64) Mem {
	off, ok := c.at[float32(v)]
	if !ok {
		panic(fmt.Sprintf("no constant %v", v))
	}
	return c.mem.Offset(off)
}

// keepWhere zeroes g where not lo < z (and, if hi is given, z < hi).
func (s isa) keepWhere(g, z reg.VecVirtual, lo, hi Op) {
	if s.bits == 512 {
		k := K()
		VCMPPS(U8(14), lo, z, k) // z > lo
		if hi != nil {
			VCMPPS(U8(1), hi, z, k, k) // and z < hi
		}
		VMOVAPS_Z(g, k, g)
		return
	}
	m := YMM()
	VCMPPS(U8(14), lo, z, m)
	VANDPS(m, g, g)
	if hi != nil {
		VCMPPS(U8(1), hi, z, m)
		VANDPS(m, g, g)
	}
}
