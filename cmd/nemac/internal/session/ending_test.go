package session

import (
	"context"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
)

// TestEnding: the last flows of a meter that is told to end are collected at once, and
// once only; started again, it is set up at once.
func TestEnding(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	const yes, no = 1, 2
	b.m.SetScalar(mib.ObjNtmEnding, no)
	down := 0
	b.live(t, event{noon.Add(7 * time.Minute), func() { b.m.SetScalar(mib.ObjNtmEnding, yes) }},
		event{noon.Add(7*time.Minute + 20*time.Second), func() {
			down = strings.Count(b.log.String(), "downloaded")
			b.restart()
			b.m.SetScalar(mib.ObjNtmEnding, no)
		}},
		event{noon.Add(7*time.Minute + 32*time.Second), func() { // a busy machine may make a look too late
			if n := strings.Count(b.log.String(), "downloaded"); n != down+1 {
				t.Errorf("%d downloads 12 s after the new start, want %d", n, down+1)
			}
		}})
	all := strings.Join(b.out.blocks, "\n")
	if len(b.out.blocks) != 5 || !strings.HasPrefix(b.out.blocks[2], "3: 30899-43") || !strings.HasPrefix(b.out.blocks[3], "4: 1-") {
		t.Errorf("collections:\n%s", all)
	}
	if !strings.Contains(all, "was started again after 12:07:") {
		t.Errorf("it was seen last by a keepalive:\n%s", all)
	}
	if strings.Contains(b.log.String(), "cannot be read") || strings.Count(b.log.String(), "about to end") != 1 {
		t.Error(b.log)
	}
}

// TestLooksAtSilence: what does not answer a look is left to the keepalives.
func TestLooksAtSilence(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.m.SetScalar(mib.ObjNtmEnding, 2)
	dead := false
	dial := b.cfg.Dial
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		c, err := dial(ctx)
		cut := b.link.Cut
		b.link.Cut = func(to bool, m []byte) bool { return cut(to, m) || dead }
		return c, err
	}
	b.live(t, event{noon.Add(2*time.Minute + 5*time.Second), func() { dead = true }},
		event{noon.Add(2*time.Minute + 50*time.Second), func() { dead = false }})
	b.want(t, "1: 1-1000", "2: 999-30900", "3: 30899-60900", "4: 60899-90900")
	if strings.Contains(b.log.String(), "level=ERROR") {
		t.Error(b.log)
	}
}
