package control

import (
	"fmt"
	"testing"
	"time"

	"netramet/meter"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

var wall0 = time.Unix(1_000_000_000, 0)

// newMeter makes a meter that holds no frame back.
func newMeter() *Meter { return New(meter.Config{MaxGap: meter.AnyGap}, Config{}) }

// change makes one Change of a meter and returns its error.
func change(t testing.TB, m *Meter, wall time.Time, f func(c *Change)) error {
	t.Helper()
	return m.Update(func(s *Tables) error {
		c := s.Begin("", wall)
		f(c)
		if err := c.Check(); err != nil {
			return err
		}
		c.Commit()
		return nil
	})
}

func update(t testing.TB, m *Meter, f func(*Tables) error) {
	t.Helper()
	if err := m.Update(f); err != nil {
		t.Fatal(err)
	}
}

// grant fails the test if something is refused.
func grant(t testing.TB) func(Refusal) {
	return func(r Refusal) {
		t.Helper()
		if r != Granted {
			t.Fatalf("refused: %v", r)
		}
	}
}

// packet is a TCP packet from host to host at time d.
func packet(t testing.TB, from, to string, d time.Duration) wire.Frame {
	t.Helper()
	return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: from, Dst: to},
		sourcetest.TCP{Src: 1, Dst: 2}, sourcetest.At(d))
}

func feed(t testing.TB, m *Meter, frames ...wire.Frame) {
	t.Helper()
	for b := (wire.Batch{Frames: frames}); m.Feed(&b) == meter.IntervalEnd; {
		continue
	}
}

// hosts feeds one packet of each of n hosts from first on, at time d.
func hosts(t testing.TB, m *Meter, first, n int, d time.Duration) {
	t.Helper()
	for i := first; i < first+n; i++ {
		feed(t, m, packet(t, fmt.Sprintf("10.0.%d.%d", i>>8, i&255), "192.0.2.1", d))
	}
}
