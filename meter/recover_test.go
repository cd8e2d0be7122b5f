package meter

import (
	"fmt"
	"testing"
	"time"
)

// TestTickInPieces: the work of a step over many grid points is done in pieces,
// and what guests change between two of them holds for the rest.
func TestTickInPieces(t *testing.T) {
	const n = 3 * stretch
	perHost := `save SourcePeerAddress; count;`
	m := newMeter(t, Config{Inactivity: time.Second}, perHost, perHost)
	hosts(t, m, 0, n, 0) // flows of both rule sets by turns
	guests := []func(s *Engine) error{
		nil,
		func(s *Engine) error { // its other flows are hidden from now on
			if err := stop(s, 3); err != nil {
				return err
			}
			s.Drop(3)
			return nil
		},
		func(s *Engine) error { return collect(s, 0) },
	}
	left := []uint64{n - stretch/2, n - stretch, n - 3*stretch/2}
	tk := tick{now: 1000, recover: 2 * n, free: 2 * n} // streams go first, in pieces of their own
	pieces := 0
	for {
		before := m.flows.inUse
		done := m.work(&tk)
		if freed := before - m.flows.inUse; freed > stretch {
			t.Fatalf("piece %d frees %d flows", pieces, freed)
		}
		if pieces < len(guests) {
			c := m.ruleSets[2].counts
			if c.Flows != left[pieces] || done {
				t.Errorf("piece %d leaves %d flows of rule set 2, want %d; done %v", pieces, c.Flows, left[pieces], done)
			}
			if f := guests[pieces]; f != nil {
				update(t, m, f)
			}
		}
		if pieces++; done {
			break
		}
	}
	// The third piece left hidden flows of rule set 3 alone; from the reader on
	// nothing is recovered.
	if c := m.ruleSets[2].counts; c.Flows != left[2] || c.Recovered != n-left[2] {
		t.Errorf("%+v", c)
	}
	if m.allHidden != 0 || m.flowsInUse() != int(left[2]) {
		t.Errorf("%d hidden flows, %d others after %d pieces", m.allHidden, m.flowsInUse(), pieces)
	}
}

// TestFreedFlowsTakeNoMemory: freeing flows and using their slots and keys
// again allocates nothing, so no packet and no tick pays for a list's growth.
func TestFreedFlowsTakeNoMemory(t *testing.T) {
	const n = 5000
	var table flowTable
	table.init(n, 1)
	now := Uptime(1)
	key := func(i, size int) []byte {
		k := make([]byte, size)
		copy(k, fmt.Sprintf("\x02%d", i))
		return k
	}
	var keys [n][]byte
	for i := range keys {
		keys[i] = key(i, 10+i%2*shortKey)
		if slot, ok := table.create(uint32(i)*7919, keys[i], 0, now, now); !ok || slot != uint32(i) {
			t.Fatalf("flow %d: slot %d, %v", i, slot, ok)
		}
	}
	memory := table.memory()
	allocs := testing.AllocsPerRun(2, func() {
		for i := range keys {
			slot, ok := table.find(uint32(i)*7919, keys[i])
			if !ok {
				t.Fatalf("flow %d is lost", i)
			}
			table.remove(slot, now)
		}
		if _, ok := table.takeFree(now); ok {
			t.Fatal("a slot is free in the centisecond of its freeing")
		}
		now++
		for i := range keys {
			if slot, ok := table.create(uint32(i)*7919, keys[i], 0, now, now); !ok || slot != uint32(i) {
				t.Fatalf("flow %d: slot %d, %v", i, slot, ok)
			}
		}
	})
	if allocs != 0 || table.memory() != memory || table.free != (freeSlots{}) {
		t.Errorf("%v allocations, %d octets, %d before; free %+v", allocs, table.memory(), memory, table.free)
	}
}
