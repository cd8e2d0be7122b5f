package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib/ber"
)

func TestSet(t *testing.T) {
	create := []Bind{bind("~.2.1.5", 4), bind("~.2.2.5", 50), bind("~.2.3.5", "five")}
	for _, tt := range []struct {
		name   string
		who    string
		binds  []Bind
		want   string // v2c: status and index
		v1     string
		events string // of the last Set
	}{
		{"create a row", "writer", create, "noError 0", "noError 0",
			"A test 1.5;A test 2.5;A test 3.5;A check;A commit"},
		{"columns before the status", "writer", []Bind{create[2], create[1], create[0]}, "noError 0", "noError 0",
			"A test 3.5;A test 2.5;A test 1.5;A check;A commit"},
		{"two tables", "writer", []Bind{create[0], bind("~.3.1.1", 4), create[1], bind("~.3.2.1", 1)}, "noError 0", "noError 0",
			"A test 1.5;B test 1.1;A test 2.5;B test 2.1;A check;B check;A commit;B commit"},
		{"nothing", "writer", nil, "noError 0", "noError 0", ""},
		{"row incomplete", "writer", []Bind{create[2], create[0]}, "inconsistentValue 2", "badValue 2",
			"A test 3.5;A test 1.5;A check;A abort"},
		{"second table fails", "writer", []Bind{create[0], create[1], bind("~.3.1.1", 4)}, "inconsistentValue 3", "badValue 3",
			"A test 1.5;A test 2.5;B test 1.1;A check;B check;A abort;B abort"},
		{"third binding fails", "writer", []Bind{create[0], create[1], bind("~.2.3.5", 3)}, "wrongType 3", "badValue 3",
			"A test 1.5;A test 2.5;A test 3.5;A abort"},
		{"no row", "writer", []Bind{bind("~.2.2.8", 1)}, "inconsistentName 1", "noSuchName 1", "A test 2.8;A abort"},
		{"wrongLength", "writer", append(create[:2:2], bind("~.2.3.5", "ninechars")), "wrongLength 3", "badValue 3", "*"},
		{"wrongValue", "writer", []Bind{create[0], bind("~.2.2.5", 101)}, "wrongValue 2", "badValue 2", "*"},
		{"resourceUnavailable", "writer", []Bind{create[0], bind("~.2.2.5", 99)}, "resourceUnavailable 2", "genErr 2", "*"},
		{"read-only column", "writer", append(create[:2:2], bind("~.2.4.5", 1)), "notWritable 3", "noSuchName 3", "*"},
		{"noCreation", "writer", []Bind{bind("~.2.1.0", 4)}, "noCreation 1", "noSuchName 1", "*"},
		{"read-only table", "writer", []Bind{create[0], bind("~.1.1.1", 4)}, "notWritable 2", "noSuchName 2", ""},
		{"no table", "writer", []Bind{bind("~.70.1", 4)}, "notWritable 1", "noSuchName 1", ""},
		{"read-only scalar", "writer", []Bind{bind("1.3.6.1.2.1.1.1.0", "x")}, "notWritable 1", "noSuchName 1", ""},
		{"no such scalar", "writer", []Bind{bind("1.3.6.1.2.1.1.99.0", "x")}, "notWritable 1", "noSuchName 1", ""},
		{"no such scalar instance", "writer", []Bind{bind("1.3.6.1.2.1.1.5.1", "x")}, "noCreation 1", "noSuchName 1", ""},
		{"wrong type of a scalar", "writer", []Bind{bind("1.3.6.1.2.1.1.5.0", 1)}, "wrongType 1", "badValue 1", ""},
		{"long scalar", "writer", []Bind{bind("1.3.6.1.2.1.1.5.0", strings.Repeat("x", 256))}, "wrongLength 1", "badValue 1", ""},
		{"scalar not ASCII", "writer", []Bind{bind("1.3.6.1.2.1.1.5.0", "\xff")}, "wrongValue 1", "badValue 1", ""},
		{"bad truth", "writer", []Bind{bind("1.3.6.1.2.1.11.30.0", 3)}, "wrongValue 1", "badValue 1", ""},
		{"null", "writer", []Bind{bind("~.2.1.5")}, "wrongType 1", "badValue 1", "*"},
		{"only a reader", "reader", create, "authorizationError 0", "noSuchName 0", ""},
		{"outside the view", "limited", create, "noAccess 1", "noSuchName 1", ""},
		{"partly outside the view", "limited", []Bind{bind("~.2.2.5", 1), bind("~.2.1.5", 4)}, "noAccess 2", "noSuchName 2", ""},
		{"wrong community", "nobody", create, "silence", "silence", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, v := range []Version{V2c, V1} {
				w := newWorld(t)
				got := w.ask(t, v, tt.who, request{tag: ber.SetRequest, id: 9, binds: tt.binds})
				status := "silence"
				if got != nil {
					status = fmt.Sprintf("%v %d", Status(got.a), got.b)
					if len(got.binds) != len(tt.binds) {
						t.Errorf("%d bindings came back", len(got.binds))
					}
				}
				if want := map[Version]string{V1: tt.v1, V2c: tt.want}[v]; status != want {
					t.Errorf("version %d: %s, want %s", v, status, want)
				}
				events := strings.Join(w.events, ";")
				if tt.events != "*" && events != tt.events {
					t.Errorf("events %s\nwant   %s", events, tt.events)
				}
				if done := strings.HasPrefix(tt.want, "noError"); !done && (len(w.rows.rows)+len(w.rows2.rows) != 0 || strings.Contains(events, "commit")) {
					t.Error("a failed Set left something behind")
				} else if done && len(tt.binds) > 0 && (w.rows.rows[5] == nil || w.rows.rows[5].num != 50) {
					t.Errorf("rows %v", w.rows.rows)
				}
			}
		})
	}
}

func TestSetScalars(t *testing.T) {
	w := newWorld(t)
	set := func(id int32, b ...Bind) string {
		return w.ask(t, V2c, "writer", request{tag: ber.SetRequest, id: id, binds: b}).String()
	}
	if got := set(1, bind("1.3.6.1.2.1.1.4.0", "me"), bind("1.3.6.1.2.1.1.6.0", "here"), bind("1.3.6.1.2.1.11.30.0", 1)); strings.Contains(got, "1:") {
		t.Error(got)
	}
	got := w.ask(t, V2c, "reader", request{tag: ber.GetRequest, binds: binds("1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.11.30.0")})
	if want := `1.3.6.1.2.1.1.4.0 = "me", 1.3.6.1.2.1.1.6.0 = "here", 1.3.6.1.2.1.11.30.0 = 1`; got.String() != want {
		t.Errorf("got %v", got)
	}
	// TestAndIncr.
	serial := "1.3.6.1.6.3.1.1.6.1.0"
	for i, want := range []string{serial + " = 0", "inconsistentValue 1: " + serial + " = 0"} {
		if got := set(int32(10+i), bind(serial, 0)); got != want {
			t.Errorf("serial number, Set %d: %s", i, got)
		}
	}
	w.system.setSerial = 1<<31 - 1
	if got := set(20, bind(serial, 1<<31-1)); w.system.setSerial != 0 {
		t.Errorf("serial number does not wrap: %d, %s", w.system.setSerial, got)
	}
}

// An answer that would not fit must not have happened.
func TestSetTooBig(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxMessage = MinMessage })
	var all []Bind
	for i := range 40 {
		all = append(all, bind(fmt.Sprintf("~.2.1.%d", i+1), 4), bind(fmt.Sprintf("~.2.2.%d", i+1), 1))
	}
	if got := w.ask(t, V2c, "writer", request{tag: ber.SetRequest, binds: all}); got.String() != "tooBig 0: " {
		t.Errorf("got %v", got)
	}
	if len(w.rows.rows) != 0 || len(w.events) != 0 {
		t.Error("something was done")
	}
}

// A Set whose answer was lost is answered again and not done again.
func TestSetRepeated(t *testing.T) {
	set := request{tag: ber.SetRequest, id: 42, binds: []Bind{bind("~.2.1.5", 4), bind("~.2.2.5", 7)}}
	msg := datagram(V2c, "writer", set)
	for _, tt := range []struct {
		name string
		msg  []byte
		from netip.AddrPort
		wait time.Duration
		done bool // a second time
	}{
		{"same", msg, here, time.Second, false},
		{"after 30 s", msg, here, 30 * time.Second, false},
		{"after 31 s", msg, here, 31 * time.Second, true},
		{"before it", msg, here, -time.Second, true},
		{"other port", msg, netip.MustParseAddrPort("127.0.0.1:40001"), 0, true},
		{"other address", msg, netip.MustParseAddrPort("127.0.0.2:40000"), 0, true},
		{"other request-id", datagram(V2c, "writer", request{tag: ber.SetRequest, id: 43, binds: set.binds}), here, 0, true},
		{"other version", datagram(V1, "writer", set), here, 0, true},
		{"other value", datagram(V2c, "writer", request{tag: ber.SetRequest, id: 42,
			binds: []Bind{bind("~.2.1.5", 4), bind("~.2.2.5", 8)}}), here, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			first := slices.Clone(w.Handle(outBuf, msg, here, w.now))
			delete(w.rows.rows, 5) // or a second createAndGo would fail
			w.events = nil
			again := w.Handle(outBuf, tt.msg, tt.from, w.now.Add(tt.wait))
			if done := len(w.events) > 0; done != tt.done {
				t.Errorf("done again: %v", done)
			}
			if !tt.done && !slices.Equal(first, again) {
				t.Errorf("answers differ:\n%x\n%x", first, again)
			}
		})
	}

	t.Run("failures too", func(t *testing.T) {
		w := newWorld(t)
		bad := request{tag: ber.SetRequest, id: 42, binds: []Bind{bind("~.2.2.5", 7)}}
		for range 2 {
			if got := w.ask(t, V2c, "writer", bad); got.String() != "inconsistentName 1: ~.2.2.5 = 7" {
				t.Errorf("got %v", got)
			}
		}
		if len(w.events) != 2 {
			t.Errorf("events %v", w.events)
		}
	})
	t.Run("after another Set", func(t *testing.T) {
		w := newWorld(t)
		on := datagram(V2c, "writer", request{tag: ber.SetRequest, id: 1, binds: []Bind{bind("1.3.6.1.2.1.1.5.0", "on")}})
		off := datagram(V2c, "writer", request{tag: ber.SetRequest, id: 1, binds: []Bind{bind("1.3.6.1.2.1.1.5.0", "off")}})
		elsewhere := netip.MustParseAddrPort("127.0.0.1:40001")
		for i, step := range []struct {
			msg  []byte
			from netip.AddrPort
			want string
		}{
			{on, here, "on"}, {off, here, "off"}, {on, here, "on"}, {off, here, "off"},
			{on, elsewhere, "on"}, {off, here, "on"}, {on, here, "on"}, {off, here, "off"},
		} {
			w.Handle(outBuf, step.msg, step.from, w.now)
			if w.system.name != step.want {
				t.Errorf("step %d: %s, want %s", i, w.system.name, step.want)
			}
		}
	})
	t.Run("bounded", func(t *testing.T) {
		w := newWorld(t)
		ask := func(i int) {
			msg := datagram(V2c, "writer", request{tag: ber.SetRequest, binds: []Bind{bind("~.2.2.5", 7)}})
			w.Handle(outBuf, msg, netip.AddrPortFrom(here.Addr(), uint16(1000+i)), w.now)
		}
		for i := range 3 * setMemories {
			ask(i)
		}
		w.events = nil
		if ask(3*setMemories - 1); len(w.events) != 0 {
			t.Error("the newest Set is forgotten")
		}
		if ask(0); len(w.events) == 0 {
			t.Error("the oldest Set is remembered")
		}
	})
	t.Run("reload", func(t *testing.T) {
		w := newWorld(t)
		refused := datagram(V2c, "writer", request{tag: ber.SetRequest, id: 41, binds: []Bind{bind("~.2.2.5", 7)}})
		elsewhere := netip.MustParseAddrPort("127.0.0.1:40001")
		w.Handle(outBuf, refused, elsewhere, w.now)
		w.Handle(outBuf, msg, here, w.now)
		if err := w.SetAccess(&Access{communities: testAccess().communities}); err != nil {
			t.Fatal(err)
		}
		w.events = nil
		if w.Handle(outBuf, msg, here, w.now); len(w.events) != 0 {
			t.Error("a Set that was done is done again")
		}
		if w.Handle(outBuf, refused, elsewhere, w.now); len(w.events) == 0 {
			t.Error("a refusal is still remembered")
		}
	})
}
