package kernel

import (
	"runtime"
	"sync/atomic"
)

// gate is where one goroutine waits for what another one does.
type gate struct {
	asleep atomic.Bool
	open   chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{}, 1)} }

// A goroutine that waits looks again for some hundred microseconds before it sleeps: twice what
// waking it costs, and longer than most pauses between two operations of a training step and most
// waits for the last chunk of one. In between it lets other goroutines run, so that helpers without
// work do not keep anyone from working.
const (
	spinTurns = 32
	spinLooks = 1 << 11
)

// wait returns when ready does, which must hold from some point on or until the next wake.
func (g *gate) wait(ready func() bool) {
	for range spinTurns {
		for range spinLooks {
			if ready() {
				return
			}
		}
		runtime.Gosched()
	}
	for !ready() {
		g.asleep.Store(true)
		// Whoever made it ready before seeing the flag did not send.
		if ready() && g.asleep.CompareAndSwap(true, false) {
			return
		}
		<-g.open
	}
}

// wake ends the sleep of a goroutine whose wait is over.
func (g *gate) wake() {
	if g.asleep.Load() && g.asleep.CompareAndSwap(true, false) {
		g.open <- struct{}{}
	}
}
