package kernel

import "sync/atomic"

// shares are the chunks of a task, dealt out.
type shares []dealt

// dealt is a goroutine's share of chunks, on a cache line of its own. Its upper half is the end of
// the share and its lower half its beginning: the owner takes chunks from the front, others from
// the back.
type dealt struct {
	left atomic.Uint64
	_    [56]byte
}

// first takes the first chunk.
func (d *dealt) first() (chunk int, ok bool) {
	for {
		t := d.left.Load()
		begin, end := uint32(t), uint32(t>>32)
		if begin >= end {
			return 0, false
		}
		if d.left.CompareAndSwap(t, t+1) {
			return int(begin), true
		}
	}
}

// last takes the last chunk.
func (d *dealt) last() (chunk int, ok bool) {
	for {
		t := d.left.Load()
		begin, end := uint32(t), uint32(t>>32)
		if begin >= end {
			return 0, false
		}
		if d.left.CompareAndSwap(t, t-1<<32) {
			return int(end) - 1, true
		}
	}
}
