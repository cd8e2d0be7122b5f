package live

import (
	"strings"
	"testing"
	"time"

	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// TestRenamed: an interface that got another name is the same one, until another
// has its name.
func TestRenamed(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	var told []Event
	s := open(t, Options{Interfaces: []string{"a0"}, Tell: func(e Event) { told = append(told, e) }})
	netns.IP(t, "link set a0 name old0")
	send(t, netns.NewSender(t, "b0"), frames(t, 20))
	readAll(t, s, 20)
	netns.IP(t, "link set old0 down")
	until(t, s, &told, Down)
	netns.Pair(t, "a0", "c0")
	until(t, s, &told, Gone, Back, Up)
	send(t, netns.NewSender(t, "c0"), frames(t, 30))
	readAll(t, s, 30)
	if i := s.Interfaces()[0]; i.Packets != 50 {
		t.Errorf("%+v", i)
	}
}

// until reads, and sees no frame, until something has been told.
func until(t *testing.T, s *Source, told *[]Event, kinds ...EventKind) {
	t.Helper()
	var b wire.Batch
	defer b.Release()
	for end := time.Now().Add(patience); len(*told) < len(kinds); {
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
		if len(b.Frames) > 0 {
			t.Fatalf("%d frames", len(b.Frames))
		}
		if time.Now().After(end) {
			break
		}
	}
	for i, e := range *told {
		if i >= len(kinds) || e.Kind != kinds[i] {
			t.Fatalf("told %v, want %v", *told, kinds)
		}
	}
	if len(*told) < len(kinds) {
		t.Fatalf("told %v, want %v", *told, kinds)
	}
	*told = nil
}

// TestInterfacesComeAndGo: one that goes down and up, is renamed, vanishes and comes
// back is read on under its number.
func TestInterfacesComeAndGo(t *testing.T) {
	for _, rings := range []int{1, 2} {
		t.Run([]string{"", "one ring", "two rings"}[rings], func(t *testing.T) {
			netns.Enter(t)
			netns.Pair(t, "a0", "b0")
			var told []Event
			s := open(t, Options{Interfaces: []string{"a0"}, Rings: rings, Tell: func(e Event) { told = append(told, e) }})
			all := frames(t, 100)
			sent := 0
			pass := func() {
				t.Helper()
				send(t, netns.NewSender(t, "b0"), all)
				sent += len(all)
				for _, f := range readAll(t, s, len(all)) {
					if f.Interface != 1 {
						t.Fatalf("a frame of interface %d", f.Interface)
					}
				}
			}
			pass()
			netns.IP(t, "link set a0 down")
			until(t, s, &told, Down)
			if s.Interfaces()[0].Up {
				t.Error("it is up")
			}
			netns.IP(t, "link set a0 up")
			until(t, s, &told, Up)
			pass()

			netns.IP(t, "link set b0 down") // a0 has no carrier
			until(t, s, &told, Down)
			netns.IP(t, "link set b0 up")
			until(t, s, &told, Up)
			pass()

			was := s.Interfaces()[0].IfIndex
			send(t, netns.NewSender(t, "b0"), all) // which must not be lost with the interface
			sent += len(all)
			netns.IP(t, "link del a0")
			readAll(t, s, len(all))
			until(t, s, &told, Gone)
			if i := s.Interfaces()[0]; i.Present || i.Up {
				t.Errorf("gone: %+v", i)
			}
			netns.Pair(t, "x0", "y0") // another ifIndex
			netns.Pair(t, "a0", "b0")
			until(t, s, &told, Back, Up)
			if i := s.Interfaces()[0]; i.IfIndex == was || !i.Up || !i.Present {
				t.Errorf("back with ifIndex %d: %+v", was, i)
			}
			pass()
			if i := s.Interfaces()[0]; i.Packets != uint64(sent) || i.Dropped != 0 {
				t.Errorf("%d sent: %+v", sent, i)
			}
		})
	}
}

// TestDownAtFirst: an interface that is down is waited for.
func TestDownAtFirst(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	netns.IP(t, "link set a0 down")
	var told []Event
	s := open(t, Options{Interfaces: []string{"a0"}, Rings: 2, Tell: func(e Event) { told = append(told, e) }})
	until(t, s, &told, Down)
	netns.IP(t, "link set a0 up")
	until(t, s, &told, Up)
	send(t, netns.NewSender(t, "b0"), frames(t, 10))
	readAll(t, s, 10)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "uplink0", "b0")
	for _, row := range []struct {
		opt  Options
		want string
	}{
		{Options{}, "no interface"},
		{Options{Interfaces: []string{"uplinkO"}}, `interface "uplinkO": there is none of that name (did you mean uplink0?); there are: b0, lo, uplink0, and any for all`},
		{Options{Interfaces: []string{"b0", "b0"}}, "b0 is given twice"},
		{Options{Interfaces: []string{"any", "b0"}}, "interface any is all"},
		{Options{Interfaces: []string{"b0"}, BlockOctets: 5000}, "power of two"},
		{Options{Interfaces: []string{"b0"}, RingOctets: 5000}, "16 blocks"},
		{Options{Interfaces: []string{"b0"}, Rings: 65}, "at most 64"},
		{Options{Interfaces: make([]string, 256)}, "given twice"},
	} {
		if _, err := Open(row.opt); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: %v, want %q", row.opt, err, row.want)
		}
	}
}
