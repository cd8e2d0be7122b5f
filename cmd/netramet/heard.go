package main

import (
	"sync/atomic"
	"time"
)

// lastHeard is when somebody who is let in asked something last. It goes by a clock that
// nobody sets: a step of the time of day is no silence. The zero value is never.
type lastHeard struct{ ns atomic.Int64 } // since heardFrom

// heardFrom is before anybody can be heard.
var heardFrom = time.Now()

// note notes that somebody is heard now.
func (h *lastHeard) note() { h.ns.Store(int64(time.Since(heardFrom))) }

// at is when that was, or a time before anybody could be heard.
func (h *lastHeard) at() time.Time { return heardFrom.Add(time.Duration(h.ns.Load())) }
